from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clearway.node.clock import SteppedClock, seeded_entropy, utc_now

START = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_stepped_clock_stands_still_moves_forward_and_never_back() -> None:
    clock = SteppedClock(START)
    assert clock() == clock() == START
    clock.move_to(START + timedelta(hours=1))
    clock.move_to(START)
    assert clock() == START + timedelta(hours=1)


def test_the_machines_clock_is_aware_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


def test_seeded_entropy_repeats_itself() -> None:
    assert seeded_entropy(7)(32) == seeded_entropy(7)(32) != seeded_entropy(8)(32)
