"""Bodies of facts: dataclasses to JSON and back, own types included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.ledger.fact import FactBody, decode, encode


class Code(str):
    """One of our own types: it validates itself."""

    __slots__ = ()

    def __new__(cls, value: str) -> Code:
        if not value.isupper():
            raise ValueError("must be upper case")
        return super().__new__(cls, value)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Line:
    code: Code
    mass_kg: Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    TYPE: ClassVar[str] = "sample.taken/1"
    code: Code
    colour: Colour
    at: datetime
    lines: tuple[Line, ...]
    note: str | None = None


SAMPLE = Sample(
    Code("AB"), Colour.RED, datetime(2026, 3, 2, tzinfo=UTC), (Line(Code("C"), Decimal("1.50")),)
)


def test_a_body_round_trips_with_its_types() -> None:
    back = decode(encode(SAMPLE), Sample)
    assert back == SAMPLE
    assert type(back.code) is Code
    assert type(back.lines[0].mass_kg) is Decimal
    assert str(back.lines[0].mass_kg) == "1.50"


def test_the_text_is_plain_json_in_the_order_of_the_fields() -> None:
    assert encode(SAMPLE) == (
        b'{"code":"AB","colour":"red","at":"2026-03-02T00:00:00Z",'
        b'"lines":[{"code":"C","mass_kg":"1.50"}],"note":null}'
    )


def test_a_body_names_its_type_outside_the_text() -> None:
    assert isinstance(SAMPLE, FactBody)
    assert b"sample.taken" not in encode(SAMPLE)


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b'{"code":"ab","colour":"red","at":"2026-03-02T00:00:00Z","lines":[]}', b"[1]"],
)
def test_a_body_that_does_not_fit_is_refused(text: bytes) -> None:
    with pytest.raises((msgspec.ValidationError, msgspec.DecodeError, ValueError)):
        decode(text, Sample)


def test_a_later_member_does_not_disturb_an_older_reader() -> None:
    text = encode(SAMPLE)[:-1] + b',"later":1}'
    assert decode(text, Sample) == SAMPLE


def test_what_has_no_json_form_is_not_recorded() -> None:
    with pytest.raises(TypeError, match="complex has no JSON form"):
        encode({"a": 1j})


@given(instant=st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_kept_to_the_microsecond(instant: datetime) -> None:
    assert from_microseconds(to_microseconds(instant)) == instant
