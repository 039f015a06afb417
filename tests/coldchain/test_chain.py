"""The chain of a device's batches: gaps, order, replay, forks, restarts, keys."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.chain import (
    NOTHING,
    TAMPERED,
    Break,
    Chain,
    ChainFinding,
    Link,
    follow,
    gaps,
    is_around,
)

OLD, NEW = b"old key", b"new key"


def links(*runs: tuple[str, int], each: int = 10, key: bytes = NEW) -> list[Link]:
    """A device's history: for each start its name and how many batches it sealed."""
    made: list[Link] = []
    previous = NOTHING
    for boot_id, count in runs:
        for number in range(count):
            first = number * each
            digest = sha256(f"{boot_id} {first}".encode() + previous).digest()
            made.append(Link(boot_id, first, first + each - 1, previous, digest, key))
            previous = digest
    return made


def run(history: list[Link], chain: Chain | None = None) -> tuple[Chain, list[ChainFinding]]:
    chain = chain or Chain()
    said: list[ChainFinding] = []
    for link in history:
        chain, found = follow(chain, link)
        said += found
    return chain, said


HISTORY = links(("a", 4), ("b", 3), ("c", 2))


def test_an_honest_history_with_restarts_in_it_has_nothing_to_be_said_of() -> None:
    chain, said = run(HISTORY)
    assert said == []
    assert chain.links == tuple(HISTORY)
    assert gaps(chain.links) == ()


@given(st.permutations(HISTORY))
def test_in_whatever_order_batches_come_the_whole_chain_is_whole(order: list[Link]) -> None:
    chain, said = run(order)
    assert set(chain.links) == set(HISTORY)
    assert gaps(chain.links) == ()
    missing = [one for one in said if one.kind is Break.MISSING]
    filled = [one for one in said if one.kind is Break.FILLED]
    assert len(missing) == len(filled)
    assert {one.kind for one in said} <= {Break.MISSING, Break.FILLED}


@given(st.permutations(HISTORY), st.data())
def test_a_store_that_shows_only_the_links_around_gives_the_same_answer(
    order: list[Link], data: st.DataObject
) -> None:
    whole = Chain()
    again = data.draw(st.lists(st.sampled_from(HISTORY), max_size=3))
    for link in [*order, *again]:
        seen = tuple(one for one in whole.links if is_around(one, link))
        _, part = follow(Chain(seen), link)
        whole, full = follow(whole, link)
        assert [one.kind for one in part] == [one.kind for one in full]


def test_a_batch_that_was_left_out_is_seen_at_the_next_one_and_when_it_comes() -> None:
    before, lost, after = HISTORY[:2], HISTORY[2], HISTORY[3:5]
    chain, said = run([*before, *after])
    assert [(one.kind, one.link) for one in said] == [(Break.MISSING, HISTORY[3])]
    assert gaps(chain.links) == (HISTORY[3],)
    chain, said = run([lost], chain)
    assert [(one.kind, one.other) for one in said] == [(Break.FILLED, HISTORY[3])]
    assert gaps(chain.links) == ()


def test_a_tail_cut_off_before_a_restart_is_seen_after_it() -> None:
    whole = links(("a", 4), ("b", 1))
    _, said = run([*whole[:2], whole[4]])
    assert [one.kind for one in said] == [Break.MISSING]


@pytest.mark.parametrize("place", range(len(HISTORY)))
def test_a_replay_changes_nothing(place: int) -> None:
    chain, _ = run(HISTORY)
    after, said = run([HISTORY[place]], chain)
    assert after == chain
    assert [one.kind for one in said] == [Break.REPEATED]


@pytest.mark.parametrize("place", range(len(HISTORY)))
@pytest.mark.parametrize(
    "changes",
    [
        {"digest": bytes(31) + b"1"},
        {"digest": bytes(31) + b"1", "first_seq": 3},
        {"digest": bytes(31) + b"1", "previous": bytes(31) + b"2"},
        {"digest": bytes(31) + b"1", "boot_id": "other"},
    ],
)
def test_a_second_version_of_any_batch_is_a_fork_and_the_first_stands(
    place: int, changes: dict[str, object]
) -> None:
    chain, _ = run(HISTORY)
    forged = replace(HISTORY[place], **changes)  # type: ignore[arg-type]
    after, said = run([forged], chain)
    if forged.previous == NOTHING and forged.boot_id == "other":
        assert [one.kind for one in said] == [Break.UNLINKED]  # a second beginning
        return
    assert after == chain
    assert [one.kind for one in said] == [Break.FORKED]
    assert said[0].other in HISTORY


def test_numbers_that_run_against_the_chain_are_a_fork() -> None:
    first, second = HISTORY[1], HISTORY[2]
    early = replace(second, first_seq=0, last_seq=9)
    chain, _ = run([first])
    assert [one.kind for one in follow(chain, early)[1]] == [Break.FORKED]
    late = replace(first, first_seq=90, last_seq=99)
    chain, _ = run([second])
    assert [one.kind for one in follow(chain, late)[1]] == [Break.FORKED]


def test_numbers_that_were_never_sealed_are_told_but_the_batch_counts() -> None:
    first, second = HISTORY[0], HISTORY[1]
    gap = replace(second, first_seq=15, last_seq=24)
    for order in ([first, gap], [gap, first]):
        chain, said = run(order)
        assert Break.SKIPPED in {one.kind for one in said}
        assert set(chain.links) == {first, gap}
    assert "numbers 10 to 14 of 'a' were never sealed" in said[-1].message
    restarted = replace(HISTORY[4], first_seq=5)
    _, said = run([*HISTORY[:4], restarted])
    assert [one.kind for one in said] == [Break.SKIPPED]
    alone, said = run([replace(first, first_seq=2)])
    assert [one.kind for one in said] == [Break.SKIPPED] and len(alone.links) == 1


def test_a_device_that_forgot_its_past_is_told_and_goes_on() -> None:
    fresh = links(("z", 2))
    chain, said = run([*HISTORY, *fresh])
    assert [one.kind for one in said] == [Break.UNLINKED]
    assert gaps(chain.links) == ()


def test_a_new_key_goes_on_with_the_chain_and_the_old_one_comes_back_to_it_never() -> None:
    keys = (OLD, NEW)
    renewed = [replace(one, key_id=OLD) for one in HISTORY[:4]] + HISTORY[4:6]
    chain, said = run(renewed, Chain(keys=keys))
    assert said == []
    stolen = replace(HISTORY[6], key_id=OLD)
    after, said = run([stolen], chain)
    assert after == chain
    assert [one.kind for one in said] == [Break.OLD_KEY]
    assert {Break.FORKED, Break.OLD_KEY} == TAMPERED


def test_batches_of_the_old_key_may_come_after_those_of_the_new() -> None:
    renewed = [replace(one, key_id=OLD) for one in HISTORY[:4]] + HISTORY[4:]
    chain, said = run([*renewed[4:], *renewed[:4]], Chain(keys=(OLD, NEW)))
    assert Break.OLD_KEY not in {one.kind for one in said}
    assert gaps(chain.links) == ()
