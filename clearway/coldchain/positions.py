"""How far each device's counter has come on record: what is new, and what it may forget.

A device numbers the readings of one `boot_id` from 0. Its position says up to where all of them are
durable (`contiguous`), so that it replays from there and no earlier, and which runs stand beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import sub
from struct import Struct
from typing import NamedTuple

Run = tuple[int, int]
"""First and last of consecutive numbers, both included."""

MOST_RUNS = 64
"""Runs kept beyond the contiguous part. Of more, the highest are forgotten: that device is told
less than is on record, sends those readings again, and they are found to be repeats."""


Span = tuple[int, int, int, int]
"""Places in the log of the first and last of some facts, and the least and greatest number."""

MOST_SPANS = 8
"""Of more, two neighbours are joined: looking for a repeat then takes longer, nothing else does."""


_SPAN, _LAST = Struct(">4q"), Struct(">8xq")
_TOO_MANY = Struct(f">{4 * (MOST_SPANS + 1)}q")


class Position(NamedTuple):
    """One device's counter since one of its starts.

    Args:
        contiguous: all numbers from 0 to this one are on record; -1: not even 0.
        highest: highest number on record; -1 without any.
        beyond: runs above `contiguous` that are on record, in order, with gaps between them.
        waiting: where readings lie that wait to be followed, as stored; `spans_of` reads it.
    """

    device: str
    boot_id: str
    contiguous: int = -1
    highest: int = -1
    beyond: tuple[Run, ...] = ()
    waiting: bytes = b""


def runs_of(numbers: Sequence[int]) -> list[Run]:
    """Return rising numbers, each of them once, as runs."""
    if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:
        return [(numbers[0], numbers[-1])]
    runs: list[Run] = []
    first = last = -2
    for number in numbers:
        if number != last + 1:
            if last >= 0:
                runs.append((first, last))
            first = number
        last = number
    if last >= 0:
        runs.append((first, last))
    return runs


def reach(position: Position, runs: Sequence[Run]) -> Position:
    """Return the position after these numbers came on record."""
    if not runs:
        return position
    device, boot_id, contiguous, highest, beyond, waiting = position
    if not beyond and len(runs) == 1 and runs[0][0] <= contiguous + 1:
        contiguous = max(contiguous, runs[0][1])
    else:
        joined = _joined([*beyond, *runs])
        while joined and joined[0][0] <= contiguous + 1:
            contiguous = max(contiguous, joined.pop(0)[1])
        beyond = tuple(joined[:MOST_RUNS])
    highest = max(highest, runs[-1][1])
    return Position(device, boot_id, contiguous, highest, beyond, waiting)


def _joined(runs: list[Run]) -> list[Run]:
    runs.sort()
    joined = [runs[0]]
    for first, last in runs[1:]:
        before = joined[-1]
        if first <= before[1] + 1:
            joined[-1] = before[0], max(before[1], last)
        else:
            joined.append((first, last))
    return joined


def wait(position: Position, fact: int, runs: Sequence[Run], oldest: int) -> Position:
    """Return the position with a fact that waits to be followed.

    Args:
        fact: its place in the log.
        oldest: place of the oldest fact that still waits; what is listed before has been followed.
    """
    if not runs:
        return position
    device, boot_id, contiguous, highest, beyond, waiting = position
    left = 0
    while left < len(waiting) and _LAST.unpack_from(waiting, left)[0] < oldest:
        left += _SPAN.size
    packed = waiting[left:] + _SPAN.pack(fact, fact, runs[0][0], runs[-1][1])
    if len(packed) == _TOO_MANY.size:
        packed = _join_two(packed)
    return Position(device, boot_id, contiguous, highest, beyond, packed)


def spans_of(position: Position) -> Iterator[Span]:
    """Yield where readings of a counter lie that wait to be followed, oldest first."""
    return _SPAN.iter_unpack(position.waiting)


def _join_two(packed: bytes) -> bytes:
    """Join the two neighbours that hold the fewest facts together: all stay of like width."""
    numbers = _TOO_MANY.unpack(packed)
    widths = list(map(sub, numbers[5::4], numbers[::4]))  # from the first of one to the last of two
    at = widths.index(min(widths))
    first, _, low, high, _, last, other_low, other_high = numbers[4 * at : 4 * at + 8]
    joined = _SPAN.pack(first, last, min(low, other_low), max(high, other_high))
    place = at * _SPAN.size
    return packed[:place] + joined + packed[place + 2 * _SPAN.size :]


def holds(position: Position, number: int) -> bool:
    """Return whether this number is surely on record."""
    if number <= position.contiguous:
        return True
    return any(first <= number <= last for first, last in position.beyond)
