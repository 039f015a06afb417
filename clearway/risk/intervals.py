"""Intervals and tests for shares: Wilson, Clopper and Pearson, Mantel and Haenszel, Holm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtr, ndtri

Floats: TypeAlias = npt.NDArray[np.float64]

CONFIDENCE = 0.95
NORMAL_95 = float(ndtri(0.5 + CONFIDENCE / 2))
"""Two-sided 95 % of the normal distribution, 1.95996."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval; `value` is None when nothing was counted."""

    hits: int
    count: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two shares.

    Args:
        value: None where it cannot be told.
        low, high: its interval; 0 and infinity where it cannot be told.
        p: two-sided, of the ratio being 1.
    """

    value: float | None
    low: float
    high: float
    p: float


UNKNOWN = Ratio(None, 0.0, float("inf"), 1.0)


def wilson(hits: int, count: int, confidence: float = CONFIDENCE) -> Share:
    """Return a share with E. B. Wilson's score interval (JASA 1927)."""
    if count == 0:
        return Share(hits, count, None, 0.0, 1.0)
    z = float(ndtri(0.5 + confidence / 2))
    share, scale = hits / count, 1 + z * z / count
    middle = share + z * z / (2 * count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    low, high = (middle - half) / scale, (middle + half) / scale
    return Share(hits, count, share, max(0.0, low), min(1.0, high))


def exact(hits: int, count: int, confidence: float = CONFIDENCE) -> Share:
    """Return a share with the interval of Clopper and Pearson (Biometrika 1934).

    It covers the truth at least as often as it says, for the fewest of results too.
    """
    tail = (1 - confidence) / 2
    if count == 0:
        return Share(hits, count, None, 0.0, 1.0)
    low = 0.0 if hits == 0 else float(betaincinv(hits, count - hits + 1, tail))
    high = 1.0 if hits == count else float(betaincinv(hits + 1, count - hits, 1 - tail))
    return Share(hits, count, hits / count, low, high)


def mantel_haenszel(hits: Floats, counts: Floats, others_hits: Floats, others: Floats) -> Ratio:
    """Return how often a group is hit against all others, compared within strata alone.

    Args:
        hits, counts: of the group, shape (strata,).
        others_hits, others: of all others, likewise.

    Source: Mantel and Haenszel (JNCI 1959) for the test, without correction for continuity;
    Greenland and Robins (Biometrics 1985), equations 12 and 13, for the ratio and its variance.
    """
    total = counts + others
    both = (counts > 0) & (others > 0)
    a, n, c, m, t = (each[both] for each in (hits, counts, others_hits, others, total))
    up, down = float((a * m / t).sum()), float((c * n / t).sum())
    if not both.any() or not (a + c).sum():
        return UNKNOWN
    if up <= 0.0 or down <= 0.0:
        return _sparse(a.sum(), n.sum(), c.sum(), m.sum(), _of_score(a, n, c, m, t))
    ratio = up / down
    spread = float(((n * m * (a + c) - a * c * t) / t**2).sum() / (up * down)) ** 0.5
    z = float(ndtri(0.5 + CONFIDENCE / 2))
    wide = float(np.exp(z * spread))
    return Ratio(ratio, ratio / wide, ratio * wide, _of_score(a, n, c, m, t))


def _sparse(a: float, n: float, c: float, m: float, p: float) -> Ratio:
    """Return the ratio where one side has no hit at all: half a hit is added to both (Haldane)."""
    ratio = (a + 0.5) / (n + 1.0) / ((c + 0.5) / (m + 1.0))
    spread = (1 / (a + 0.5) - 1 / (n + 1.0) + 1 / (c + 0.5) - 1 / (m + 1.0)) ** 0.5
    wide = float(np.exp(float(ndtri(0.5 + CONFIDENCE / 2)) * spread))
    return Ratio(float(ratio), float(ratio / wide), float(ratio * wide), p)


def _of_score(a: Floats, n: Floats, c: Floats, m: Floats, t: Floats) -> float:
    hit = a + c
    wide = t > 1
    variance = (n * m * hit * (t - hit))[wide] / (t**2 * (t - 1))[wide]
    if variance.sum() <= 0.0:
        return 1.0
    z = float((a - n * hit / t).sum() / variance.sum() ** 0.5)
    return float(2 * ndtr(-abs(z)))


def holm(values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values after Holm's step-down (Scand. J. Statist. 1979).

    The chance of even one false alarm among all of them stays below the level, whatever their
    dependence: a flag accuses somebody, so this and not the rate of false discoveries is bounded.
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    adjusted, worst = [1.0] * len(values), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = worst
    return tuple(adjusted)
