"""The state machine: every rule, and whatever bytes come, no raise and no second use."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.order.apply import Block, apply_block
from clearway.ledger.order.encoding import MAX_TRANSACTION, decode
from clearway.ledger.order.governance import Governance, validator_updates
from clearway.ledger.order.memory import MemoryBook
from clearway.ledger.order.model import (
    Agency,
    Code,
    LogRoot,
    Outcome,
    QuotaOpening,
    Reference,
    Use,
    Vote,
)
from clearway.ledger.order.state import Head, decode_outcome, encode_outcome

from .conftest import NAMES, ORDER, agency_of, batch_of, digest, signer_of, use_of

GENESIS = Head.genesis(ORDER, Governance.genesis(tuple(map(agency_of, NAMES))))
QUOTA = digest("quota")


class World:
    """Applies block after block in memory."""

    def __init__(self) -> None:
        self.head, self.book = GENESIS, MemoryBook()

    def block(self, *transactions: bytes) -> Block:
        block = apply_block(self.head, self.book, transactions, self.head.height + 1)
        self.book.take(block)
        self.head = block.after
        return block

    def do(self, name: str, key: object, *items: object) -> Outcome:
        transaction = signer_of(name).sign(batch_of(key, *items))  # type: ignore[arg-type]
        block = self.block(transaction)
        return block.entries[0].outcome if block.entries else Outcome(Code.MALFORMED)


def codes(outcome: Outcome) -> list[Code]:
    return [item.code for item in outcome.items]


def test_a_nullifier_is_used_once_and_the_second_user_gets_the_first_use() -> None:
    world = World()
    assert world.do("customs", 1, use_of("a"), use_of("b")).code is Code.ACCEPTED
    second = world.do("port", 2, use_of("b"), use_of("c"))
    assert second.code is Code.SOME_REFUSED
    assert codes(second) == [Code.USED_BEFORE, Code.ACCEPTED]
    assert second.items[0].first == Reference(0, 1)


def test_a_nullifier_twice_in_one_batch_is_used_once() -> None:
    outcome = World().do("customs", 1, use_of("a"), use_of("a"))
    assert codes(outcome) == [Code.ACCEPTED, Code.USED_BEFORE]
    assert outcome.items[1].first == Reference(0, 0)


def test_a_quota_is_drawn_to_its_limit_and_not_beyond() -> None:
    world = World()
    assert codes(world.do("port", 0, Use(QUOTA, "h", 1))) == [Code.QUOTA_UNKNOWN]
    world.do("customs", 1, QuotaOpening(QUOTA, 10))
    drawn = world.do("port", 2, Use(QUOTA, "h", 7), Use(QUOTA, "h", 4), Use(QUOTA, "h", 3))
    assert codes(drawn) == [Code.ACCEPTED, Code.QUOTA_EXHAUSTED, Code.ACCEPTED]
    assert [item.left for item in drawn.items] == [3, 3, 0]
    assert codes(world.do("port", 3, QuotaOpening(QUOTA, 99))) == [Code.QUOTA_OF_ANOTHER]
    assert codes(world.do("customs", 4, QuotaOpening(QUOTA, 9))) == [Code.LIMIT_BELOW_DRAWN]
    assert codes(world.do("customs", 5, QuotaOpening(QUOTA, 12))) == [Code.ACCEPTED]
    assert codes(world.do("port", 6, Use(QUOTA, "h", 2))) == [Code.ACCEPTED]


def test_a_quota_is_no_nullifier_and_a_nullifier_no_quota() -> None:
    world = World()
    world.do("customs", 1, QuotaOpening(QUOTA, 10), use_of("a"))
    assert codes(world.do("customs", 2, Use(QUOTA, "h"))) == [Code.IS_A_QUOTA]
    assert codes(world.do("customs", 3, QuotaOpening(digest("a"), 1))) == [Code.USED_BEFORE]


def test_a_log_s_head_only_grows_and_has_one_root_and_one_agency() -> None:
    world = World()
    root, other = digest("root"), digest("other")
    assert codes(world.do("customs", 1, LogRoot("c/log", 5, root))) == [Code.ACCEPTED]
    assert codes(world.do("customs", 2, LogRoot("c/log", 5, root))) == [Code.ACCEPTED]
    assert codes(world.do("customs", 3, LogRoot("c/log", 5, other))) == [Code.ROOT_CONFLICT]
    assert codes(world.do("customs", 4, LogRoot("c/log", 4, root))) == [Code.ROOT_STALE]
    assert codes(world.do("port", 5, LogRoot("c/log", 6, root))) == [Code.ORIGIN_OF_ANOTHER]
    assert codes(world.do("customs", 6, LogRoot("c/log", 6, other))) == [Code.ACCEPTED]


def refused(world: World, transaction: bytes) -> Code:
    block = apply_block(world.head, world.book, [transaction], 99)
    assert block.after.app_hash == world.head.app_hash
    assert not block.entries
    from clearway.ledger.order.apply import Draft

    return Draft(world.head, world.book).check(transaction).code


def test_what_is_not_authentic_changes_nothing() -> None:
    world = World()
    fine = signer_of("customs").sign(batch_of(1, use_of("a")))
    assert refused(world, fine[:-1] + bytes([fine[-1] ^ 1])) is Code.BAD_SIGNATURE
    assert refused(world, fine + b"\x00") in (Code.MALFORMED, Code.BAD_SIGNATURE)
    assert refused(world, b"") is Code.MALFORMED
    stranger = signer_of("stranger").sign(batch_of(1, use_of("a")))
    assert refused(world, stranger) is Code.UNKNOWN_AGENCY
    elsewhere = signer_of("customs", "other-order").sign(batch_of(1, use_of("a")))
    assert refused(world, elsewhere) is Code.OTHER_ORDER


def test_a_transaction_again_is_a_replay_in_the_same_block_and_later() -> None:
    world = World()
    draw = signer_of("port").sign(batch_of(2, Use(QUOTA, "h", 4)))
    world.do("customs", 1, QuotaOpening(QUOTA, 10))
    assert len(world.block(draw, draw).entries) == 1
    assert refused(world, draw) is Code.REPLAYED
    assert world.book.quotas[QUOTA].drawn == 4


def test_a_forged_copy_first_does_not_keep_the_true_one_out() -> None:
    world = World()
    fine = signer_of("customs").sign(batch_of(1, use_of("a")))
    block = world.block(fine[:-64] + bytes(64), fine)
    assert [entry.outcome.code for entry in block.entries] == [Code.ACCEPTED]


def newcomer(power: int = 1) -> Agency:
    return replace(agency_of("rail"), power=power)


def test_a_change_needs_more_than_two_thirds_of_the_power() -> None:
    world = World()
    wanted = Vote(0, newcomer())
    for name in ("customs", "health", "customs"):
        assert codes(world.do(name, (name, world.head.height), wanted)) == [Code.ACCEPTED]
    carried = world.block(signer_of("port").sign(batch_of(3, wanted)))
    assert codes(carried.entries[0].outcome) == [Code.CARRIED]
    governance = carried.after.governance
    assert governance.epoch == 1
    assert governance.find("rail") == newcomer()
    updates = validator_updates(carried.before.governance, governance)
    assert updates == ((newcomer().validator, 1),)
    assert codes(world.do("plant", 4, wanted)) == [Code.VOTE_STALE]
    assert world.do("rail", 5, use_of("by the newcomer")).code is Code.ACCEPTED


def test_a_lost_key_is_replaced_by_the_others_and_counts_no_more() -> None:
    world = World()
    fresh = signer_of("fresh-key-of-port")
    wanted = Vote(0, replace(agency_of("port"), key=fresh.public_key))
    for name in ("customs", "health", "plant"):
        world.do(name, name, wanted)
    lost = signer_of("port").sign(batch_of("by the thief", use_of("a")))
    assert refused(world, lost) is Code.BAD_SIGNATURE


def test_a_change_that_makes_no_sense_is_refused() -> None:
    world = World()
    twin = replace(newcomer(), key=agency_of("port").key)
    for key, change in enumerate(
        (twin, agency_of("port"), newcomer(power=0), replace(newcomer(), validator=b""))
    ):
        assert codes(world.do("customs", key, Vote(0, change))) == [Code.CHANGE_REFUSED]


def test_a_batch_too_large_is_refused_before_it_is_sent() -> None:
    roots = [LogRoot("x" * 255, 1, digest("root"))] * 512
    with pytest.raises(TooLarge):
        signer_of("customs").sign(batch_of(1, *roots))
    with pytest.raises(TooLarge):
        decode(bytes(MAX_TRANSACTION + 1))


@given(st.binary(max_size=400))
def test_no_bytes_are_read_but_those_of_the_one_form(data: bytes) -> None:
    for candidate in (data, b"CWO\x01" + data):
        with pytest.raises((MalformedMessage, TooLarge)):
            decode(candidate)


# A small world in which things clash often.
_things = st.integers(0, 5).map(digest)
_items = st.one_of(
    st.builds(Use, _things, st.just("h"), st.none() | st.integers(1, 6)),
    st.builds(QuotaOpening, _things, st.integers(1, 12)),
    st.builds(LogRoot, st.sampled_from(["a/log", "b/log"]), st.integers(1, 3), _things),
    st.builds(Vote, st.integers(0, 2), st.sampled_from([newcomer(), newcomer(2), newcomer(0)])),
)
_signed = st.builds(
    lambda name, key, items, order: signer_of(name, order).sign(batch_of(key, *items)),
    st.sampled_from([*NAMES, "rail", "stranger"]),
    st.integers(0, 9),
    st.lists(_items, min_size=1, max_size=4),
    st.sampled_from([ORDER, ORDER, ORDER, "other-order"]),
)
_broken = st.builds(
    lambda whole, at, flip: (
        whole[: at % len(whole)] + bytes([whole[at % len(whole)] ^ flip])
        + whole[at % len(whole) + 1 :]
    ),
    _signed,
    st.integers(0, 10_000),
    st.integers(1, 255),
)  # fmt: skip
_blocks = st.lists(st.lists(_signed | _broken | st.binary(max_size=80), max_size=5), max_size=5)


@settings(max_examples=150)
@given(_blocks)
def test_whatever_comes_rules_hold_and_every_member_agrees(blocks: list[list[bytes]]) -> None:
    one, two = World(), World()
    for transactions in blocks:
        first, second = one.block(*transactions), two.block(*transactions)
        assert first.after.app_hash == second.after.app_hash
        for entry in first.entries:
            assert decode_outcome(encode_outcome(entry.outcome)) == entry.outcome
        # Cut into other blocks, the same order has the same trees.
    singly = World()
    for transactions in blocks:
        for transaction in transactions:
            singly.block(transaction)
    assert singly.head.app_hash == one.head.app_hash
    for_good = [use.nullifier for use in one.book.uses if use.draws is None]
    assert len(for_good) == len(set(for_good))
    for quota in one.book.quotas.values():
        draws = [use.draws or 0 for use in one.book.uses if use.nullifier == quota.id]
        assert sum(draws) == quota.drawn <= quota.limit


class Forgetful(MemoryBook):
    """A member with a defect: it does not find what was used."""

    def used(self, nullifier: bytes) -> None:
        return None


def test_a_member_that_judges_otherwise_has_another_app_hash() -> None:
    """The control: were a rule broken, members would not agree, and the engine would stop."""
    honest, broken = World(), World()
    broken.book = Forgetful()
    for world in (honest, broken):
        world.do("customs", 1, use_of("a"))
    assert honest.head.app_hash == broken.head.app_hash
    for world in (honest, broken):
        world.do("port", 2, use_of("a"))
    assert honest.head.app_hash != broken.head.app_hash
