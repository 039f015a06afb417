"""Shares and sums with honest intervals, also where most answers are missing.

Sources: Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical
inference", JASA 22: the score interval of a share. Hájek's ratio estimator with its error by
linearisation for independent draws: sqrt(sum (1 - p) ((y - rate) / p)^2) / sum 1 / p.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from clearway.risk.backtest.model import Estimate, Rate

Floats = npt.NDArray[np.float64]

_Z = 1.959964  # 95 % of a normal distribution


def rate_of(count: int, of: int) -> Rate:
    """Return a share with Wilson's interval."""
    if of == 0:
        return Rate(0, 0, None, 0.0, 1.0)
    share, squared = count / of, _Z * _Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = _Z / (1 + squared / of) * sqrt(share * (1 - share) / of + squared / (4 * of * of))
    return Rate(of, count, share, max(0.0, middle - half), min(1.0, middle + half))


def total_of(values: Floats, propensities: Floats, population: int) -> Estimate | None:
    """Return the sum over a population of which only some were examined.

    Args:
        values: of the examined ones, shape (n,).
        propensities: probability of examination of each, shape (n,); NaN or <= 0: not known, and
            left out.
        population: how many there are in all.
    """
    known = propensities > 0.0
    if not known.any():
        return None
    y, p = values[known], propensities[known]
    weight = float((1.0 / p).sum())
    mean = float((y / p).sum()) / weight
    error = float(np.sqrt(((1.0 - p) * ((y - mean) / p) ** 2).sum())) / weight
    low = max(0.0, mean - _Z * error)
    return Estimate(mean * population, low * population, (mean + _Z * error) * population)
