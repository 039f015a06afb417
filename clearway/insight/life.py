"""Shelf life spent at the border, and in whose hands.

Life used between two instants is the difference of what had been used at both; between two known
points it is taken as used evenly. So the sum over all custodies is the whole loss, and what nobody
answers for is shown as `unknown`, never spread over the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from clearway.insight.model import Custody, LifePoint, LifeSpent

UNKNOWN = "unknown"
"""Holder of goods for the time for which no custody is known."""

_DAY_S = 86_400.0


def consumed_at(points: Sequence[LifePoint], at: datetime) -> float:
    """Return the reference days used at an instant; before and after the points their ends hold.

    Args:
        points: in order of time, at least one.
        at: aware UTC.
    """
    place = bisect_right(points, at, key=lambda point: point.at)
    if place == 0:
        return points[0].consumed_days
    if place == len(points):
        return points[-1].consumed_days
    before, after = points[place - 1], points[place]
    share = (at - before.at) / (after.at - before.at)
    return before.consumed_days + share * (after.consumed_days - before.consumed_days)


def spent(points: Sequence[LifePoint], started_at: datetime, ended_at: datetime) -> float:
    """Return the reference days used between two instants; 0 without points."""
    if not points:
        return 0.0
    return consumed_at(points, ended_at) - consumed_at(points, started_at)


def by_custody(points: Sequence[LifePoint], custodies: Iterable[Custody]) -> tuple[LifeSpent, ...]:
    """Return the life spent in each custody, in order of time, gaps as `unknown`.

    Where custodies overlap, the earlier one holds until it ends. The consumed days sum to what was
    used between the first and the last point.

    Args:
        points: in order of time.
        custodies: in any order.
    """
    if not points:
        return ()
    begin, end = points[0].at, points[-1].at
    spans: list[Custody] = []
    reached = begin
    for one in sorted(custodies, key=lambda each: (each.started_at, each.ended_at)):
        start, stop = max(one.started_at, reached), min(one.ended_at, end)
        if start >= stop:
            continue
        if start > reached:
            spans.append(Custody(UNKNOWN, reached, start))
        spans.append(Custody(one.holder, start, stop, one.step))
        reached = stop
    if reached < end:
        spans.append(Custody(UNKNOWN, reached, end))
    return tuple(_spent(points, span) for span in spans)


def by_holder(losses: Iterable[LifeSpent]) -> tuple[LifeSpent, ...]:
    """Return the sums per holder and step, the largest loss first."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in losses:
        entry = sums[one.holder, one.step]
        entry[0] += one.consumed_days
        entry[1] += one.elapsed_days
    made = (LifeSpent(*key, *values) for key, values in sums.items())
    return tuple(sorted(made, key=lambda one: (-one.consumed_days, one.holder, one.step)))


def _spent(points: Sequence[LifePoint], span: Custody) -> LifeSpent:
    return LifeSpent(
        holder=span.holder,
        step=span.step,
        consumed_days=spent(points, span.started_at, span.ended_at),
        elapsed_days=(span.ended_at - span.started_at).total_seconds() / _DAY_S,
    )
