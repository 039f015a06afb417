"""The memory of one policy in the bench of new schemes: counts by key, a day at a time.

The same whole numbers as an engine counts, added up day by day, because what a policy knows depends
on what it chose the day before. A day's items are seen as at midnight: they do not count for each
other. A test holds the features equal to those of `replay` on histories of one item a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clearway.risk.columns import NO_STEPS, Columns, Declared, Flags, Floats, Ints
from clearway.risk.engines.port import SPACES, Pasts, Space
from clearway.risk.features import matrix_of
from clearway.risk.history import PACKED, RECENT_DAYS
from clearway.risk.keys import PLACE, UNKNOWN

_UNSEEN = ("first_day", "last_day", "last_find")


@dataclass(frozen=True, slots=True)
class Coded:
    """A history whose keys are numbered, for all policies alike.

    Args:
        columns: of the history.
        codes: of each slot, shape (rows,); the last number of a space is the unknown key.
        sizes: numbers of each space.
    """

    columns: Columns
    codes: dict[int, Ints]
    sizes: dict[Space, int]


def coded(columns: Columns) -> Coded:
    """Number the keys of a history."""
    codes: dict[int, Ints] = {}
    sizes: dict[Space, int] = {}
    for space in SPACES:
        keys = np.stack([columns.keys(slot) for slot in space.slots])
        distinct, numbers = np.unique(keys, return_inverse=True)
        numbers = numbers.reshape(keys.shape)
        numbers[keys == UNKNOWN] = len(distinct)
        sizes[space] = len(distinct) + 1
        codes |= {slot: numbers[place] for place, slot in enumerate(space.slots)}
    return Coded(columns, codes, sizes)


class Memory:
    """What one policy knows."""

    def __init__(self, history: Coded) -> None:
        self._history = history
        self._space = {slot: space for space in SPACES for slot in space.slots}
        self._kept = {
            space: {
                name: np.full(history.sizes[space], -1 if name in _UNSEEN else 0, dtype=np.int64)
                for name in space.fields
            }
            for space in SPACES
        }
        self._recent: dict[int, list[tuple[Ints, Flags]]] = {}

    def features(self, start: int, end: int) -> Floats:
        """Return the features of some rows, as known now."""

        def known(name: str) -> Pasts:
            slot = PLACE[name]
            of = self._history.codes[slot][start:end]
            return {field: kept[of] for field, kept in self._kept[self._space[slot]].items()}

        def is_known(name: str) -> Any:
            slot = PLACE[name]
            last = self._history.sizes[self._space[slot]] - 1
            return self._history.codes[slot][start:end] != last

        return matrix_of(_part(self._history.columns.declared, start, end), known, is_known)

    def count(self, start: int, end: int) -> None:
        """Count the acceptance of some rows, all of one day."""
        declared = self._history.columns.declared
        day = int(declared.day[start])
        for space, kept in self._kept.items():
            for slot in space.slots:
                of, here = self._known(space, slot, np.arange(start, end))
                rows = np.flatnonzero(here) + start
                np.add.at(kept["n"], of, 1)
                kept["first_day"][of] = np.where(
                    kept["first_day"][of] < 0, day, kept["first_day"][of]
                )
                kept["last_day"][of] = day
                if "vague" in kept:
                    np.add.at(kept["vague"], of, declared.is_vague[rows].astype(np.int64))
                self._add_logs(space, kept, of, rows, 1)

    def learn(self, rows: Ints, found: Flags, revenue: Ints, day: int) -> None:
        """Learn the results of some rows, known from a day on; forget what is recent no more.

        Args:
            rows: of the history.
            found: of these, not conform.
            revenue: that it brought, whole units.
            day: since 1970; it must not fall.
        """
        self._forget(day)
        self._recent.setdefault(day + RECENT_DAYS, []).append((rows, found))
        for space, kept in self._kept.items():
            if "examined" not in kept:
                continue
            of, here = self._known(space, space.slots[0], rows)
            illicit = found[here]
            for name, amounts in (
                ("examined", 1), ("found", illicit), ("revenue", revenue[here]),
                ("recent_examined", 1), ("recent_found", illicit),
            ):  # fmt: skip
                np.add.at(kept[name], of, amounts)
            kept["last_find"][of[illicit]] = day
            self._add_logs(space, kept, of[illicit], rows[here][illicit], -1)

    def _forget(self, day: int) -> None:
        for until in sorted(each for each in self._recent if each <= day):
            for rows, found in self._recent.pop(until):
                for space, kept in self._kept.items():
                    if "examined" in kept:
                        of, here = self._known(space, space.slots[0], rows)
                        np.add.at(kept["recent_examined"], of, -1)
                        np.add.at(kept["recent_found"], of, -found[here].astype(np.int64))

    def _known(self, space: Space, slot: int, rows: Ints) -> tuple[Ints, Flags]:
        """Return the numbers of the keys that are known, and in which of the rows they are."""
        of = self._history.codes[slot][rows]
        there = of != self._history.sizes[space] - 1
        return of[there], there

    def _add_logs(
        self, space: Space, kept: dict[str, Ints], of: Ints, rows: Ints, sign: int
    ) -> None:
        if "logs" not in kept:
            return
        declared = self._history.columns.declared
        steps = (declared.package if space.slots[0] in PACKED else declared.price)[rows]
        known = steps != NO_STEPS
        of, steps = of[known], steps[known]
        np.add.at(kept["logs"], of, sign)
        np.add.at(kept["log_sum"], of, sign * steps)
        np.add.at(kept["log_squares"], of, sign * steps * steps)


def _part(declared: Declared, start: int, end: int) -> Declared:
    names = declared.__dataclass_fields__
    return Declared(**{name: getattr(declared, name)[start:end] for name in names})
