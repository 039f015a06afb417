"""Shares and sums with honest intervals, also where most answers are missing.

What was found is known; only what nobody looked at is estimated, so that no estimate lies below
what was found. A result that had the chance `c` to come stands for itself and for `(1 - c) / c`
others whose results did not (Horvitz and Thompson 1952, without the part that is seen), weighted so
that they add up to how many those are (Hajek 1971). Intervals are those of `offpolicy`: gamma.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt

from clearway.risk.backtest.model import Rate
from clearway.risk.intervals import CONFIDENCE, wilson
from clearway.risk.offpolicy import Estimate, WeightedSum

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def rate_of(count: int, of: int) -> Rate:
    """Return a share with Wilson's interval."""
    told = wilson(count, of)
    return Rate(of, count, told.value, told.low, told.high)


def is_covered(propensities: Floats, seen: Flags) -> Flags:
    """Return of which an estimate speaks: those with a result, and those with a known chance."""
    return seen | (propensities > 0.0)


def total_of(
    values: Floats,
    propensities: Floats,
    seen: Flags,
    *,
    sampled: float = 1.0,
    usual: float | None = None,
) -> Estimate | None:
    """Return the sum over all that are covered; None: no result had a known chance.

    Args:
        values: of those with a result, shape (n,); ignored elsewhere.
        propensities: probability of examination of each, shape (n,); NaN or <= 0: not known, so
            that its result stands for nothing but itself.
        seen: whether there is a result, shape (n,).
        sampled: share of the population that these are; each had the same chance to be among them.
        usual: what one more find would bring, where none was seen; None: values are 0 or 1.
    """
    chances = np.where(propensities > 0.0, np.minimum(propensities, 1.0), 0.0)
    if not (seen & (chances > 0.0)).any():
        return None
    known = float(values[seen].sum())
    largest = 1.0 if usual is None else float(max(values[seen].max(), 0.0)) or usual
    groups = (chances >= 1.0, (chances > 0.0) & (chances < 1.0))
    parts = [_unseen(values, chances, group, seen, sampled, largest) for group in groups]
    made = reduce(add, parts, WeightedSum(known, 0.0, 0.0, 0.0)).estimate(CONFIDENCE)
    if usual is not None:
        return made
    most = known + sum(_hidden(group, seen, sampled) for group in groups)
    return Estimate(made.value, made.low, min(made.high, most))


def _hidden(group: Flags, seen: Flags, sampled: float) -> float:
    """Return how many of a group have no result, those outside the sample included."""
    return float(group.sum()) / sampled - float((group & seen).sum())


def _unseen(
    values: Floats, chances: Floats, group: Flags, seen: Flags, sampled: float, largest: float
) -> WeightedSum:
    """Return the sum over those of a group that have no result."""
    looked, hidden = group & seen, _hidden(group, seen, sampled)
    if hidden <= 0.0:
        return WeightedSum(0.0, 0.0, 0.0, 0.0)
    if not looked.any():
        return WeightedSum(0.0, 0.0, 0.0, hidden * largest)
    chance = chances[looked] * sampled
    if chances[group].min() >= 1.0:  # Awaited ones are like those that came.
        chance = chance * (float(looked.sum()) / float(group.sum()))
    factor = hidden / float((1.0 / chance - 1.0).sum())
    each = values[looked] * factor / chance
    value, variance = float((each * (1.0 - chance)).sum()), float(((1.0 - chance) * each**2).sum())
    return WeightedSum(0.0, value, variance, float((factor / chance).max()) * largest)
