"""Features of new declarations by the thousand, against a snapshot: no walk through years.

    matrix = resume(frame_of_a_day, until, scorer.snapshot)
    probability, revenue, score = scorer.score_matrix(matrix)

The snapshot gives what was known at its cut-off, the frame what it holds of its own; whole numbers
add up, and the formula is the one of `replay`, so that the features are those of one long walk to
the last bit. Results of older declarations that came after the cut-off are in neither: take the
snapshot anew when they matter, or let the node score, which reads them from `risk_history`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from clearway.risk.columns import Flags, Floats, Ints, columns_of
from clearway.risk.engines import arrays
from clearway.risk.engines.port import SPACES, Pasts, Space
from clearway.risk.features import matrix_of
from clearway.risk.history import RECENT_DAYS, SUMS
from clearway.risk.keys import PLACE
from clearway.risk.snapshot import FIELDS, Snapshot

_SPACE_OF = {slot: space for space in SPACES for slot in space.slots}
_DAY_BITS = 24


def resume(frame: pl.DataFrame, until: int, snapshot: Snapshot) -> Floats:
    """Return the features of a frame that goes on where a snapshot ends, shape (rows, features).

    Args:
        frame: of `formats.history.conform`, accepted from the cut-off of the snapshot on.
        until: microseconds since 1970; results that become known at or after it are not learnt.
        snapshot: what was known before.
    """
    columns = columns_of(frame, until)
    before = _Before(snapshot, columns.declared.day)
    counted: dict[Space, tuple[Pasts, ...]] = {}

    def known(name: str) -> Pasts:
        slot = PLACE[name]
        space = _SPACE_OF[slot]
        if space not in counted:
            counted[space] = arrays.count(columns, space)
        since = counted[space][space.slots.index(slot)]
        return _merged(before.pasts(columns.keys(slot)), since)

    def is_known(name: str) -> Flags:
        return columns.is_known(PLACE[name])

    return matrix_of(columns.declared, known, is_known)


def _merged(older: Pasts, newer: Pasts) -> Pasts:
    """Return pasts and what came after them, as `history.merge` does for one key."""
    merged = {name: older[name] + newer[name] for name in newer if name in _ADDED}
    first = older["first_day"]
    merged["first_day"] = np.where(first >= 0, first, newer["first_day"])
    for name in ("last_day", "last_find"):
        if name in newer:
            merged[name] = np.maximum(older[name], newer[name])
    return merged


_ADDED = frozenset({*SUMS, "recent_examined", "recent_found"})


class _Before:
    """Looks up what a snapshot knows, for readers on their days."""

    def __init__(self, snapshot: Snapshot, day: Ints) -> None:
        self._matrix = snapshot.matrix
        self._keys = np.ascontiguousarray(snapshot.matrix[:, 0])
        self._day = day
        recent = snapshot.recent
        self._recent_keys, number = np.unique(recent[:, 0], return_inverse=True)
        self._recent_at = number.astype(np.int64) << _DAY_BITS | recent[:, 1]
        self._examined = np.concatenate(([0], np.cumsum(recent[:, 2])))
        self._found = np.concatenate(([0], np.cumsum(recent[:, 3])))

    def pasts(self, keys: Ints) -> Pasts:
        """Return the fields of `model.Past` of these keys, shape (rows,) each."""
        place, there = _find(self._keys, keys)
        table = np.empty((len(keys), 1 + len(FIELDS)), dtype=np.int64)
        table[:, 1:] = [0 if name in SUMS else -1 for name in FIELDS]
        table[there] = self._matrix[place[there]]
        found = {name: table[:, column] for column, name in enumerate(FIELDS, start=1)}
        return found | self._recent(keys)

    def _recent(self, keys: Ints) -> dict[str, Ints]:
        place, there = _find(self._recent_keys, keys)
        low = place << _DAY_BITS | (self._day - RECENT_DAYS)
        first = np.searchsorted(self._recent_at, low, side="right")
        last = np.searchsorted(self._recent_at, (place + 1) << _DAY_BITS, side="left")
        return {
            "recent_examined": np.where(there, self._examined[last] - self._examined[first], 0),
            "recent_found": np.where(there, self._found[last] - self._found[first], 0),
        }


def _find(ranked: Ints, keys: Ints) -> tuple[Ints, Flags]:
    """Return the place of each key, and whether it is there at all."""
    if not len(ranked):
        return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
    # Each distinct key once and in order: the search then walks through memory, not about in it.
    distinct, number = np.unique(keys, return_inverse=True)
    place = np.searchsorted(ranked, distinct)
    place[place == len(ranked)] = 0
    return place[number].astype(np.int64), (ranked[place] == distinct)[number]
