"""Champion and challenger, judged on the same later declarations.

Both models rank declarations that neither had seen when it was trained, with features as they were
known then; each would have opened as many as were opened. What each would have found is estimated
from the results of what was really opened, each standing for one over its propensity, since the
champion chose what was opened and a plain count would favour it. Only declarations on which the
two disagree decide: it is a paired comparison. Weighted sums of rare events are no normal numbers,
and a bootstrap of a few heavy hits promised too much in trials; so the interval of each side is a
gamma's (Fay and Feuer, Statistics in Medicine 1997), with the variance taken over importers, whose
declarations are not independent, and the difference melds the two (Fay, Proschan and Brittain,
Biometrics 2015). It is wider than need be rather than too narrow.

One may look every week: the level is spent over the looks, `level / (k (k + 1))` at the k-th, which
adds up to less than the level over any number of them (Bonferroni over the looks).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.errors import RuleViolation

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

LEVEL = 0.05
LEAST_DISAGREED = 30
"""Results on which the two disagree, below which nothing is decided."""

_DRAWS = 10_000
_MOST_WEIGHT = 100.0


class Verdict(StrEnum):
    """What the comparison says of the challenger."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Bout:
    """Later declarations, one element each; all arrays of one length.

    Args:
        champion, challenger: scores; higher is riskier.
        propensity: of physical examination under the policy that was live; NaN: unknown.
        resulted: whether a result is known.
        found: 0 or 1 where it is.
        importer: number of the importer.
        openings: how many each may open.
    """

    champion: Floats
    challenger: Floats
    propensity: Floats
    resulted: Flags
    found: Floats
    importer: Ints
    openings: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of one look.

    Args:
        look: 1 for the first.
        declarations, results: compared.
        disagreed: results on which exactly one of the two would have opened.
        champion, challenger: share of its openings that would have found something, estimated.
        gain: challenger less champion; `low` and `high` bound it at the level of this look.
        level: of this look.
    """

    look: int
    declarations: int
    results: int
    disagreed: int
    champion: float
    challenger: float
    gain: float
    low: float
    high: float
    level: float
    verdict: Verdict


def judge(bout: Bout, *, look: int, seed: int, level: float = LEVEL) -> Judgement:
    """Return which model finds more among the same declarations.

    Args:
        look: 1 for the first; each costs a part of the level.
        seed: of the draws that meld the two.

    Raises: RuleViolation: nothing was opened, or `look` is below 1.
    """
    if look < 1 or bout.openings < 1 or not len(bout.champion):
        raise RuleViolation("A contest needs declarations, an opening and a look of 1 or more")
    spent = level / (look * (look + 1))
    opens = [_top(scores, bout.openings) for scores in (bout.champion, bout.challenger)]
    weights = _weights(bout)
    rates = [float((weights * bout.found * one).sum()) / bout.openings for one in opens]
    sides = [_side(bout, weights, opens[one] & ~opens[1 - one]) for one in (0, 1)]
    low, high = _interval(sides[0], sides[1], bout.openings, spent, seed)
    disagreed = int((bout.resulted & (opens[0] != opens[1])).sum())
    return Judgement(
        look=look,
        declarations=len(bout.champion),
        results=int(bout.resulted.sum()),
        disagreed=disagreed,
        champion=rates[0],
        challenger=rates[1],
        gain=rates[1] - rates[0],
        low=low,
        high=high,
        level=spent,
        verdict=_verdict(low, high, disagreed),
    )


def _verdict(low: float, high: float, disagreed: int) -> Verdict:
    if disagreed < LEAST_DISAGREED or low <= 0.0 <= high:
        return Verdict.OPEN
    return Verdict.BETTER if low > 0.0 else Verdict.WORSE


def _top(scores: Floats, openings: int) -> Flags:
    chosen = np.zeros(len(scores), dtype=np.bool_)
    chosen[np.argsort(-scores, kind="stable")[:openings]] = True
    return chosen


def _weights(bout: Bout) -> Floats:
    """Return for how many declarations each result stands; 1 where the propensity is unknown."""
    known = np.nan_to_num(bout.propensity, nan=1.0)
    inverse = np.where(known > 0.0, 1.0 / np.maximum(known, 1e-9), 0.0)
    weights: Floats = np.where(bout.resulted, inverse.clip(0.0, _MOST_WEIGHT), 0.0)
    return weights


@dataclass(frozen=True, slots=True)
class _Side:
    """What one model alone would have found: a weighted sum of rare events.

    Args:
        value: estimated.
        variance: of it, over importers.
        heaviest: declarations that one result stands for at most.
    """

    value: float
    variance: float
    heaviest: float

    def draws(self, rng: np.random.Generator, *, upper: bool) -> Floats:
        """Return draws of its upper or lower confidence distribution, a gamma."""
        value = self.value + (self.heaviest if upper else 0.0)
        variance = self.variance + (self.heaviest**2 if upper else 0.0)
        if value <= 0.0 or variance <= 0.0:
            return np.zeros(_DRAWS)
        return rng.gamma(value**2 / variance, variance / value, _DRAWS)


def _side(bout: Bout, weights: Floats, alone: Flags) -> _Side:
    rows = np.flatnonzero(alone & bout.resulted)
    if not len(rows):
        # Nothing was opened of what this model alone would open: all of it may be as bad as it can.
        return _Side(0.0, 0.0, float(alone.sum()))
    _, importer = np.unique(bout.importer[rows], return_inverse=True)
    sums = np.bincount(importer, weights[rows] * bout.found[rows])
    return _Side(float(sums.sum()), float((sums**2).sum()), float(weights[rows].max()))


def _interval(
    champion: _Side, challenger: _Side, openings: int, level: float, seed: int
) -> tuple[float, float]:
    """Return the interval of the gain: what the two open alike cancels out."""
    rng = np.random.default_rng(seed)
    least = challenger.draws(rng, upper=False) - champion.draws(rng, upper=True)
    most = challenger.draws(rng, upper=True) - champion.draws(rng, upper=False)
    low, high = np.quantile(least, level / 2), np.quantile(most, 1.0 - level / 2)
    return float(low) / openings, float(high) / openings
