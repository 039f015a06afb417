"""Walking through history in the order of time: features of each item, as they were then.

Two kinds of events are merged: an item is accepted, and the result of its examination becomes
known, later. At each moment the memory holds only what was known; so labels of the future cannot
reach a feature, and a test that shuffles the future says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.risk.features import NAMES, compute
from clearway.risk.history import Memory, Trace, counted, resulted, trace
from clearway.risk.model import Goods

US_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of history.

    Args:
        goods: the item.
        at: microseconds since 1970 UTC when it was accepted.
        illicit: result of its examination; None: not examined, or the result is not known yet.
        known_at: microseconds when the result became known; without a result, ignored.
        extra_revenue: that the examination brought; NaN unknown.
    """

    goods: Goods
    at: int
    illicit: bool | None = None
    known_at: int = 0
    extra_revenue: float = 0.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """The features of a history, and the memory at its end.

    Args:
        matrix: shape (items, features), in the order of the rows given.
        memory: everything known up to the end of the walk.
    """

    matrix: npt.NDArray[np.float64]
    memory: Memory


def replay(
    rows: Sequence[Seen], until: int, *, progress: Callable[[float], None] = lambda share: None
) -> Replayed:
    """Walk through the rows and return their features.

    Args:
        rows: in the order of `at`, items of a declaration side by side.
        until: microseconds; results that become known at or after it are not learnt at all.
        progress: called with the share done, 0 to 1.
    """
    memory = Memory()
    results = [place for place, row in enumerate(rows) if row.illicit is not None]
    results.sort(key=lambda place: (_known(rows[place]), place))
    matrix = np.empty((len(rows), len(NAMES)), dtype=np.float64)
    traces = [trace(row.goods) for row in rows]
    learnt = 0
    for start, end in declarations(rows):
        learnt = _learn(memory, rows, traces, results, learnt, rows[start].at + 1)
        declaration = traces[start:end]
        day = declaration[0].goods.day
        keys = {key for each in declaration for key in each.keys}
        matrix[start:end] = compute(declaration, memory.read(keys, day))
        memory.count(counted(declaration), day)
        if start // 2_000 != end // 2_000:
            progress(end / len(rows))
    _learn(memory, rows, traces, results, learnt, until)
    return Replayed(matrix, memory)


def _known(row: Seen) -> int:
    # A result cannot be known before the goods were declared; such data is read as known at once.
    return max(row.known_at, row.at + 1)


def declarations(rows: Sequence[Seen]) -> Iterator[tuple[int, int]]:
    """Yield where each declaration starts and ends; its items stand side by side."""
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place].goods.mrn != rows[start].goods.mrn:
            yield start, place
            start = place


def _learn(
    memory: Memory,
    rows: Sequence[Seen],
    traces: Sequence[Trace],
    results: Sequence[int],
    learnt: int,
    end: int,
) -> int:
    """Learn the results known before `end`; return how many are learnt now."""
    while learnt < len(results):
        place = results[learnt]
        if _known(rows[place]) >= end:
            break
        memory.learn(resulted([(traces[place], rows[place].illicit is True)]))
        learnt += 1
    return learnt
