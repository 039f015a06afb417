"""The plainest memory there can be, one event after the other: what engines are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clearway.risk.history import RECENT_DAYS, SUMS, Change
from clearway.risk.model import Past


class Memory:
    """Keeps every event of every key, and adds them up anew for each reader."""

    def __init__(self) -> None:
        self.events: dict[int, list[tuple[int, Change]]] = {}

    def add(self, changes: Mapping[int, Change], day: int) -> None:
        """Add what was accepted, or found, on a day."""
        for key, change in changes.items():
            self.events.setdefault(key, []).append((day, change))

    def read(self, keys: Iterable[int], day: int) -> dict[int, Past]:
        """Return what a reader on that day knows; absent keys are absent."""
        return {key: self._past(self.events[key], day) for key in keys if key in self.events}

    def _past(self, events: list[tuple[int, Change]], today: int) -> Past:
        sums = [sum(change[place] for _, change in events) for place in range(len(SUMS))]
        days = [day for day, change in events if change.n > 0]
        finds = [day for day, change in events if change.found > 0]
        recent = [change for day, change in events if day > today - RECENT_DAYS]
        return Past(
            *sums,
            first_day=min(days, default=-1),
            last_day=max((day for day in days if day < today), default=-1),
            last_find=max(finds, default=-1),
            recent_examined=sum(change.examined for change in recent),
            recent_found=sum(change.found for change in recent),
        )
