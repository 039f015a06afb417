"""The JSON door: what RFC 8259 requires, and what strangers try."""

from __future__ import annotations

import json as plain
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.wire import json
from clearway.wire.limits import Limits

# Two readers of one document must never see different values.
REFUSED_ON_PURPOSE = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def suite(shared_data: Path, prefix: str) -> list[Path]:
    return sorted((shared_data / "hostile/json/test_parsing").glob(f"{prefix}_*.json"))


def test_every_text_that_must_be_accepted_is_accepted(shared_data: Path) -> None:
    cases = suite(shared_data, "y")
    assert len(cases) == 95
    for case in cases:
        if case.name not in REFUSED_ON_PURPOSE:
            json.parse(case.read_bytes())


def test_every_text_that_must_be_refused_is_refused(shared_data: Path) -> None:
    cases = suite(shared_data, "n")
    assert len(cases) == 188
    for case in cases:
        with pytest.raises(InputError):
            json.parse(case.read_bytes())


def test_free_cases_never_fail_in_another_way(shared_data: Path) -> None:
    for case in suite(shared_data, "i"):
        try:
            value = json.parse(case.read_bytes())
        except InputError:
            continue
        plain.dumps(value, ensure_ascii=False, default=str).encode()


@given(values)
def test_what_was_written_is_read(value: object) -> None:
    assert json.parse(plain.dumps(value).encode(), limits=Limits(digits=5000)) == value


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        json.parse(data)
    except InputError as error:
        assert error.detail


def test_the_name_that_stands_twice_is_named() -> None:
    with pytest.raises(MalformedMessage, match="'gross_mass_kg' stands twice"):
        json.parse(b'{"gross_mass_kg": "1", "a": {}, "gross_mass_kg": "2"}')


def test_duplicate_names_hide_in_no_escape() -> None:
    with pytest.raises(MalformedMessage, match="stands twice"):
        json.parse(rb'{"mrn": 1, "\u006drn": 2}')


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_values_that_are_no_numbers_are_refused(constant: str) -> None:
    with pytest.raises(MalformedMessage, match=constant):
        json.parse(f'{{"mass": {constant}}}'.encode())


def test_fractions_are_exact() -> None:
    assert json.parse(b"[0.1, 1E3, 7]") == [Decimal("0.1"), Decimal("1E3"), 7]


@pytest.mark.parametrize("number", ["9" * 129, "1e1000", "1E+999999999999999999", "0." + "1" * 200])
def test_numbers_of_absurd_size_are_refused_and_not_computed(number: str) -> None:
    with pytest.raises(TooLarge, match="number"):
        json.parse(number.encode())


def test_wrong_utf8_names_byte_and_line() -> None:
    with pytest.raises(MalformedMessage, match=r"Byte 11 \(line 2\) is 0xFF") as caught:
        json.parse(b'{\n "name": \xff}'.replace(b'"name": ', b'"name":'))
    assert caught.value.fields == {"byte": 11, "line": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'"' + b'\\"' * 500_000,
        b'["' * 300_000,
        b"[" + b"1," * 400_000 + b"1]",
        b"x" * 50_000_000,
        b'{"a":"' + b"\\ud83d\\ude00" * 80_000 + b'"',
    ],
    ids=["arrays", "objects", "unended", "quotes", "values", "50 MB", "escapes"],
)
def test_bombs_are_refused_quickly(data: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(InputError):
        json.parse(data)
    assert time.perf_counter() - began < 1


def test_an_empty_message_says_so() -> None:
    with pytest.raises(MalformedMessage, match="empty"):
        json.parse(b"")


def test_a_byte_order_mark_is_dropped() -> None:
    assert json.parse(b"\xef\xbb\xbf{}") == {}
