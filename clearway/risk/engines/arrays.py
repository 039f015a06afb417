"""Counting with sorted arrays (NumPy), in memory: the quickest on one machine.

Rows are sorted by key, which keeps them in the order of time within one; what was accepted before
is then a difference of running sums. Results are sorted by key and time, and one binary search
for each row finds those that were known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clearway.risk.columns import NO_STEPS, Columns, Flags, Ints
from clearway.risk.engines.port import LOGS, Pasts, Space
from clearway.risk.history import PACKED
from clearway.risk.keys import UNKNOWN


def count(columns: Columns, space: Space) -> tuple[Pasts, ...]:
    """Return the pasts of each row, for each slot of the space."""
    return tally(columns, space).pasts()


def tally(columns: Columns, space: Space) -> Tally:
    """Return the sorted rows of a space, to count what was before each, or what is at the end."""
    keys = np.stack([columns.keys(slot) for slot in space.slots], axis=1).ravel()
    return Tally(columns, space, keys, np.argsort(keys, kind="stable"))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sorted rows by key: where each key begins, its number, and of which row each one is."""

    first: Ints
    number: Ints
    row: Ints

    @property
    def start(self) -> Ints:
        return self.first[self.number]


class Tally:
    """A space of a history, sorted by key."""

    def __init__(self, columns: Columns, space: Space, keys: Ints, order: Ints) -> None:
        self._columns = columns
        self._space = space
        self._order = order
        self._keys = keys[order]
        fresh = _changes(self._keys)
        first = np.flatnonzero(fresh)
        self._groups = _Groups(first, np.cumsum(fresh) - 1, order // len(space.slots))

    def pasts(self) -> tuple[Pasts, ...]:
        """Return the pasts of each row, for each slot."""
        width = len(self._space.slots)
        unknown = self._keys == UNKNOWN
        found: list[dict[str, Ints]] = [{} for _ in range(width)]
        for name, ranked in self._fields():
            ranked[unknown] = -1 if name in ("first_day", "last_day", "last_find") else 0
            column = np.empty(len(ranked), dtype=np.int64)
            column[self._order] = ranked
            for place, slot in enumerate(found):
                slot[name] = column[place::width]
        return tuple(found)

    def _fields(self) -> Iterator[tuple[str, Ints]]:
        """Yield each field in the order of the sorted rows."""
        groups, fields = self._groups, self._space.fields
        declared, declaration = self._columns.declared, self._columns.declaration[groups.row]
        start = groups.start
        # Where its own declaration begins among the rows of its key.
        own = _run_starts(_changes(declaration) | _changes(self._keys))
        yield "n", own - start
        day = declared.day[groups.row]
        yield "first_day", np.where(own > start, day[start], -1)
        today = _run_starts(_changes(day) | _changes(self._keys))
        yield "last_day", np.where(today > start, day[np.maximum(today - 1, 0)], -1)
        logs = self._logs() if "logs" in fields else {}
        results = self._results(declaration) if "examined" in fields else {}
        for name, ranked in logs.items():
            running = _running(ranked)
            yield name, running[own] - running[start] - results.pop("less_" + name)
        if "vague" in fields:
            running = _running(declared.is_vague[groups.row].astype(np.int64))
            yield "vague", running[own] - running[start]
        yield from results.items()

    def totals(self) -> tuple[Ints, dict[str, Ints]]:
        """Return the distinct keys, and each field of them at the end of the history."""
        groups, declared = self._groups, self._columns.declared
        ends = np.append(groups.first[1:], len(self._order))[: len(groups.first)]
        day = declared.day[groups.row]
        found = {
            "n": ends - groups.first,
            "first_day": day[groups.first],
            "last_day": day[ends - 1],
        }
        sums = self._logs() if "logs" in self._space.fields else {}
        if "vague" in self._space.fields:
            sums["vague"] = declared.is_vague[groups.row].astype(np.int64)
        for name, values in sums.items():
            running = _running(values)
            found[name] = running[ends] - running[groups.first]
        if "examined" in self._space.fields:
            self._add_results(found)
        return self._keys[groups.first], found

    def _add_results(self, found: dict[str, Ints]) -> None:
        results, number = self._columns.results, self._numbers()
        of, count = number[results.row], len(self._groups.first)
        found["examined"] = np.bincount(of, minlength=count)
        found["found"] = _sum(of, results.found, count)
        found["revenue"] = _sum(of, results.revenue, count)
        found["last_find"] = np.full(count, -1, dtype=np.int64)
        illicit = results.found == 1
        np.maximum.at(found["last_find"], of[illicit], results.day[illicit])
        if "logs" in self._space.fields:
            for name, values in _squared(self._steps()[results.row[illicit]]).items():
                found[name] = found[name] - _sum(of[illicit], values, count)

    def recent(self, after: int) -> Ints:
        """Return key, day, examined and found of results known after that day, shape (n, 4)."""
        results = self._columns.results
        late = np.full(len(results.row), "examined" in self._space.fields) & (results.day > after)
        row, day, found = results.row[late], results.day[late], results.found[late]
        key = self._keys[self._groups.first[self._numbers()[row]]]
        order = np.lexsort((day, key))
        key, day, found = key[order], day[order], found[order]
        starts = np.flatnonzero(_changes(key) | _changes(day)) if len(key) else key
        ends = np.append(starts[1:], len(key))
        running = _running(found)
        return np.stack(
            (key[starts], day[starts], ends - starts, running[ends] - running[starts]), axis=1
        )

    def _numbers(self) -> Ints:
        """Return the number of the key of each row of the history; spaces of one slot only."""
        number = np.empty(len(self._order), dtype=np.int64)
        number[self._order] = self._groups.number
        return number

    def _logs(self) -> dict[str, Ints]:
        return _squared(self._steps()[self._groups.row])

    def _steps(self) -> Ints:
        declared = self._columns.declared
        return declared.package if self._space.slots[0] in PACKED else declared.price

    def _results(self, declaration: Ints) -> dict[str, Ints]:
        """Return what was known of results to each sorted row."""
        results, groups = self._columns.results, self._groups
        width = len(self._columns) + 1
        of = self._numbers()[results.row] * width
        asked = groups.number * width + declaration
        base = np.arange(len(groups.first), dtype=np.int64) * width
        known = _Known(of + results.since, asked, base, groups.number)
        found = {
            "examined": known.count(),
            "found": known.sum(results.found),
            "revenue": known.sum(results.revenue),
            "last_find": known.latest(np.where(results.found == 1, results.day, -1)),
        }
        stale = _Known(of + results.until, asked, base, groups.number)
        found["recent_examined"] = found["examined"] - stale.count()
        found["recent_found"] = found["found"] - stale.sum(results.found)
        if "logs" in self._space.fields:
            steps = np.where(results.found == 1, self._steps()[results.row], NO_STEPS)
            for name, values in _squared(steps).items():
                found["less_" + name] = known.sum(values)
        return found


class _Known:
    """Events sorted by key and time, and how many of them each row may know."""

    def __init__(self, event: Ints, asked: Ints, base: Ints, number: Ints) -> None:
        self._order = np.argsort(event, kind="stable")
        ranked = event[self._order]
        self._upto = np.searchsorted(ranked, asked, side="right")
        self._from = np.searchsorted(ranked, base, side="left")[number]

    def count(self) -> Ints:
        return (self._upto - self._from).astype(np.int64)

    def sum(self, values: Ints) -> Ints:
        running = _running(values[self._order])
        return running[self._upto] - running[self._from]

    def latest(self, days: Ints) -> Ints:
        """Return the last day among those known that is not -1; days rise with the events."""
        ranked = days[self._order]
        at = np.where(ranked >= 0, np.arange(len(ranked)), -1)
        last = np.concatenate(([-1], np.maximum.accumulate(at))) if len(at) else np.array([-1])
        place = last[self._upto]
        return np.where(place >= self._from, np.append(ranked, -1)[place], -1)


def _changes(ranked: Ints) -> Flags:
    """Return where a value differs from the one before; the first always does."""
    fresh = np.ones(len(ranked), dtype=np.bool_)
    fresh[1:] = ranked[1:] != ranked[:-1]
    return fresh


def _run_starts(fresh: Flags) -> Ints:
    starts: Ints = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    return starts


def _running(values: Ints) -> Ints:
    """Return sums of all values before each place, and of all at the end."""
    running = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=running[1:])
    return running


def _sum(of: Ints, values: Ints, count: int) -> Ints:
    """Return the sums of whole numbers by group; exact, unlike weights of bincount."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, of, values)
    return sums


def _squared(steps: Ints) -> dict[str, Ints]:
    known = steps != NO_STEPS
    usable = np.where(known, steps, 0)
    return dict(zip(LOGS, (known.astype(np.int64), usable, usable * usable), strict=True))
