"""Lanes: bounded, fair, and patient."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import TryLater
from clearway.ledger.lanes import Lanes


def lanes(lane_limit: int = 100, total_limit: int = 1000, **weights: int) -> Lanes[str]:
    return Lanes(lane_limit=lane_limit, total_limit=total_limit, weights=weights)


def test_one_lane_is_served_in_order() -> None:
    waiting = lanes()
    for item in "abc":
        waiting.put("amina", item)
    assert waiting.take(2) == ["a", "b"]
    assert waiting.take(2) == ["c"]
    assert len(waiting) == 0


def test_a_flood_in_one_lane_lets_others_pass_after_one_message() -> None:
    waiting = lanes(lane_limit=100_000, total_limit=100_000)
    for number in range(50_000):
        waiting.put("flood", f"f{number}")
    waiting.put("amina", "a")
    waiting.put("brook", "b")
    assert waiting.take(4) == ["f0", "a", "b", "f1"]


def test_a_heavier_lane_is_served_more_in_its_turn() -> None:
    waiting = lanes(port=3)
    for number in range(4):
        waiting.put("port", f"p{number}")
        waiting.put("amina", f"a{number}")
    assert waiting.take(8) == ["p0", "p1", "p2", "a0", "p3", "a1", "a2", "a3"]


@given(
    puts=st.lists(st.tuples(st.sampled_from("abcd"), st.integers()), max_size=60),
    most=st.integers(1, 7),
)
def test_nothing_is_lost_doubled_or_overtaken_within_its_lane(
    puts: list[tuple[str, int]], most: int
) -> None:
    waiting: Lanes[tuple[str, int]] = Lanes(lane_limit=100, total_limit=100)
    for lane, value in puts:
        waiting.put(lane, (lane, value))
    taken: list[tuple[str, int]] = []
    while batch := waiting.take(most, timeout_s=0):
        taken += batch
    assert len(taken) == len(puts)
    for lane in "abcd":
        assert [item for item in taken if item[0] == lane] == [
            item for item in puts if item[0] == lane
        ]


@given(counts=st.lists(st.integers(0, 30), min_size=2, max_size=6))
def test_while_all_have_some_waiting_none_is_more_than_one_ahead(counts: list[int]) -> None:
    waiting: Lanes[int] = Lanes(lane_limit=100, total_limit=1000)
    for lane, count in enumerate(counts):
        for _ in range(count):
            waiting.put(str(lane), lane)
    active = [lane for lane, count in enumerate(counts) if count]
    if not active:
        return
    least = min(counts[lane] for lane in active)
    served = waiting.take(least * len(active))
    assert {served.count(lane) for lane in active} == {least}


def test_a_full_lane_refuses_its_own_sender_only() -> None:
    waiting = lanes(lane_limit=2)
    waiting.put("flood", "1")
    waiting.put("flood", "2")
    with pytest.raises(TryLater, match="2 of your messages are waiting already") as refused:
        waiting.put("flood", "3")
    assert refused.value.fields == {"lane": "flood"}
    waiting.put("amina", "a")
    assert len(waiting) == 3


def test_too_much_in_all_lanes_refuses_everybody() -> None:
    waiting = lanes(total_limit=2)
    waiting.put("a", "1")
    waiting.put("b", "2")
    with pytest.raises(TryLater, match="too much waiting"):
        waiting.put("c", "3")


def test_a_lane_that_was_emptied_can_be_filled_again() -> None:
    waiting = lanes(lane_limit=1)
    for turn in range(3):
        waiting.put("amina", str(turn))
        assert waiting.take(5) == [str(turn)]


def test_a_closed_set_takes_nothing_more_but_gives_what_waits() -> None:
    waiting = lanes()
    waiting.put("amina", "a")
    waiting.close()
    with pytest.raises(TryLater, match="closing down"):
        waiting.put("amina", "b")
    assert waiting.is_closed
    assert waiting.take(5) == ["a"]
    assert waiting.take(5) == []


def test_whoever_waits_is_woken_by_the_first_message() -> None:
    waiting = lanes()
    threading.Timer(0.05, waiting.put, ("amina", "a")).start()
    assert waiting.take(5) == ["a"]


def test_waiting_ends_in_time() -> None:
    began = time.monotonic()
    assert lanes().take(5, timeout_s=0.05) == []
    assert 0.04 <= time.monotonic() - began < 2
