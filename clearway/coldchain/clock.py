"""How wrong a device's clock is, from when it says it measured and when we heard of it. Pure.

A stamp is (device's time d, arrival a). What lies between is the clock's error and the way:

    a - d  =  way  -  ahead(d)            way >= 0, often small, sometimes weeks (store and forward)

So no point lies below the line of the clock alone, and the points of quick messages lie on it. The
estimate is that line: of all lines below the points the one nearest to them, an edge of their lower
hull. Late messages change nothing. ISO 18185-1 allows a seal's clock 5 seconds a day.

    estimate([(d, a), ...]).ahead_at(now)       seconds that the device's clock is ahead of ours
    jumps([(d, a), ...])                        where the clock was set, or fell back

A jump is told from a late delivery by its shape: after a jump messages go on coming quickly, at
another level; messages that waited together come at once, each with another delay.

Source: Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999 (the line below all points).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

Stamp = tuple[datetime, datetime]
"""Device's time and arrival, both aware UTC."""

ALLOWED_S_PER_DAY = 5.0
"""ISO 18185-1."""

JUMP = timedelta(minutes=2)
"""A smaller step cannot be told from a way that became longer."""

_DAY_S = 86_400.0
_TOGETHER = 3  # quick messages in a row that make a level
_SHORTEST = timedelta(hours=6)
"""Over less, a second of the way would look like seconds a day of drift."""


@dataclass(frozen=True, slots=True)
class ClockEstimate:
    """A device's clock against ours.

    Args:
        at: instant of arrival for which `ahead_s` holds: the latest.
        ahead_s: seconds by which the device's clock is ahead; negative: behind. The shortest way
            of its messages counts as no way at all, so it may be more ahead by that much.
        drift_s_per_day: seconds that it gains a day; 0.0 where the time is too short to tell.
        span: from the first to the last stamp.
        stamps: how many were looked at, since the last jump.
    """

    at: datetime
    ahead_s: float
    drift_s_per_day: float
    span: timedelta
    stamps: int

    @property
    def is_allowed(self) -> bool:
        """Whether it keeps what ISO 18185-1 demands."""
        return abs(self.drift_s_per_day) <= ALLOWED_S_PER_DAY

    def ahead_at(self, instant: datetime) -> float:
        """Return by how many seconds the clock is ahead at an instant."""
        days = (instant - self.at).total_seconds() / _DAY_S
        return self.ahead_s + self.drift_s_per_day * days

    def corrected(self, measured_at: datetime) -> datetime:
        """Return when it was by our clock that the device's clock showed this time."""
        return measured_at - timedelta(seconds=self.ahead_at(measured_at))


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock was set.

    Args:
        at: arrival of the first message after it.
        by_s: seconds that it was set forward; negative: back.
    """

    at: datetime
    by_s: float


def estimate(stamps: Sequence[Stamp]) -> ClockEstimate | None:
    """Return how far ahead the clock is and how it drifts; None without stamps.

    Args:
        stamps: in order of arrival; what came before the last jump is left out.
    """
    found = jumps(stamps)
    since = [stamp for stamp in stamps if not found or stamp[1] >= found[-1].at]
    if not since:
        return None
    first, last = since[0][1], max(arrival for _, arrival in since)
    points = [((a - first).total_seconds(), (a - d).total_seconds()) for d, a in since]
    span = last - first
    if span < _SHORTEST:
        return ClockEstimate(last, -min(y for _, y in points), 0.0, span, len(since))
    slope, height = _line_below(points)
    ahead = -(height + slope * span.total_seconds())
    return ClockEstimate(last, ahead, -slope * _DAY_S, span, len(since))


def jumps(stamps: Sequence[Stamp], at_least: timedelta = JUMP) -> tuple[Jump, ...]:
    """Return where the device's clock was set by `at_least` or more.

    Args:
        stamps: in order of arrival.
    """
    smallest = at_least.total_seconds()
    found: list[Jump] = []
    before: list[tuple[datetime, float]] | None = None
    for level in _levels(stamps, smallest):
        if before is not None:
            step = median(y for _, y in before[-_TOGETHER:]) - median(
                y for _, y in level[:_TOGETHER]
            )
            if abs(step) >= smallest:
                found.append(Jump(level[0][0], step))
        before = level
    return tuple(found)


def _levels(stamps: Sequence[Stamp], smallest: float) -> list[list[tuple[datetime, float]]]:
    """Return the stretches in which messages came equally quickly: arrival, delay in seconds."""
    levels: list[list[tuple[datetime, float]]] = []
    current: list[tuple[datetime, float]] = []
    for d, a in stamps:
        delay = (a - d).total_seconds()
        if current and abs(delay - current[-1][1]) >= smallest / 2:
            levels.append(current)
            current = []
        current.append((a, delay))
    levels.append(current)
    return [level for level in levels if len(level) >= _TOGETHER]


def _line_below(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return slope and height at 0 of the line below all points whose distances sum least.

    It is the edge of the lower hull over the mean of the abscissas: there, and only there, the
    line can be turned neither way without leaving a point below it.
    """
    hull: list[tuple[float, float]] = []
    for point in sorted(set(points)):
        while len(hull) >= 2 and _turns_down(hull[-2], hull[-1], point):
            hull.pop()
        if hull and hull[-1][0] == point[0]:
            continue  # above one of the same instant
        hull.append(point)
    if len(hull) == 1:
        return 0.0, hull[0][1]
    mean = sum(x for x, _ in points) / len(points)
    right = next((i for i in range(1, len(hull)) if hull[i][0] >= mean), len(hull) - 1)
    (x0, y0), (x1, y1) = hull[right - 1], hull[right]
    slope = (y1 - y0) / (x1 - x0)
    return slope, y0 - slope * x0


def _turns_down(
    one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]
) -> bool:
    """Return whether the middle point lies on or above the line between the others."""
    return (two[0] - one[0]) * (three[1] - one[1]) <= (two[1] - one[1]) * (three[0] - one[0])
