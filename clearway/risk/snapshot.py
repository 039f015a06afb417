"""The immutable memory of a model: every past up to its cut-off, as matrices of whole numbers.

`matrix` has one row per key: the key, then the fields of `Past` but for the recent ones; keys rise.
`recent` has the results of the last days before the cut-off: key, day, examined, found; rows rise
by key and day. Ten million keys take 960 MB, and a file of it can be mapped without being read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.errors import VerificationError
from clearway.risk.columns import Columns
from clearway.risk.engines.arrays import tally
from clearway.risk.engines.port import SPACES
from clearway.risk.history import RECENT_DAYS
from clearway.risk.keys import UNKNOWN
from clearway.risk.model import NEVER, Past

Matrix: TypeAlias = npt.NDArray[np.int64]

FIELDS: tuple[str, ...] = tuple(name for name in Past._fields if not name.startswith("recent_"))
COLUMNS = 1 + len(FIELDS)
RECENT_COLUMNS = 4


class Snapshot:
    """Looks pasts up by key.

    Raises: VerificationError: a matrix has another shape or type, or its keys do not rise.
    """

    __slots__ = ("_keys", "_recent_keys", "matrix", "recent")

    def __init__(self, matrix: Matrix, recent: Matrix | None = None) -> None:
        self.matrix = matrix
        self.recent = np.zeros((0, RECENT_COLUMNS), dtype=np.int64) if recent is None else recent
        _require(matrix, COLUMNS, "snapshot")
        _require(self.recent, RECENT_COLUMNS, "recent results")
        self._keys = np.ascontiguousarray(matrix[:, 0])
        self._recent_keys = np.ascontiguousarray(self.recent[:, 0])
        rises = bool(np.all(self._keys[1:] > self._keys[:-1]))
        if not rises or not bool(np.all(self._recent_keys[1:] >= self._recent_keys[:-1])):
            raise VerificationError(
                "The keys of the model's snapshot of history must rise. Train the model again."
            )

    def __len__(self) -> int:
        return len(self._keys)

    def read(self, keys: Iterable[int], day: int) -> dict[int, Past]:
        """Return the pasts of these keys to a reader on that day; absent keys are absent."""
        if not len(self._keys):
            return {}
        wanted = np.fromiter(keys, dtype=np.int64)
        places = np.searchsorted(self._keys, wanted)
        places[places == len(self._keys)] = 0
        there = places[self._keys[places] == wanted]
        found = {row[0]: Past(*row[1:]) for row in self.matrix[there].tolist()}
        for key, examined, late in self._recent(self._keys[there], day):
            found[key] = found[key]._replace(recent_examined=examined, recent_found=late)
        return found

    def _recent(self, wanted: Matrix, day: int) -> Iterator[tuple[int, int, int]]:
        """Yield the recent results of those of the keys that have some: key, examined, found."""
        first = np.searchsorted(self._recent_keys, wanted)
        last = np.searchsorted(self._recent_keys, wanted, side="right")
        for place in np.flatnonzero(last > first).tolist():
            rows = self.recent[first[place] : last[place]]
            rows = rows[rows[:, 1] > day - RECENT_DAYS]
            yield int(wanted[place]), int(rows[:, 2].sum()), int(rows[:, 3].sum())


def _require(matrix: Matrix, columns: int, name: str) -> None:
    if matrix.dtype != np.int64 or matrix.ndim != 2 or matrix.shape[1] != columns:
        raise VerificationError(
            f"The model's {name} of history must be a matrix of 64-bit whole numbers with"
            f" {columns} columns; this one has shape {matrix.shape} and type {matrix.dtype}."
            " Train the model again."
        )


def empty() -> Snapshot:
    """Return a snapshot that remembers nothing."""
    return Snapshot(np.zeros((0, COLUMNS), dtype=np.int64))


def take(columns: Columns, cut_off_day: int) -> Snapshot:
    """Return what a history holds, for readers from the cut-off on.

    Args:
        columns: of the history; results that it holds are all known at the cut-off.
        cut_off_day: first day of the readers.
    """
    parts, recents = [], []
    for space in SPACES:
        sorted_rows = tally(columns, space)
        keys, totals = sorted_rows.totals()
        stored = keys != UNKNOWN
        parts.append((keys[stored], {name: each[stored] for name, each in totals.items()}))
        recent = sorted_rows.recent(cut_off_day - RECENT_DAYS)
        recents.append(recent[recent[:, 0] != UNKNOWN])
    recent = np.concatenate(recents)
    order = np.lexsort((recent[:, 1], recent[:, 0]))
    return Snapshot(_matrix(parts), recent[order])


def _matrix(parts: list[tuple[Matrix, dict[str, Matrix]]]) -> Matrix:
    """Return the rows of all parts, by rising key.

    Args:
        parts: keys and fields of them; taken off the list as they are written, to save memory.
    """
    keys = np.concatenate([each for each, _ in parts])
    places = np.empty(len(keys), dtype=np.int64)
    places[np.argsort(keys)] = np.arange(len(keys))
    matrix = np.empty((len(keys), COLUMNS), dtype=np.int64)
    while parts:
        own, fields = parts.pop()
        rows, places = places[len(places) - len(own) :], places[: len(places) - len(own)]
        # Block by block, since a column at a time would walk through the memory a dozen times.
        for start in range(0, len(own), _BLOCK):
            part = slice(start, start + _BLOCK)
            block = np.zeros((len(own[part]), COLUMNS), dtype=np.int64)
            block[:, 0] = own[part]
            for place, name in enumerate(FIELDS):
                block[:, place + 1] = fields[name][part] if name in fields else _BLANK[name]
            matrix[rows[part]] = block
    return matrix


_BLOCK = 4_096
_BLANK = NEVER._asdict()
