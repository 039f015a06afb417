"""Quantities: exact, convertible inside a dimension, never across one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.ledger.fact import encode
from clearway.terms.quantity import KGM, Quantity, UnitCode, kilograms
from clearway.terms.units import UNITS

CODES = sorted(UNITS)
BY_DIMENSION = {
    unit.dimension: sorted(c for c in CODES if UNITS[c].dimension == unit.dimension)
    for unit in UNITS.values()
}
NUMBERS = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=6)


@st.composite
def alike(draw: st.DrawFn, count: int = 2) -> list[Quantity]:
    """Quantities of one dimension, not temperatures."""
    dimension = draw(st.sampled_from(sorted(set(BY_DIMENSION) - {"temperature"})))
    return [
        Quantity(draw(NUMBERS), UnitCode(draw(st.sampled_from(BY_DIMENSION[dimension]))))
        for _ in range(count)
    ]


def amount(quantity: Quantity) -> Fraction:
    return Fraction(quantity.value) * UNITS[quantity.unit].factor


@given(NUMBERS, st.sampled_from(CODES), st.data())
def test_a_conversion_and_back_is_the_same_amount(
    number: Decimal, code: str, data: st.DataObject
) -> None:
    quantity = Quantity(number, UnitCode(code))
    other = UnitCode(data.draw(st.sampled_from(BY_DIMENSION[UNITS[code].dimension])))
    back = quantity.to(other).to(quantity.unit)
    assert abs(back.value - number) <= Decimal("1E-20") * max(number, 1)


@pytest.mark.parametrize(
    "value, unit, other, expected",
    [
        ("12.5", "TNE", "KGM", "12500"),
        ("1", "KGM", "GRM", "1000"),
        ("1", "LBR", "KGM", "0.45359237"),
        ("2", "LTN", "KGM", "2032.0938176"),
        ("3", "HLT", "LTR", "300"),
        ("1", "MTQ", "LTR", "1000"),
        ("1", "GLI", "LTR", "4.54609"),
        ("2", "DZN", "H87", "24"),
        ("5", "NPR", "NAR", "10"),
        ("2", "CT", "XCT", "2"),
        ("-18", "CEL", "KEL", "255.15"),
        ("-40", "CEL", "FAH", "-40"),
        ("212", "FAH", "CEL", "100"),
        ("1.5", "DAY", "HUR", "36"),
    ],
)
def test_factors_are_exact(value: str, unit: str, other: str, expected: str) -> None:
    converted = Quantity(Decimal(value), UnitCode(unit)).to(UnitCode(other))
    assert converted.value == Decimal(expected)
    assert converted.unit == other


@given(alike(2))
def test_order_is_that_of_the_amounts(pair: list[Quantity]) -> None:
    one, two = pair
    assert (one < two) is (amount(one) < amount(two))
    assert (one <= two) is (amount(one) <= amount(two))
    assert (one > two) is (amount(one) > amount(two))
    assert (one >= two) is (amount(one) >= amount(two))
    assert (one == two) is (amount(one) == amount(two))


@given(NUMBERS, NUMBERS)
def test_adding_and_taking_away_loses_nothing(first: Decimal, second: Decimal) -> None:
    one, two = Quantity(first, KGM), Quantity(second, UnitCode("TNE"))
    assert one + two - two == one
    assert (one + two).unit == KGM


def test_equal_amounts_are_equal_whatever_their_unit() -> None:
    assert Quantity(Decimal(1), UnitCode("TNE")) == kilograms(1000)
    assert hash(Quantity(Decimal("1.0"), UnitCode("TNE"))) == hash(kilograms("1000.00"))
    assert kilograms(1) != Quantity(Decimal(1), UnitCode("H87"))
    assert kilograms(1) != 1


@pytest.mark.parametrize(
    "unit, other", [("H87", "KGM"), ("CT", "PK"), ("LPA", "LTR"), ("NMP", "H87"), ("SET", "C62")]
)
def test_unlike_things_do_not_convert(unit: str, other: str) -> None:
    one = Quantity(Decimal(3), UnitCode(unit))
    with pytest.raises(BadTerm, match="cannot be compared"):
        one.to(UnitCode(other))
    with pytest.raises(BadTerm):
        _ = one < Quantity(Decimal(3), UnitCode(other))
    with pytest.raises(BadTerm):
        _ = one + Quantity(Decimal(3), UnitCode(other))


def test_nothing_weighs_less_than_nothing() -> None:
    with pytest.raises(BadTerm, match="below zero"):
        kilograms(-1)
    with pytest.raises(BadTerm, match="below zero"):
        kilograms(1) - kilograms(2)
    with pytest.raises(BadTerm, match="below zero"):
        Quantity(Decimal("-273.16"), UnitCode("CEL"))


@pytest.mark.parametrize("value", ["kg", "", None, 1.5, object()])
def test_kilograms_takes_numbers_only(value: object) -> None:
    with pytest.raises(BadTerm):
        kilograms(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["KG", "kgm", "", "CTN", "KGM "])
def test_a_unit_that_is_not_of_recommendation_20_is_refused(code: str) -> None:
    with pytest.raises(BadTerm, match="Recommendation 20"):
        UnitCode(code)


def test_a_quantity_is_stored_and_read_as_digits_and_code() -> None:
    assert encode(kilograms("12.50")) == b'{"value":"12.50","unit":"KGM"}'
    assert str(kilograms("1E+3")) == "1000 KGM"


@pytest.mark.parametrize(
    ("value", "unit", "same", "as_unit"),
    [
        ("180", "DD", "10800", "D61"),
        ("1", "D61", "60", "D62"),
        ("1", "M46", "1", "M46"),
        ("36", "KMH", "10", "MTS"),
        ("1", "BAR", "1000", "MBR"),
        ("8", "A99", "1", "AD"),
        ("4", "CEL", "277.15", "KEL"),
        ("32", "FAH", "0", "CEL"),
    ],
)
def test_units_of_sensors_convert(value: str, unit: str, same: str, as_unit: str) -> None:
    quantity = Quantity(Decimal(value), UnitCode(unit))
    assert quantity.to(UnitCode(as_unit)).value == Decimal(same)


def test_a_decibel_and_a_lux_never_become_one_another() -> None:
    with pytest.raises(BadTerm):
        Quantity(Decimal(1), UnitCode("2N")).to(UnitCode("LUX"))
