"""Ranks, calibrated probabilities and revenue, from what a model says and its card."""

from __future__ import annotations

import numpy as np

from clearway.risk.card import ModelCard
from clearway.risk.estimators.trees import Floats
from clearway.risk.features import COLUMN

# A power mean of ranks: near the top either rank alone lifts an item.
_POWER = 4.0


class Scale:
    """Turns what the trees say into ranks, probabilities and revenue, by the card of the model.

    Holds the card's numbers as arrays: making them anew costs more than the trees do.
    """

    __slots__ = (
        "_calibrated",
        "_card",
        "_grid",
        "_is_hurdle",
        "_probability",
        "_raw",
        "_revenue",
        "_score",
    )

    def __init__(self, card: ModelCard) -> None:
        self._card = card
        self._is_hurdle = card.revenue_form == "hurdle"
        self._grid = np.array(card.grid)
        self._probability = np.array(card.probability_levels)
        self._revenue = np.array(card.revenue_levels)
        self._score = np.array(card.score_levels)
        self._raw = np.array([raw for raw, _ in card.calibration])
        self._calibrated = np.array([true for _, true in card.calibration])

    def blend(self, probability: Floats, revenue: Floats) -> Floats:
        """Return the weight of each item, 0 to 1: power mean of its two ranks."""
        likely = np.interp(probability, self._probability, self._grid)
        costly = np.interp(revenue, self._revenue, self._grid)
        weight = self._card.revenue_weight
        mixed = (1.0 - weight) * likely**_POWER + weight * costly**_POWER
        return np.asarray(mixed ** (1.0 / _POWER))

    def score(self, weights: Floats) -> Floats:
        """Return the rank among recent declarations of weights of declarations."""
        return np.asarray(np.interp(weights, self._score, self._grid))

    def calibrated(self, probability: Floats) -> Floats:
        """Return calibrated probabilities of raw ones."""
        return np.asarray(np.interp(probability, self._raw, self._calibrated))

    def expected(self, probability: Floats, model: Floats | None, matrix: Floats) -> Floats:
        """Return the revenue that an examination of each row would bring.

        Args:
            probability: raw, of each row.
            model: what the revenue's trees say; None without trees.
            matrix: features.
        """
        if model is None:
            return self._duty_at_stake(probability, matrix)
        return self.calibrated(probability) * model if self._is_hurdle else model

    def _duty_at_stake(self, probability: Floats, matrix: Floats) -> Floats:
        """Return probability times duty due times the share usually lost: revenue without trees."""
        duty = np.expm1(np.nan_to_num(matrix[:, COLUMN["duty_log"]], nan=0.0))
        return np.asarray(self.calibrated(probability) * duty * self._card.loss_share)


def tempered(said: Floats, temperature: float) -> Floats:
    """Return class probabilities with their log-odds divided, shape (rows, classes).

    Source: temperature scaling, Guo et al., On calibration of modern neural networks (2017).
    """
    powered = np.asarray(said).clip(1e-9, 1.0) ** (1.0 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))
