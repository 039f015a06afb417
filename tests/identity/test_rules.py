"""Which accounts may be opened, which passwords stand, how long a session lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm, RuleViolation
from clearway.identity import rules
from clearway.identity.model import ActorKind, Role
from clearway.terms.identifiers import PartyId

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PARTY = PartyId("KE0001")
OFFICER, TRADER = ActorKind.OFFICER, ActorKind.TRADER


def codes(
    account: str = "amina",
    kind: ActorKind = OFFICER,
    agency: str = "customs",
    roles: frozenset[Role] = frozenset({Role.CUSTOMS_OFFICER}),
    party: PartyId | None = None,
) -> list[str]:
    return [finding.code for finding in rules.check_account(account, kind, agency, roles, party)]


def test_an_ordinary_officer_and_trader_stand() -> None:
    assert codes() == []
    assert codes(kind=TRADER, roles=frozenset({Role.TRADER, Role.BROKER}), party=PARTY) == []


@pytest.mark.parametrize("name", ["", "a b", "-a", "a" * 65, "a\n", "é", "officer:amina"])
def test_IDN_R01_an_account_name_is_plain(name: str) -> None:
    assert codes(account=name) == ["IDN_R01"]


@pytest.mark.parametrize("agency", ["", "Customs", "plant health", "1a"])
def test_IDN_R02_an_agency_code_is_plain(agency: str) -> None:
    assert codes(agency=agency) == ["IDN_R02"]


def test_IDN_R03_roles_go_with_the_kind() -> None:
    assert codes(roles=frozenset({Role.TRADER})) == ["IDN_R03"]
    assert codes(roles=frozenset()) == ["IDN_R03"]
    assert codes(kind=TRADER, party=PARTY) == ["IDN_R03"]
    assert codes(kind=ActorKind.DEVICE, roles=frozenset({Role.WORKER})) == ["IDN_R03"]


@pytest.mark.parametrize("alone", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_IDN_R04_who_keeps_or_audits_the_node_decides_nothing(alone: Role) -> None:
    assert codes(roles=frozenset({alone})) == []
    assert codes(roles=frozenset({alone, Role.CUSTOMS_OFFICER})) == ["IDN_R04"]


def test_IDN_R05_a_trader_has_a_party_number() -> None:
    assert codes(kind=TRADER, roles=frozenset({Role.TRADER})) == ["IDN_R05"]


def test_IDN_R06_an_officer_acts_for_no_party() -> None:
    assert codes(party=PARTY) == ["IDN_R06"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RuleViolation) as caught:
        rules.require_account("", OFFICER, "", frozenset(), PARTY)
    assert len(caught.value.findings) == 4


@pytest.mark.parametrize(
    "password, complaint",
    [
        ("short", "12 to 128"),
        ("x" * 129, "12 to 128"),
        ("my name is AMINA!", "the account's name"),
        ("aaaabbbbaaaabbbb", "five different"),
    ],
)
def test_a_poor_password_is_refused_and_never_shown(password: str, complaint: str) -> None:
    with pytest.raises(BadTerm, match=complaint) as caught:
        rules.require_password(password, "amina")
    assert password not in str(caught.value.fields)


def test_a_long_password_of_plain_words_stands() -> None:
    rules.require_password("correct horse battery staple", "amina")


def test_the_first_five_attempts_are_free_then_the_wait_doubles() -> None:
    waits = [rules.wait_after(n, NOON, NOON).total_seconds() for n in range(9)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8]
    assert rules.wait_after(1_000_000, NOON, NOON) == timedelta(minutes=15)
    assert rules.wait_after(9, None, NOON) == timedelta(0)


@given(st.integers(0, 60), st.integers(0, 3600))
def test_no_wait_outlasts_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    wait = rules.wait_after(failures, NOON, NOON + timedelta(seconds=seconds))
    assert timedelta(0) <= wait <= timedelta(minutes=15) - timedelta(seconds=min(seconds, 900))


def test_a_session_ends_at_rest_and_after_a_shift() -> None:
    minute = timedelta(minutes=1)
    assert rules.session_lives(NOON, NOON, NOON + 29 * minute)
    assert not rules.session_lives(NOON, NOON, NOON + 30 * minute)
    late = NOON + timedelta(hours=12)
    assert rules.session_lives(NOON, late - minute, late - minute)
    assert not rules.session_lives(NOON, late - minute, late)
