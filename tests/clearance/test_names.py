"""Names of one party on two documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.clearance.names import agree, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Société Générale d'Import S.A.R.L.", "SOCIETE GENERALE D IMPORT"),
        ("Ærø Fisk A/S", "AERO FISK AS"),
        ("Kenya Flora Export Ltd.", "Kenya Flora Exporters Limited"),
        ("Nordsee Fischhandel GmbH & Co. KG", "Nordsee Fischhandel"),
        ("Agrícola San José S.A.C.", "AGRICOLA SAN JOSE SAC"),
        ("Müller, Hans", "Hans Mueller"),
        ("Tropical Fruits (Pty) Ltd, Durban", "TROPICAL FRUITS"),
        ("Großmarkt Hamburg", "GROSSMARKT HAMBURG"),
        ("Sea Food", "Seafood Co"),
    ],
)
def test_one_party_written_in_two_ways_is_one_party(one: str, other: str) -> None:
    assert agree(one, other) is True
    assert agree(other, one) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kenya Flora Export Ltd", "Mombasa Fish Traders Ltd"),
        ("Green Valley Farms", "Blue Ocean Fisheries"),
    ],
)
def test_two_parties_are_not_one_because_both_are_limited(one: str, other: str) -> None:
    assert agree(one, other) is False


@pytest.mark.parametrize(("one", "other"), [("", "X Ltd"), ("X", ""), ("شركة النور", "Al Noor")])
def test_absent_names_and_other_scripts_are_not_compared(one: str, other: str) -> None:
    assert agree(one, other) is None


def test_a_name_of_legal_forms_only_keeps_them() -> None:
    assert tokens("Co. Ltd") == ("co", "ltd")


@given(st.text(max_size=60), st.text(max_size=60))
def test_comparing_any_two_texts_ends_with_the_same_answer_both_ways(one: str, other: str) -> None:
    assert agree(one, other) == agree(other, one)


@given(st.text(min_size=1, max_size=60))
def test_a_name_agrees_with_itself_if_it_says_anything(name: str) -> None:
    assert agree(name, name) is (True if tokens(name) else None)
