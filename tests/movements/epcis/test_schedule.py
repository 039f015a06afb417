"""When a scheduled query runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.movements.epcis.schedule import read

MONDAY = datetime(2026, 3, 2, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"hour": "1", "minute": "5"}, datetime(2026, 3, 3, 1, 5, tzinfo=UTC)),
        ({"minute": "45"}, datetime(2026, 3, 2, 12, 45, tzinfo=UTC)),
        ({"second": "0,15,30"}, datetime(2026, 3, 2, 12, 30, 30, tzinfo=UTC)),
        ({"second": "[16-20]"}, datetime(2026, 3, 2, 12, 30, 16, tzinfo=UTC)),
        ({"dayOfWeek": "3"}, datetime(2026, 3, 4, tzinfo=UTC)),
        ({"dayOfMonth": "31", "hour": "6"}, datetime(2026, 3, 31, 6, tzinfo=UTC)),
        ({"month": "1", "dayOfMonth": "1"}, datetime(2027, 1, 1, tzinfo=UTC)),
        ({"dayOfMonth": "29", "month": "2"}, datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_schedule_runs_at_the_next_instant_that_fits(
    fields: dict[str, str], expected: datetime
) -> None:
    assert read(fields).after(MONDAY) == expected


def test_an_instant_never_follows_itself() -> None:
    schedule = read({"minute": "[0-59]"})
    first = schedule.after(MONDAY)
    assert first is not None
    assert schedule.after(first) == first + timedelta(minutes=1)


def test_a_day_that_no_month_has_never_comes() -> None:
    assert read({"dayOfMonth": "30", "month": "2"}).after(MONDAY) is None


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"year": "2026"}, {"hour": "24"}, {"hour": ""}, {"hour": "1-2"}, {"hour": "[5-2]"},
        {"minute": "1,,2"}, {"second": 5}, {"month": "0"}, {"dayOfWeek": "8"}, {"hour": "1" * 300},
    ],
)  # fmt: skip
def test_a_field_that_is_no_list_of_numbers_in_its_range_is_refused(
    fields: dict[str, object],
) -> None:
    with pytest.raises(BadTerm):
        read(fields)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_a_daily_schedule_comes_within_a_day(now: datetime, hour: int, minute: int) -> None:
    found = read({"hour": str(hour), "minute": str(minute)}).after(now)
    assert found is not None
    assert timedelta(0) < found - now <= timedelta(days=1)
    assert (found.hour, found.minute, found.second) == (hour, minute, 0)
