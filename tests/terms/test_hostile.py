"""Whatever comes in, a term is either right or a BadTerm: never another exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.terms.goods import HsCode, HsPrefix
from clearway.terms.identifiers import Lrn, Mrn, PartyId, Ucr
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country, UnLocode
from clearway.terms.quantity import Quantity, UnitCode, kilograms
from clearway.terms.transport import ContainerNumber, SealNumber

CONSTRUCTORS: list[Callable[..., object]] = [
    Ucr,
    Mrn,
    PartyId,
    Lrn,
    HsCode,
    HsCode.read,
    HsPrefix,
    Country,
    UnLocode,
    ContainerNumber,
    ContainerNumber.read,
    ContainerNumber.build,
    SealNumber,
    UnitCode,
    Currency,
    kilograms,
]
OTHER_THINGS = [None, 7, 7.5, b"KE", ["KE"], {"a": 1}, object(), True, 10**5000, float("nan")]


def right_or_bad(make: Callable[..., object], value: object) -> None:
    try:
        made = make(value)
    except BadTerm as error:
        assert error.detail
    else:
        assert made is not None


@pytest.mark.parametrize("make", CONSTRUCTORS)
def test_naughty_strings_are_refused_as_bad_terms(
    make: Callable[..., object], shared_data: Path
) -> None:
    strings = json.loads((shared_data / "hostile" / "naughty" / "blns.json").read_text("utf-8"))
    assert len(strings) > 400
    for text in strings:
        right_or_bad(make, text)


@pytest.mark.parametrize("make", CONSTRUCTORS)
@given(text=st.text())
def test_any_text_is_right_or_a_bad_term(make: Callable[..., object], text: str) -> None:
    right_or_bad(make, text)


@pytest.mark.parametrize("make", CONSTRUCTORS[:-1])
@pytest.mark.parametrize("value", OTHER_THINGS, ids=lambda value: type(value).__name__)
def test_what_is_no_text_is_refused(make: Callable[..., object], value: object) -> None:
    with pytest.raises(BadTerm):
        make(value)


@pytest.mark.parametrize(
    "value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1E-999999", "-1", "1E+21"]
)
def test_numbers_that_are_none_are_refused_at_once(value: str) -> None:
    with pytest.raises(BadTerm):
        Quantity(Decimal(value), UnitCode("KGM"))
    if value != "-1":
        with pytest.raises(BadTerm):
            Money(Decimal(value), Currency("KES"))


def test_a_float_is_no_quantity_and_no_money() -> None:
    with pytest.raises(BadTerm, match="never a float"):
        Quantity(1.5, UnitCode("KGM"))  # type: ignore[arg-type]
    with pytest.raises(BadTerm, match="never a float"):
        Money(1.5, Currency("KES"))  # type: ignore[arg-type]
