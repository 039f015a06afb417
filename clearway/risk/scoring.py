"""Scoring: from the features of a declaration's items to one score, a probability and a revenue.

    item: features -> probability (LightGBM), expected revenue (LightGBM Tweedie)
    both become ranks among recent items; the blend of the ranks is the item's weight
    declaration: the weightiest item, ranked among recent declarations -> score, 0 to 1

The score says how many of recent declarations are less risky, so a capacity translates into a
threshold by itself: who can open 3 of 100 begins at 0.97. The probability is calibrated and is
what is shown; it does not rank, since calibration ties neighbours together.

Pure: what is on disk is read by `formats.artefact`. Without a model there is a scorer too: it
scores nothing and says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.errors import VerificationError
from clearway.ledger.fact import encode
from clearway.risk import snapshot
from clearway.risk.card import ModelCard
from clearway.risk.features import COLUMN, NAMES, compute
from clearway.risk.history import Trace, day_of
from clearway.risk.model import Past
from clearway.risk.snapshot import Snapshot

Floats: TypeAlias = npt.NDArray[np.float64]

FORMAT = "clearway-risk-model/1"

# A power mean of ranks: near the top either rank alone lifts an item.
_POWER = 4.0


@dataclass(frozen=True, slots=True)
class Artefact:
    """A trained model, whole.

    Args:
        card: what is to be known of it.
        model: LightGBM text of the probability of an item.
        revenue: LightGBM text of the expected revenue of an item; "" without enough revenue.
        snapshot: pasts of all keys up to the cut-off.
    """

    card: ModelCard
    model: str
    revenue: str
    snapshot: Snapshot


def seal(card: ModelCard, model: str, revenue: str, past: Snapshot) -> Artefact:
    """Return the artefact with the hashes of its parts and the id made from them."""
    files = _hashes(model, revenue, past)
    bare = replace(card, files=files, id="")
    return Artefact(replace(bare, id=_id_of(bare)), model, revenue, past)


def verify(artefact: Artefact) -> None:
    """Check that every part is the one that the card names.

    Raises: VerificationError: a hash, the id, the form or the list of features differs.
    """
    card = artefact.card
    if card.format != FORMAT:
        raise VerificationError(f"The model has the form {card.format!r}; this node reads {FORMAT}")
    if card.features != NAMES:
        raise VerificationError(
            f"The model {card.id} was trained on other features than this version computes;"
            " train it again"
        )
    found = dict(_hashes(artefact.model, artefact.revenue, artefact.snapshot))
    for name, expected in card.files:
        if found.get(name) != expected:
            raise VerificationError(
                f"{name} of the model {card.id} is not the one it was sealed with"
                f" (SHA-256 {found.get(name)}, expected {expected}); copy or train it again"
            )
    if card.id != _id_of(replace(card, id="")):
        raise VerificationError(f"The card of the model {card.id} was changed after it was sealed")


def _hashes(model: str, revenue: str, past: Snapshot) -> tuple[tuple[str, str], ...]:
    parts = {
        "model.txt": model.encode(),
        "revenue.txt": revenue.encode(),
        "snapshot.npy": np.ascontiguousarray(past.matrix, dtype="<i8").tobytes(),
    }
    return tuple((name, hashlib.sha256(data).hexdigest()) for name, data in parts.items())


def _id_of(card: ModelCard) -> str:
    return f"lgb-{hashlib.sha256(encode(card)).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model says of one declaration.

    Args:
        score: 0 to 1, rank among recent declarations.
        probability: calibrated, of the weightiest item.
        expected_revenue: of all items together.
        weightiest: place of the item that decided, from 0.
        matrix: features, shape (items, features).
        features: SHA-256 of `matrix`.
    """

    score: float
    probability: float
    expected_revenue: float
    weightiest: int
    matrix: Floats
    features: str


class Scale:
    """Turns what the trees say into ranks, probabilities and revenue, by the card of the model.

    Holds the card's numbers as arrays: making them anew costs more than the trees do.
    """

    __slots__ = ("_calibrated", "_card", "_grid", "_probability", "_raw", "_revenue", "_score")

    def __init__(self, card: ModelCard) -> None:
        self._card = card
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
        mixed = (likely**_POWER + weight * costly**_POWER) / (1.0 + weight)
        return np.asarray(mixed ** (1.0 / _POWER))

    def score(self, weights: Floats) -> Floats:
        """Return the rank among recent declarations of weights of declarations."""
        return np.asarray(np.interp(weights, self._score, self._grid))

    def calibrated(self, probability: Floats) -> Floats:
        """Return calibrated probabilities of raw ones."""
        return np.asarray(np.interp(probability, self._raw, self._calibrated))

    def duty_at_stake(self, probability: Floats, matrix: Floats) -> Floats:
        """Return probability times duty due times the share usually lost: revenue without trees."""
        duty = np.expm1(np.nan_to_num(matrix[:, COLUMN["duty_log"]], nan=0.0))
        return np.asarray(self.calibrated(probability) * duty * self._card.loss_share)


class Scorer:
    """Scores declarations with one artefact, or with none.

    Args:
        artefact: verified; None: rules only.
        absence: why there is no model, for officers.
    """

    __slots__ = ("_model", "_revenue", "_scale", "absence", "card", "cut_off_day", "snapshot")

    def __init__(self, artefact: Artefact | None, absence: str = "") -> None:
        self.card = None if artefact is None else artefact.card
        self.absence = absence
        self.snapshot = snapshot.empty() if artefact is None else artefact.snapshot
        self.cut_off_day = 0 if artefact is None else day_of(artefact.card.cut_off)
        self._scale = None if artefact is None else Scale(artefact.card)
        self._model = None if artefact is None else _booster(artefact.model)
        self._revenue = _booster(artefact.revenue) if artefact and artefact.revenue else None

    @property
    def model(self) -> str:
        """Id of the model; "" without one."""
        return "" if self.card is None else self.card.id

    def score(self, declaration: Sequence[Trace], pasts: Mapping[int, Past]) -> Scored:
        """Return the score of a declaration from its items and what is known of their keys."""
        rows = compute(declaration, pasts)
        matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
        if self._scale is None or not rows:
            return Scored(0.0, 0.0, 0.0, 0, matrix, "")
        probability, revenue = self.predict(matrix)
        weights = self._scale.blend(probability, revenue)
        place = int(np.argmax(weights))
        return Scored(
            score=float(self._scale.score(weights[place])),
            probability=float(self._scale.calibrated(probability[place])),
            expected_revenue=float(revenue.sum()),
            weightiest=place,
            matrix=matrix,
            features=digest(matrix),
        )

    def score_matrix(self, matrix: Floats) -> tuple[Floats, Floats, Floats]:
        """Return calibrated probability, expected revenue and score of each row of a batch.

        Args:
            matrix: features, shape (items, features). A declaration's score is that of its
                weightiest item, the maximum of its rows.

        Raises: VerificationError: there is no model.
        """
        probability, revenue = self.predict(matrix)
        if self._scale is None:
            raise VerificationError("There is no risk model to score with; activate one first")
        scores = self._scale.score(self._scale.blend(probability, revenue))
        return self._scale.calibrated(probability), revenue, scores

    def predict(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Return raw probability and expected revenue of each row of features."""
        if self._model is None or self._scale is None:
            raise VerificationError("There is no risk model to predict with; activate one first")
        # One thread: for a handful of rows the others would cost more than they bring.
        probability = np.asarray(self._model.predict(matrix, num_threads=1), dtype=np.float64)
        if self._revenue is None:
            return probability, self._scale.duty_at_stake(probability, matrix)
        return probability, np.asarray(self._revenue.predict(matrix, num_threads=1))

    def contributions(self, row: Floats) -> list[float]:
        """Return what each feature adds to the log-odds of one row (TreeSHAP); [] without model."""
        if self._model is None:
            return []
        added = self._model.predict(row.reshape(1, -1), pred_contrib=True, num_threads=1)
        return [float(each) for each in added[0][:-1]]


def rules_only(absence: str = "No risk model is active on this node.") -> Scorer:
    """Return the scorer of a node without a model: profiles and the draw decide alone."""
    return Scorer(None, absence)


def _booster(text: str) -> Any:
    import lightgbm  # heavy, and only a node with a model needs it

    return lightgbm.Booster(model_str=text)


def digest(matrix: Floats) -> str:
    """Return SHA-256 of the features as little-endian doubles, row by row."""
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype="<f8").tobytes()).hexdigest()
