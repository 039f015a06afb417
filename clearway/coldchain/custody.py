"""In whose hands the goods lost their life.

Life used between two instants is the difference of what had been used at both; between two known
points it is taken as used evenly. Lost days are exact decimals to a thousand-millionth of a day, so
that the shares add up to the total, to the last digit. What nobody answers for is the share of an
unknown holder, never spread over the others.

    found = attribute(points, [Held("carrier", loaded_at, arrived_at), Held("terminal", ...)])
    found.total_days == sum(share.lost_days for share in found.shares)    # exactly
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

UNKNOWN = "unknown"
"""Holder of goods for the time for which no custody is known."""

_GRAIN = Decimal("0.000000001")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LifePoint:
    """How many reference days of life goods had used at one instant (never falling)."""

    at: datetime
    consumed_days: float


@dataclass(frozen=True, slots=True)
class Held:
    """Who held the goods from when to when, and in which step.

    Args:
        holder: carrier, terminal, the code of an agency, or the name of a party.
        since, until: aware UTC.
        step: what was waited for; "" outside the border.
    """

    holder: str
    since: datetime
    until: datetime
    step: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """Life lost in one custody.

    Args:
        lost_days: reference days of life used.
        elapsed_days: days that passed.
    """

    holder: str
    step: str
    since: datetime
    until: datetime
    lost_days: Decimal
    elapsed_days: Decimal

    @property
    def excess_days(self) -> Decimal:
        """Life used beyond what the same time at the reference temperature would have used."""
        return self.lost_days - self.elapsed_days


@dataclass(frozen=True, slots=True)
class Attribution:
    """All of it.

    Args:
        total_days: reference days used from the first to the last known point.
        shares: in order of time, without gap or overlap; their lost days sum to the total.
    """

    total_days: Decimal
    shares: tuple[Share, ...]


def attribute(points: Sequence[LifePoint], held: Iterable[Held]) -> Attribution:
    """Return the life lost in each custody, in order of time, gaps as `unknown`.

    Where custodies overlap, the earlier one holds until it ends.

    Args:
        points: in order of time.
        held: in any order.
    """
    if not points:
        return Attribution(Decimal(0), ())
    spans = _without_gaps(held, points[0].at, points[-1].at)
    ends = [points[0].at, *(span.until for span in spans)]
    used = [_grains(consumed_at(points, end)) for end in ends]
    passed = [_grains((end - ends[0]) / _DAY) for end in ends]
    shares = tuple(
        Share(
            span.holder,
            span.step,
            span.since,
            span.until,
            used[n + 1] - used[n],
            passed[n + 1] - passed[n],
        )
        for n, span in enumerate(spans)
    )
    return Attribution(used[-1] - used[0], shares)


def by_holder(shares: Iterable[Share]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return (lost days, elapsed days) per holder and step, the largest loss first."""
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for one in shares:
        entry = sums[one.holder, one.step]
        entry[0] += one.lost_days
        entry[1] += one.elapsed_days
    order = sorted(sums, key=lambda key: (-sums[key][0], key))
    return {key: (sums[key][0], sums[key][1]) for key in order}


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
    found = before.consumed_days + share * (after.consumed_days - before.consumed_days)
    # Rounding must not lift a value above the point after it, or a share would be below zero.
    return min(max(found, before.consumed_days), after.consumed_days)


def _grains(days: float) -> Decimal:
    return Decimal(days).quantize(_GRAIN, ROUND_HALF_EVEN)


def _without_gaps(held: Iterable[Held], begin: datetime, end: datetime) -> list[Held]:
    spans: list[Held] = []
    reached = begin
    for one in sorted(held, key=lambda each: (each.since, each.until, each.holder)):
        start, stop = max(one.since, reached), min(one.until, end)
        if start >= stop:
            continue
        if start > reached:
            spans.append(Held(UNKNOWN, reached, start))
        spans.append(Held(one.holder, start, stop, one.step))
        reached = stop
    if reached < end:
        spans.append(Held(UNKNOWN, reached, end))
    return spans
