"""Shares and sums with honest intervals, also where most answers are missing.

Source: Hájek's ratio estimator with its error by linearisation for independent draws:
sqrt(sum (1 - p) ((y - rate) / p)^2) / sum 1 / p.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clearway.risk.backtest.model import Estimate, Rate
from clearway.risk.intervals import NORMAL_95, wilson

Floats = npt.NDArray[np.float64]


def rate_of(count: int, of: int) -> Rate:
    """Return a share with Wilson's interval."""
    told = wilson(count, of)
    return Rate(of, count, told.value, told.low, told.high)


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
    low = max(0.0, mean - NORMAL_95 * error)
    return Estimate(mean * population, low * population, (mean + NORMAL_95 * error) * population)
