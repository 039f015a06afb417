"""Counting with sorted arrays (NumPy), in memory: the quickest on one machine.

Rows are sorted by key, which keeps them in the order of time within one; what was accepted before
is then a difference of running sums. Results are sorted by key and time, and one binary search
for each of them finds the rows that knew it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clearway.risk.columns import NO_STEPS, Columns, Flags, Ints
from clearway.risk.engines.port import DAYS, LOGS, Pasts, Space
from clearway.risk.history import PACKED
from clearway.risk.keys import UNKNOWN


def count(columns: Columns, space: Space) -> tuple[Pasts, ...]:
    """Return the pasts of each row, for each slot of the space."""
    return tally(columns, space).pasts()


def tally(columns: Columns, space: Space) -> Tally:
    """Return the sorted rows of a space, to count what was before each, or what is at the end."""
    keys = [columns.keys(slot) for slot in space.slots]
    return Tally(columns, space, keys[0] if len(keys) == 1 else np.stack(keys, axis=1).ravel())


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sorted rows by key: where each key begins, its number, and of which row each one is."""

    first: Ints
    number: Ints
    row: Ints

    @property
    def start(self) -> Ints:
        return self.first.take(self.number)


class Tally:
    """A space of a history, sorted by key."""

    def __init__(self, columns: Columns, space: Space, keys: Ints) -> None:
        self._columns = columns
        self._space = space
        self._unknown = keys == UNKNOWN
        self._order = order_of(keys)
        self._keys = keys.take(self._order)
        self._fresh = _changes(self._keys)
        first = np.flatnonzero(self._fresh)
        width = len(space.slots)
        row = self._order if width == 1 else self._order // width
        self._groups = _Groups(first, np.cumsum(self._fresh) - 1, row)
        self._back = np.empty(len(keys), dtype=np.int64)
        self._back[self._order] = np.arange(len(keys))

    def pasts(self) -> tuple[Pasts, ...]:
        """Return the pasts of each row, for each slot."""
        width = len(self._space.slots)
        found: list[dict[str, Ints]] = [{} for _ in range(width)]
        for name, column in self._fields():
            column[self._unknown] = -1 if name in DAYS or name == "last_find" else 0
            for place, slot in enumerate(found):
                slot[name] = column[place::width]
        return tuple(found)

    def _fields(self) -> Iterator[tuple[str, Ints]]:
        """Yield each field, in the order of the history."""
        groups, fields, back = self._groups, self._space.fields, self._back
        declared = self._columns.declared
        declaration = self._columns.declaration.take(groups.row)
        start = groups.start
        # Where its own declaration begins among the rows of its key.
        own = _run_starts(_changes(declaration) | self._fresh)
        yield "n", (own - start).take(back)
        if set(fields) & set(DAYS):
            yield from self._days(own, start)
        results = self._results(declaration) if "examined" in fields else {}
        for name, ranked in (self._logs() if "logs" in fields else {}).items():
            yield name, _between(ranked, start, own).take(back) - results.pop("less_" + name)
        if "vague" in fields:
            vague = declared.is_vague.astype(np.int64).take(groups.row)
            yield "vague", _between(vague, start, own).take(back)
        yield from results.items()

    def _days(self, own: Ints, start: Ints) -> Iterator[tuple[str, Ints]]:
        day = self._columns.declared.day.take(self._groups.row)
        if "first_day" in self._space.fields:
            first = np.where(own > start, day.take(start), -1)
            yield "first_day", first.take(self._back)
        if "last_day" in self._space.fields:
            today = _run_starts(_changes(day) | self._fresh)
            last = np.where(today > start, day.take(np.maximum(today - 1, 0)), -1)
            yield "last_day", last.take(self._back)

    def totals(self) -> tuple[Ints, dict[str, Ints]]:
        """Return the distinct keys, and each field of them at the end of the history."""
        groups, declared = self._groups, self._columns.declared
        ends = np.append(groups.first[1:], len(self._order))[: len(groups.first)]
        found = {
            "n": ends - groups.first,
            "first_day": declared.day.take(groups.row.take(groups.first)),
            "last_day": declared.day.take(groups.row.take(ends - 1)),
        }
        sums = self._logs() if "logs" in self._space.fields else {}
        if "vague" in self._space.fields:
            sums["vague"] = declared.is_vague.astype(np.int64).take(groups.row)
        for name, values in sums.items():
            found[name] = _between(values, groups.first, ends)
        if "examined" in self._space.fields:
            events = self._events()
            last = events.ends()
            for name, ranked in self._learnt(events).items():
                less = name.removeprefix("less_")
                value = ranked.take(last)
                found[less] = value if less == name else found[less] - value
        return self._keys[groups.first], found

    def recent(self, after: int) -> Ints:
        """Return key, day, examined and found of results known after that day, shape (n, 4)."""
        results = self._columns.results
        late = np.full(len(results.row), "examined" in self._space.fields) & (results.day > after)
        row, day, found = results.row[late], results.day[late], results.found[late]
        key = self._keys.take(self._back.take(row))
        order = np.lexsort((day, key))
        key, day, found = key[order], day[order], found[order]
        starts = np.flatnonzero(_changes(key) | _changes(day)) if len(key) else key
        ends = np.append(starts[1:], len(key))
        return np.stack(
            (key[starts], day[starts], ends - starts, _between(found, starts, ends)), axis=1
        )

    def _logs(self) -> dict[str, Ints]:
        return _squared(self._steps().take(self._groups.row))

    def _steps(self) -> Ints:
        declared = self._columns.declared
        return declared.package if self._space.slots[0] in PACKED else declared.price

    def _events(self) -> _Events:
        """Return the results by key; in spaces of one slot only."""
        of = self._groups.number.take(self._back.take(self._columns.results.row))
        return _Events(of, len(self._groups.first))

    def _results(self, declaration: Ints) -> dict[str, Ints]:
        """Return what was known of results to each row."""
        results, groups, fields = self._columns.results, self._groups, self._space.fields
        events, width = self._events(), len(self._columns) + 1
        asked = groups.number * width + declaration
        known = events.known(results.since, asked, groups.number, width).take(self._back)
        learnt = self._learnt(events)
        found = {name: ranked.take(known) for name, ranked in learnt.items()}
        if "recent_examined" in fields:
            stale = events.known(results.until, asked, groups.number, width).take(self._back)
            for name in ("examined", "found"):
                found["recent_" + name] = found[name] - learnt[name].take(stale)
        return found

    def _learnt(self, events: _Events) -> dict[str, Ints]:
        """Return what is known of a key after each event, as `_Events.sums` does."""
        results, fields = self._columns.results, self._space.fields
        learnt = {"examined": events.sums(np.ones(len(results.row), dtype=np.int64))}
        learnt["found"] = events.sums(results.found)
        if "revenue" in fields:
            learnt["revenue"] = events.sums(results.revenue)
        if "last_find" in fields:
            learnt["last_find"] = events.latest(np.where(results.found == 1, results.day, -1))
        if "logs" in fields:
            steps = np.where(results.found == 1, self._steps().take(results.row), NO_STEPS)
            for name, values in _squared(steps).items():
                learnt["less_" + name] = events.sums(values)
        return learnt


class _Events:
    """Results sorted by key, in the order in which they became known within one.

    Place 0 of what it returns stands for no event, place i for the i-th sorted one.
    """

    def __init__(self, of: Ints, groups: int) -> None:
        self._order = order_of(of)
        self._of = of.take(self._order)
        self._counts = np.bincount(of, minlength=groups)
        self._begin = np.cumsum(self._counts) - self._counts
        self._first = self._begin.take(self._of)

    def sums(self, values: Ints) -> Ints:
        """Return the sums of the key's values up to each event."""
        running = _running(values.take(self._order))
        sums = running.copy()
        sums[1:] -= running.take(self._first)
        return sums

    def latest(self, days: Ints) -> Ints:
        """Return the last of the key's days up to each event that is not -1; days rise."""
        ranked = days.take(self._order)
        last = np.maximum.accumulate(np.where(ranked >= 0, np.arange(len(ranked)), -1))
        found = np.where(last >= self._first, ranked.take(last, mode="clip"), -1)
        return np.concatenate(([-1], found)) if len(ranked) else np.array([-1])

    def known(self, moment: Ints, asked: Ints, number: Ints, width: int) -> Ints:
        """Return the last event that each row may know.

        Args:
            moment: of each event, from which on it is known; rises with the events.
            asked: key x width + moment of each row, rising.
            number: key of each row.
            width: above every moment.
        """
        since = self._of * width + moment.take(self._order)
        # Few events and many rows: each event looks for its first row, not each row for its last.
        first = np.searchsorted(asked, since, side="left")
        upto = np.cumsum(np.bincount(first, minlength=len(asked) + 1)[:-1])
        return np.where(upto > self._begin.take(number), upto, 0)

    def ends(self) -> Ints:
        """Return the last event of each key."""
        return np.where(self._counts > 0, self._begin + self._counts, 0)


def order_of(keys: Ints) -> Ints:
    """Return an order of places with equal keys side by side, each in the order of places.

    Sorts whole numbers of the low bits of a key and its place, which processors do ten times
    faster than an indirect sort. Keys that differ, but not in these bits, would lie mixed; that
    is seen, and then they are sorted in full.

    Args:
        keys: not negative.
    """
    bits = max(1, (len(keys) - 1).bit_length())
    packed = (keys & ((1 << (63 - bits)) - 1)) << bits
    packed |= np.arange(len(keys))
    packed.sort()
    order = packed & ((1 << bits) - 1)
    packed >>= bits
    mixed = _changes(keys.take(order)) > _changes(packed)
    return np.argsort(keys, kind="stable") if mixed.any() else order


def _changes(ranked: Ints) -> Flags:
    """Return where a value differs from the one before; the first always does."""
    fresh = np.ones(len(ranked), dtype=np.bool_)
    fresh[1:] = ranked[1:] != ranked[:-1]
    return fresh


def _run_starts(fresh: Flags) -> Ints:
    return np.flatnonzero(fresh).take(np.cumsum(fresh) - 1)


def _running(values: Ints) -> Ints:
    """Return sums of all values before each place, and of all at the end."""
    running = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=running[1:])
    return running


def _between(values: Ints, first: Ints, end: Ints) -> Ints:
    """Return sums of values from one place to before another."""
    running = _running(values)
    return running.take(end) - running.take(first)


def _squared(steps: Ints) -> dict[str, Ints]:
    known = steps != NO_STEPS
    usable = np.where(known, steps, 0)
    return dict(zip(LOGS, (known.astype(np.int64), usable, usable * usable), strict=True))
