"""Countries, places and stretches of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.terms.countries import COUNTRIES
from clearway.terms.period import Period
from clearway.terms.places import Country, UnLocode

START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = st.integers(0, 100)


def test_every_country_of_iso_3166_is_known_and_named() -> None:
    assert len(COUNTRIES) == 252
    for code in COUNTRIES:
        assert Country(code).name
    assert Country("KE").name == "Kenya"
    assert Country("KE") is Country("KE")


@pytest.mark.parametrize("code", ["", "K", "ke", "ZZ", "KEN", "UK"])
def test_an_unknown_country_is_refused(code: str) -> None:
    with pytest.raises(BadTerm, match="ISO 3166-1"):
        Country(code)


def test_a_place_of_trade_has_a_country() -> None:
    assert UnLocode("KEMBA").country == "KE"
    assert UnLocode("XZ123"[:2] + "AAA").country is None


@pytest.mark.parametrize("code", ["KEMB", "KEMB1", "KEMB0", "ZZMBA", "kemba", "KEMBA "])
def test_a_place_of_another_form_is_refused(code: str) -> None:
    with pytest.raises(BadTerm):
        UnLocode(code)


@given(HOURS, HOURS, HOURS)
def test_a_period_holds_its_start_and_not_its_end(start: int, length: int, at: int) -> None:
    begin = START + timedelta(hours=start)
    period = Period(begin, begin + timedelta(hours=length + 1))
    instant = START + timedelta(hours=at)
    assert period.contains(instant) is (start <= at < start + length + 1)
    assert period.duration == timedelta(hours=length + 1)


@given(HOURS, HOURS, HOURS, HOURS)
def test_periods_overlap_when_some_hour_lies_in_both(a: int, b: int, c: int, d: int) -> None:
    one = Period(START + timedelta(hours=a), START + timedelta(hours=a + b + 1))
    two = Period(START + timedelta(hours=c), START + timedelta(hours=c + d + 1))
    shared = set(range(a, a + b + 1)) & set(range(c, c + d + 1))
    assert one.overlaps(two) is bool(shared) is two.overlaps(one)


def test_an_open_period_lasts_until_further_notice() -> None:
    period = Period(START)
    assert period.duration is None
    assert period.contains(START + timedelta(days=10_000))


def test_a_period_needs_utc_and_an_end_after_its_start() -> None:
    with pytest.raises(BadTerm, match="instant in UTC"):
        Period(START.replace(tzinfo=None))
    with pytest.raises(BadTerm, match="instant in UTC"):
        Period(START.astimezone(timezone(timedelta(hours=3))))
    with pytest.raises(BadTerm, match="end after it starts"):
        Period(START, START)
