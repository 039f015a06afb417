"""Levels, the frontier of hits and revenue, and the figures on a period not learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from clearway.risk import calibration
from clearway.risk.card import Metric, Mix, ModelCard
from clearway.risk.evaluate import calibration_error, measure
from clearway.risk.features import COLUMN
from clearway.risk.learning.material import Floats, Material
from clearway.risk.scale import Scale

# Fine steps at the top, where capacity lies: 3 of 100, not half of all.
GRID = (*np.linspace(0.0, 0.9, 91).tolist(), *(1.0 - np.geomspace(0.09, 0.0002, 60)).tolist(), 1.0)
# The weights of revenue from which an administration picks.
MIXES = tuple(round(step / 10, 1) for step in range(11))

LIMITS = (
    "All figures are about examined items of the last period; how they were chosen limits what the"
    " figures say of the others.",
    "The probability is that an examination would find something, not that there is something.",
    "The sealed model has learnt from the last period too; the one measured had not.",
    "A fraud that nobody was ever found at is not in the results, and the model cannot know it.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What models that have not seen the last period say of every recent row.

    Args:
        probability: raw.
        revenue: what the revenue's trees say; None without trees.
        weights: of the results.
    """

    probability: Floats
    revenue: Floats | None
    weights: Floats


def levelled(card: ModelCard, material: Material, said: Said) -> ModelCard:
    """Return the card with the levels of recent items and declarations, and its frontier.

    Levels are those of all recent goods, examined or not.
    """
    card, expected = _ranked(card, material, said)
    mixes = tuple(_mix(replace(card, revenue_weight=w), material, said, expected) for w in MIXES)
    own = _mix(card, material, said, expected)
    return replace(card, frontier=mixes, score_levels=own.score_levels)


def _ranked(card: ModelCard, material: Material, said: Said) -> tuple[ModelCard, Floats]:
    """Return the card with the levels of recent items, and the expected revenue of every row."""
    recent = material.recent
    expected = Scale(card).expected(said.probability, said.revenue, material.matrix)
    levels = _levels(said.probability[recent]), _levels(expected[recent])
    return replace(card, probability_levels=levels[0], revenue_levels=levels[1]), expected


def _mix(card: ModelCard, material: Material, said: Said, expected: Floats) -> Mix:
    last, recent = material.last, material.recent
    weights = Scale(card).blend(said.probability[recent], expected[recent])
    figures = measure(
        "blend", weights[last[recent]], material.illicit[last], material.revenue[last]
    )
    kept = _storable(each for each in figures if each.name[:2] in ("P@", "V@"))
    declaration, place = np.unique(material.declaration[recent], return_inverse=True)
    heaviest = np.zeros(len(declaration))
    np.maximum.at(heaviest, place, weights)
    return Mix(card.revenue_weight, _levels(heaviest), kept)


def _storable(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return figures as a card can keep them: JSON has no NaN, which a share of nothing is.

    Where no revenue was told at all, each ranking found none of it.
    """
    return tuple(replace(one, value=0.0) if isnan(one.value) else one for one in metrics)


def _levels(numbers: Floats) -> tuple[float, ...]:
    return tuple(np.quantile(numbers, GRID).tolist())


def measured(card: ModelCard, material: Material, said: Said) -> ModelCard:
    """Return the card with the figures of the last period, ours and of simple peers."""
    last = material.last
    illicit, revenue = material.illicit[last], material.revenue[last]
    probability = said.probability[last]
    scale = Scale(card)
    expected = scale.expected(said.probability, said.revenue, material.matrix)[last]
    importer = np.nan_to_num(material.matrix[last, COLUMN["importer_rate"]], nan=0.0)
    rankings = {
        "model": probability,
        "revenue": expected,
        "blend": scale.blend(probability, expected),
        "price": material.value[last],
        "importer": importer,
    }
    metrics: list[Metric] = []
    for of, scores in rankings.items():
        metrics += measure(of, scores, illicit, revenue)
    calibrated, weights = scale.calibrated(probability), said.weights[last]
    metrics.append(Metric("model", "ECE", calibration_error(calibrated, illicit, weights)))
    return replace(
        card,
        metrics=_storable(metrics),
        reliability=calibration.reliability(calibrated, illicit, weights),
        limits=LIMITS,
    )


def recalibrated(card: ModelCard, material: Material, said: Said) -> ModelCard:
    """Return the card calibrated on the last period too, which is the nearest to what comes.

    Levels follow the calibration; the figures stay those of the calibration that was measured.
    """
    later = material.stop | material.last
    points = calibration.fit(said.probability[later], material.illicit[later], said.weights[later])
    anew = levelled(replace(card, calibration=points), material, said)
    pairs = zip(anew.frontier, card.frontier, strict=True)
    return replace(anew, frontier=tuple(replace(new, metrics=old.metrics) for new, old in pairs))
