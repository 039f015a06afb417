"""Containers, seals and modes of transport."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.terms.transport import TRANSPORT_MODES, ContainerNumber, SealNumber, check_digit

PREFIXES = st.builds(
    lambda owner, category, serial: f"{owner}{category}{serial:06d}",
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.sampled_from("UJZ"),
    st.integers(0, 999_999),
)


def test_the_example_of_the_standard_is_accepted() -> None:
    assert ContainerNumber("CSQU3054383") == "CSQU3054383"
    assert check_digit("CSQU305438") == "3"


def test_a_wrong_check_digit_is_refused_and_the_right_one_is_named() -> None:
    with pytest.raises(BadTerm, match="CSQU305438 gives 3"):
        ContainerNumber("CSQU3054384")


@given(PREFIXES)
def test_a_built_number_is_valid(prefix: str) -> None:
    number = ContainerNumber.build(prefix)
    assert ContainerNumber(str(number)) == number
    assert number[10] == check_digit(prefix)


@given(PREFIXES, st.integers(4, 8))
def test_two_neighbours_swapped_are_noticed(prefix: str, place: int) -> None:
    number = ContainerNumber.build(prefix)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped == number or number[10] == "0":
        return
    with pytest.raises(BadTerm):
        ContainerNumber(swapped)


def test_a_number_is_read_as_painted_on_the_door() -> None:
    assert ContainerNumber.read("csqu 305438-3") == "CSQU3054383"


@pytest.mark.parametrize("text", ["", "CSQX3054383", "CS1U3054383", "CSQU305438", "CSQU30543833"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadTerm, match="ISO 6346"):
        ContainerNumber(text)


@pytest.mark.parametrize("text", ["A", "ML-KE 0012345", "UL.4477/2", "9" * 35])
def test_a_seal_bears_what_its_maker_chose(text: str) -> None:
    assert SealNumber(text) == text


@pytest.mark.parametrize("text", ["", " A", "A ", "9" * 36, "A\nB", "<script>"])
def test_a_seal_number_is_printable_and_at_most_35_characters(text: str) -> None:
    with pytest.raises(BadTerm):
        SealNumber(text)


def test_modes_of_transport_are_those_of_recommendation_19() -> None:
    assert (TRANSPORT_MODES["1"], TRANSPORT_MODES["3"], len(TRANSPORT_MODES)) == (
        "maritime",
        "road",
        10,
    )
