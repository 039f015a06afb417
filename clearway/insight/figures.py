"""The few statistics that all views share: quantiles and an interval for a share."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

_Z95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile, linear between two values (type 7, DuckDB's `quantile_cont`).

    Args:
        values: sorted, at least one.
        share: 0 to 1.
    """
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share; (0, 1) when nothing was counted.

    Source: E. B. Wilson's score interval; unlike hits ± 2 errors it stays within 0 and 1.
    """
    if count == 0:
        return 0.0, 1.0
    share, z2 = hits / count, _Z95 * _Z95
    middle = share + z2 / (2 * count)
    half = _Z95 * sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    scale = 1 + z2 / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
