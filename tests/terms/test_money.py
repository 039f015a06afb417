"""Money: exact, four decimals at most, one currency at a time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.terms.money import Currency, Money

AMOUNTS = st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False, places=4)
KES = Currency("KES")


@given(AMOUNTS, AMOUNTS)
def test_sums_are_exact(one: Decimal, two: Decimal) -> None:
    assert Money(one, KES) + Money(two, KES) - Money(two, KES) == Money(one, KES)
    assert (Money(one, KES) < Money(two, KES)) is (one < two)
    assert (Money(one, KES) >= Money(two, KES)) is (one >= two)


@pytest.mark.parametrize(
    "code, amount, shown",
    [
        ("KES", "1.005", "1.01"),
        ("JPY", "10.5", "11"),
        ("KWD", "1.2345", "1.235"),
        ("CLF", "1", "1"),
    ],
)
def test_display_rounds_half_up_to_the_minor_unit(code: str, amount: str, shown: str) -> None:
    assert Money(Decimal(amount), Currency(code)).quantize().amount == Decimal(shown)


def test_an_amount_may_have_four_decimals_but_not_five() -> None:
    assert str(Money(Decimal("0.0001"), Currency("JPY"))) == "0.0001 JPY"
    with pytest.raises(BadTerm, match="at most four decimals"):
        Money(Decimal("0.00001"), KES)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(BadTerm, match="convert it first"):
        Money(Decimal(1), KES) + Money(Decimal(1), Currency("UGX"))
    with pytest.raises(BadTerm, match="convert it first"):
        _ = Money(Decimal(1), KES) > Money(Decimal(1), Currency("UGX"))


def test_a_rate_is_applied_exactly_and_rounded_to_four_decimals() -> None:
    assert Money(Decimal("1000.01"), KES).times(Decimal("0.125")).amount == Decimal("125.0013")


@pytest.mark.parametrize("code", ["KE", "kes", "ZZZ", "", "KES "])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(BadTerm, match="ISO 4217"):
        Currency(code)


def test_a_currency_knows_its_name_and_decimals() -> None:
    assert KES.name == "Kenyan Shilling"
    assert (KES.decimals, Currency("JPY").decimals, Currency("TND").decimals) == (2, 0, 3)
