"""Partner agencies: cards, keys that end, votes that count."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm, InputError, RuleViolation, VerificationError, WrongState
from clearway.identity import card as cards
from clearway.identity import rules_agencies as rules
from clearway.identity.actions.admit_agency import admit_agency, entitle_agency
from clearway.identity.actions.cast_vote import cast_vote, propose
from clearway.identity.actions.change_agency_keys import lose_key, rotate_keys
from clearway.identity.actions.dismiss_agency import (
    dismiss_agency,
    resume_agency,
    suspend_agency,
)
from clearway.identity.agencies import Agency, KeyKind, Status
from clearway.identity.card import Card, SignedCard
from clearway.identity.tables_agencies import PROJECTIONS, get_agency, list_agencies
from clearway.identity.votes import Majority, Outcome, Proposal, Vote, count
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OWN = "own.example/border"


def seed(text: str) -> bytes:
    return text.encode().ljust(32, b".")


def card_file(name: str, *, log: str = "", extra: tuple[str, ...] = ()) -> bytes:
    """Return the signed card of an agency; `log` names another log key, `extra` sign as well."""
    origin = f"{name}.example/border"
    signer = Signer.from_seed(origin, seed(log or f"{name}-log"))
    witness = Cosigner.from_seed(f"{origin}/witness", seed(f"{name}-witness"))
    olds = [Signer.from_seed(origin, seed(each)) for each in extra]
    card = Card(
        cards.FORM, name, "KE", origin, (signer.verifier.vkey,), (witness.verifier.vkey,),
        "", "", f"https://{name}.example", f"https://{name}.example/v1/witness",
    )  # fmt: skip
    sign = [signer.signature_line, lambda text: witness.cosign(text, NOON)]
    return cards.emit(card, [*sign, *(old.signature_line for old in olds)])


def signed(name: str) -> SignedCard:
    return cards.parse(card_file(name))


def admit(act: Any, name: str) -> Any:
    return admit_agency(act, signed(name), own_origin=OWN, own_keys=())


@pytest.fixture
def room(store: Callable[..., Any]) -> Any:
    return store(PROJECTIONS)


def agency(room: Any, name: str) -> Agency:
    with room.engine.connect() as connection:
        return get_agency(connection, f"{name}_example_border")


def test_a_card_round_trips_and_reads_the_same_by_voice() -> None:
    read = signed("kenya")
    assert read.card.agency == "kenya_example_border"
    spoken = cards.fingerprint(read.card)
    assert [len(group) for group in spoken.split()] == [5] * 10
    assert spoken == cards.fingerprint(signed("kenya").card)
    assert spoken != cards.fingerprint(signed("uganda").card)


def test_a_card_that_its_own_keys_did_not_sign_is_refused() -> None:
    whole = json.loads(card_file("kenya"))
    other = json.loads(card_file("uganda"))
    for bad in (
        whole | {"card": whole["card"].replace("KE", "UG")},
        whole | {"note": other["note"]},
        whole | {"note": "\n".join(whole["note"].split("\n")[:-2]) + "\n"},
        whole | {"card": other["card"]},
    ):
        with pytest.raises(VerificationError):
            cards.parse(json.dumps(bad).encode())


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_cards(data: bytes) -> None:
    with pytest.raises((InputError, VerificationError)):
        cards.parse(data)


@pytest.mark.parametrize(
    "url", ["ftp://a", "https://", "https://u@a", "https://a/?q", "javascript:1", "http://a:99999"]
)
def test_an_address_that_is_no_door_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        cards.require_url(url)


def test_an_agency_joins_by_its_card_and_only_once(room: Any) -> None:
    room.act(admit, "kenya")
    found = agency(room, "kenya")
    assert (found.status, found.name, found.url) == ("joined", "kenya", "https://kenya.example")
    assert len(found.log_vkeys) == len(found.witness_vkeys) == 1
    with pytest.raises(WrongState):
        room.act(admit, "kenya")
    room.act(entitle_agency, found.id, ["certificate.issued/1"])
    assert agency(room, "kenya").entitlements == ("certificate.issued/1",)
    rules = [
        "certificate.* where body.certificate.key.country=XB",
        "parcel.weighed/1 fields number",
    ]
    room.act(entitle_agency, found.id, rules)
    assert agency(room, "kenya").entitlements == tuple(rules)
    for wrong in ("everything", "parcel.weighed/1 fields", "parcel.* where body=", "x" * 600):
        with pytest.raises(BadTerm):
            room.act(entitle_agency, found.id, ["parcel.weighed/1", wrong])


def test_a_key_of_one_agency_cannot_come_in_under_another_name(room: Any) -> None:
    room.act(admit, "kenya")
    stolen = cards.parse(card_file("uganda", log="kenya-log"))
    with pytest.raises(RuleViolation, match="belongs to"):
        room.act(lambda act: admit_agency(act, stolen, own_origin=OWN, own_keys=()))
    own = signed("uganda").card.log_vkeys
    with pytest.raises(RuleViolation, match="this node"):
        room.act(lambda act: admit_agency(act, signed("uganda"), own_origin=OWN, own_keys=own))


def test_a_rotated_log_key_holds_up_to_a_size(room: Any) -> None:
    room.act(admit, "kenya")
    old = agency(room, "kenya").log_vkeys[0]
    unsigned = cards.parse(card_file("kenya", log="new"))
    with pytest.raises(RuleViolation, match="by voice"):
        room.act(lambda act: rotate_keys(act, unsigned, own_keys=(), size=40))
    data = card_file("kenya", log="new", extra=("kenya-log",))
    newer = cards.parse(data, [old])
    with pytest.raises(RuleViolation, match="until-size"):
        room.act(lambda act: rotate_keys(act, newer, own_keys=()))
    room.act(lambda act: rotate_keys(act, newer, own_keys=(), size=40))
    found = agency(room, "kenya")
    new = newer.card.log_vkeys[0]
    assert found.log_vkeys == (old, new)
    assert found.keys_at(KeyKind.LOG, NOON, 40) == (old, new)
    assert found.keys_at(KeyKind.LOG, NOON, 41) == (new,)


def test_a_lost_key_ends_at_once_and_never_comes_back(room: Any) -> None:
    room.act(admit, "kenya")
    found = agency(room, "kenya")
    room.act(lose_key, found.id, KeyKind.WITNESS, found.witness_vkeys[0])
    after = agency(room, "kenya")
    assert after.witness_vkeys == () and rules.witnesses_among([after]) == []
    assert after.keys_at(KeyKind.WITNESS, NOON - timedelta(days=1)) == found.witness_vkeys
    with pytest.raises(WrongState):
        room.act(lose_key, found.id, KeyKind.WITNESS, found.witness_vkeys[0])
    with pytest.raises(RuleViolation, match="cannot come back"):
        room.act(lambda act: rotate_keys(act, signed("kenya"), own_keys=()))


def test_an_agency_is_suspended_resumed_and_leaves(room: Any) -> None:
    room.act(admit, "kenya")
    id = agency(room, "kenya").id
    room.act(suspend_agency, id, "audit")
    assert not agency(room, "kenya").takes_part
    room.act(resume_agency, id, "audited")
    room.act(lambda act: dismiss_agency(act, id, "over", own_origin=OWN))
    assert agency(room, "kenya").status is Status.LEFT
    with pytest.raises(WrongState):
        room.act(lambda act: dismiss_agency(act, id, "over", own_origin=OWN))
    room.act(admit, "kenya")
    assert agency(room, "kenya").takes_part


def test_from_four_agencies_on_the_next_is_admitted_by_two_thirds(room: Any) -> None:
    for name in ("kenya", "uganda", "rwanda"):
        room.act(admit, name)
    with pytest.raises(WrongState, match="by vote"):
        room.act(admit, "burundi")
    subject = "burundi.example/border"
    proposal = room.act(lambda act: propose(act, "admit", subject, "", term="1", own_origin=OWN))
    assert len(proposal.electorate) == 4
    for voter in (OWN, "kenya.example/border"):
        room.act(lambda act, voter=voter: cast_vote(act, proposal, True, own_origin=voter))
    with pytest.raises(WrongState, match="recorded"):
        room.act(lambda act: cast_vote(act, proposal, True, own_origin=OWN))
    with pytest.raises(WrongState, match="by vote"):
        room.act(admit, "burundi")
    rwanda = "rwanda.example/border"
    room.act(lambda act: cast_vote(act, proposal, True, own_origin=rwanda))
    room.act(admit, "burundi")
    with pytest.raises(WrongState, match="by vote"):
        room.act(lambda act: dismiss_agency(act, "kenya_example_border", "", own_origin=OWN))
    room.act(
        lambda act: dismiss_agency(
            act, "kenya_example_border", "", own_origin=OWN, is_own_wish=True
        )
    )
    with room.engine.connect() as connection:
        assert len(list_agencies(connection)) == 4


def test_a_proposal_with_other_voters_than_take_part_is_refused(room: Any) -> None:
    room.act(admit, "kenya")
    alone = Proposal("quorum", "", "1", "1", (OWN,))
    with pytest.raises(RuleViolation, match="other voters"):
        room.act(lambda act: cast_vote(act, alone, True, own_origin=OWN))
    for bad in (
        replace(alone, kind="war"), replace(alone, value="0"), replace(alone, value=""),
        replace(alone, subject="x"), replace(alone, value="9" * 99),
    ):  # fmt: skip
        with pytest.raises(RuleViolation):
            room.act(lambda act, bad=bad: cast_vote(act, bad, True, own_origin=OWN))


VOTERS = tuple("abcdefg")


@given(st.lists(st.tuples(st.sampled_from("abcdefgxyz"), st.booleans()), max_size=30), st.randoms())
def test_the_count_does_not_depend_on_the_order_of_votes(
    cast: list[tuple[str, bool]], chance: Any
) -> None:
    proposal = Proposal("quorum", "", "2", "1", VOTERS)
    votes = [Vote(proposal, voter, yes) for voter, yes in cast]
    tally = count(proposal, votes)
    chance.shuffle(votes)
    assert count(proposal, votes) == tally
    assert tally.yes + tally.no <= len(VOTERS)
    assert (tally.outcome is Outcome.CARRIED) == (tally.yes * 3 >= len(VOTERS) * 2)


def test_nobody_carries_nothing() -> None:
    assert count(Proposal("quorum", "", "2", "1", ()), []).outcome is Outcome.REJECTED
    assert [Majority().needed(n) for n in (1, 2, 3, 4, 5, 6, 7)] == [1, 2, 2, 3, 4, 4, 5]


@pytest.mark.parametrize(("n", "advised", "survives"), [
    (1, False, 0), (2, False, 0), (3, False, 0), (4, True, 1), (6, True, 1), (7, True, 2),
])  # fmt: skip
def test_fewer_than_four_agencies_are_told_witnesses_only(
    n: int, advised: bool, survives: int
) -> None:
    advice = rules.order_advice(n)
    assert (advice.is_order_advised, advice.survives) == (advised, survives)
    assert ("witnesses only" in advice.title) is not advised
    assert advice.reason


def test_the_policy_counts_each_agency_once(room: Any) -> None:
    for name in ("kenya", "uganda"):
        room.act(admit, name)
    with room.engine.connect() as connection:
        agencies = list_agencies(connection)
    log = Signer.from_seed(OWN, seed("own")).verifier.vkey
    assert len(Quorum.parse(rules.policy_text([log], agencies, 2)).witnesses) == 2
    assert Quorum.parse(rules.policy_text([log], agencies, 0)).required == "none"
    with pytest.raises(RuleViolation):
        rules.policy_text([log], agencies, 3)
    assert [rules.default_quorum(n) for n in range(6)] == [0, 1, 2, 2, 3, 3]
