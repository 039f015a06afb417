"""The few statistics that all views share: quantiles and an interval for a share."""

from __future__ import annotations

from collections.abc import Sequence

from clearway.risk import intervals


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
    told = intervals.wilson(hits, count)
    return told.low, told.high
