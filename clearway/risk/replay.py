"""Walking through history in the order of time: features of each item, as they were then.

A result of an examination reaches only what was declared after it became known, and a declaration
does not see itself; so labels of the future cannot reach a feature, and a test that shuffles the
future says so. An engine counts (see `engines.port`); the formula is that of the live border.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import polars as pl

from clearway.risk import snapshot
from clearway.risk.columns import Columns, Flags, Floats, columns_of
from clearway.risk.engines import arrays
from clearway.risk.engines.port import SPACES, Engine, Pasts, Space
from clearway.risk.features import matrix_of, reads
from clearway.risk.keys import PLACE, SLOTS
from clearway.risk.snapshot import Snapshot

# What the formula does not read need not be counted.
_SPACES = tuple(
    replace(
        space,
        fields=tuple(name for name in space.fields if name in reads(SLOTS[space.slots[0]])),
    )
    for space in SPACES
)
# Engines release the interpreter while they sort; more than two at once only take memory.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Replayed:
    """The features of a history, and what it can be counted again from.

    Args:
        matrix: shape (items, features), in the order of the rows given.
        columns: of the history.
    """

    matrix: Floats
    columns: Columns

    def snapshot(self, cut_off_day: int) -> Snapshot:
        """Return everything known at the end of the walk, for readers from that day on."""
        return snapshot.take(self.columns, cut_off_day)


def replay(
    frame: pl.DataFrame,
    until: int,
    *,
    engine: Engine = arrays.count,
    progress: Callable[[float], None] = lambda share: None,
) -> Replayed:
    """Walk through a history and return its features.

    Args:
        frame: of `formats.history.conform`.
        until: microseconds since 1970; results that become known at or after it are not learnt.
        engine: counts.
        progress: called with the share done, 0 to 1.
    """
    columns = columns_of(frame, until)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        counting = _Counting(columns, engine, pool, progress)
        matrix = matrix_of(columns.declared, counting.known, counting.is_known)
    return Replayed(matrix, columns)


class _Counting:
    """Counts spaces ahead of the formula, which asks for slot after slot."""

    def __init__(
        self,
        columns: Columns,
        engine: Engine,
        pool: ThreadPoolExecutor,
        progress: Callable[[float], None],
    ) -> None:
        self._columns = columns
        self._engine = engine
        self._pool = pool
        self._progress = progress
        self._waiting = list(_SPACES)
        self._ahead: dict[Space, Future[tuple[Pasts, ...]]] = {}
        self._of = {slot: space for space in _SPACES for slot in space.slots}
        self._open: dict[Space, tuple[Pasts, ...]] = {}

    def known(self, name: str) -> Pasts:
        """Return the pasts of a slot; a space is let go once its last slot was asked for."""
        slot = PLACE[name]
        space = self._of[slot]
        if space not in self._open:
            self._open[space] = self._take(space)
        pasts = self._open[space][space.slots.index(slot)]
        if slot == space.slots[-1]:
            del self._open[space]
        return pasts

    def is_known(self, name: str) -> Flags:
        """Return whether each row has the slot's key."""
        return self._columns.is_known(PLACE[name])

    def _take(self, space: Space) -> tuple[Pasts, ...]:
        self._start(space)
        while self._waiting and len(self._ahead) <= _AT_ONCE:
            self._start(self._waiting[0])
        counted = self._ahead.pop(space).result()
        self._progress(1 - (len(self._waiting) + len(self._ahead)) / len(_SPACES))
        return counted

    def _start(self, space: Space) -> None:
        if space in self._waiting:
            self._waiting.remove(space)
            self._ahead[space] = self._pool.submit(self._engine, self._columns, space)
