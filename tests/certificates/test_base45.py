"""Base45: vectors of RFC 9285, and what no bytes have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates.formats import base45
from clearway.errors import MalformedMessage

# RFC 9285, 4.3 and 4.4.
VECTORS = [
    (b"AB", "BB8"),
    (b"Hello!!", "%69 VD92EX0"),
    (b"base-45", "UJCLQE7W581"),
    (b"ietf!", "QED8WEX0"),
]


@pytest.mark.parametrize(("data", "text"), VECTORS)
def test_the_vectors_of_the_rfc_hold_both_ways(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=300))
def test_what_is_encoded_is_decoded(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=60))
def test_a_text_is_decoded_to_bytes_that_have_this_text_or_refused(text: str) -> None:
    try:
        data = base45.decode(text)
    except MalformedMessage:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize(
    "text", ["GGW", ":::", "A", "ABCA", "a00", "BB8!", "ÄBC", "ZZ", "\x00\x00\x00"]
)
def test_what_no_bytes_have_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        base45.decode(text)


def test_the_largest_group_is_taken_and_the_next_refused() -> None:
    assert base45.decode("FGW") == b"\xff\xff"
    with pytest.raises(MalformedMessage, match="too large"):
        base45.decode("GGW")
