"""How far a device's counter has come, against a plain set of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.positions import (
    MOST_RUNS,
    MOST_SPANS,
    Position,
    holds,
    reach,
    runs_of,
    spans_of,
    wait,
)

batches = st.lists(st.sets(st.integers(0, 60), min_size=1), max_size=12)


@given(batches)
def test_the_mark_is_the_last_number_before_the_first_gap(sent: list[set[int]]) -> None:
    position, known = Position("r", "1"), set[int]()
    for numbers in sent:
        position = reach(position, runs_of(sorted(numbers)))
        known |= numbers
        gap = next(n for n in range(62) if n not in known)
        assert position.contiguous == gap - 1
        assert position.highest == max(known)
        assert all(holds(position, n) == (n in known) for n in range(62))


def test_of_too_many_gaps_the_highest_are_forgotten_and_nothing_is_claimed() -> None:
    position = reach(Position("r", "1"), runs_of(range(0, 4 * MOST_RUNS, 2)))
    assert len(position.beyond) == MOST_RUNS
    assert position.contiguous == 0
    assert not holds(position, 4 * MOST_RUNS - 2)
    whole = reach(position, runs_of(range(1, 4 * MOST_RUNS, 2)))
    again = reach(whole, runs_of(range(0, 4 * MOST_RUNS, 2)))
    assert again.contiguous == again.highest == 4 * MOST_RUNS - 1


@given(st.integers(1, 100), st.integers(0, 100))
def test_spans_are_few_and_cover_all_that_waits(facts: int, followed: int) -> None:
    position = Position("r", "1")
    for fact in range(facts):
        oldest = 0 if fact < facts - 1 else min(followed, fact)
        position = wait(position, fact, [(fact * 10, fact * 10 + 4)], oldest)
    spans = list(spans_of(position))
    assert len(spans) <= MOST_SPANS
    for fact in range(min(followed, facts - 1), facts):
        assert any(
            first <= fact <= last and low <= fact * 10 and fact * 10 + 4 <= high
            for first, last, low, high in spans
        )


def test_runs_are_of_consecutive_numbers() -> None:
    assert runs_of([]) == []
    assert runs_of([0, 1, 2, 5, 7, 8]) == [(0, 2), (5, 5), (7, 8)]
