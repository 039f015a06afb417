"""When a scheduled query runs: `{"hour": "1", "minute": "5"}` is each day at 01:05 UTC.

A field is a list of numbers and ranges, such as `0,15,[30-45]`; a field that is absent does not
limit, except that those finer than the finest one given are 0: who gives an hour means its start.
Source: GS1 EPCIS 2.0, 8.2.5.3 (QuerySchedule), query-schedule schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clearway.errors import BadTerm

_RANGES: dict[str, tuple[int, int]] = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),
}
_ELEMENT = re.compile(r"(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]")
_MOST_TEXT = 200
_FARTHEST = timedelta(days=8 * 366)  # 29 February may be eight years away

Numbers = frozenset[int]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The numbers that each field of an instant may have, in UTC; days of the week from Monday."""

    second: Numbers
    minute: Numbers
    hour: Numbers
    day_of_month: Numbers
    month: Numbers
    day_of_week: Numbers

    def after(self, instant: datetime) -> datetime | None:
        """Return the first instant behind this one, None where no day fits (30 February)."""
        day = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = day + _FARTHEST
        while day < end:
            if self._has_day(day):
                for moment in self._moments(day):
                    if moment > instant:
                        return moment
            day += timedelta(days=1)
        return None

    def _has_day(self, day: datetime) -> bool:
        return (
            day.month in self.month
            and day.day in self.day_of_month
            and day.isoweekday() in self.day_of_week
        )

    def _moments(self, day: datetime) -> Iterator[datetime]:
        for hour in sorted(self.hour):
            for minute in sorted(self.minute):
                for second in sorted(self.second):
                    yield day.replace(hour=hour, minute=minute, second=second)


def read(fields: Mapping[str, object]) -> Schedule:
    """Return the schedule of these fields.

    Raises: BadTerm: a field is unknown, empty, or no list of numbers and ranges within its bounds.
    """
    unknown = sorted(set(fields) - set(_RANGES))
    if unknown:
        rule = f"a schedule has the fields {', '.join(_RANGES)}"
        raise BadTerm("schedule", unknown[0], rule, field=f"schedule/{unknown[0][:40]}")
    if not fields:
        raise BadTerm("schedule", {}, "name at least one field, such as hour", field="schedule")
    given = {name: _numbers(name, value) for name, value in fields.items()}
    return Schedule(*(given.get(name, _absent(name, given)) for name in _RANGES))


def _absent(name: str, given: Mapping[str, Numbers]) -> Numbers:
    """Return what a field may be that was not given: 0 below the finest given one, else all."""
    order = list(_RANGES)
    finest = min(order.index(one) for one in given)
    low, high = _RANGES[name]
    is_finer = order.index(name) < finest or name == "second"
    return frozenset({low} if is_finer and low == 0 else range(low, high + 1))


def _numbers(name: str, value: object) -> Numbers:
    low, high = _RANGES[name]
    rule = f"must be numbers from {low} to {high} and ranges, such as {low},[{low}-{high}]"
    if not isinstance(value, str) or not value or len(value) > _MOST_TEXT:
        raise BadTerm(name, value, rule, field=f"schedule/{name}")
    found: set[int] = set()
    for element in value.split(","):
        parts = _ELEMENT.fullmatch(element.strip())
        if parts is None:
            raise BadTerm(name, value, rule, field=f"schedule/{name}")
        first, last = int(parts[1] or parts[2]), int(parts[1] or parts[3])
        if not low <= first <= last <= high:
            raise BadTerm(name, value, rule, field=f"schedule/{name}")
        found.update(range(first, last + 1))
    return frozenset(found)
