"""The officers of the simulated day: inspection bays that work off the queue as it stands.

A bay that is free takes the first of the queue, begins, and stays busy for as long as the truth says
that the examination takes; then each agency that takes part reports what it found. Several agencies
look together (one appointment): the longest look counts in full, every further one a quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from clearway.simulator.accounts import INSPECTORS
from clearway.simulator.diary import Diary, Inspection
from clearway.simulator.doors import Doors
from clearway.simulator.truth import Examined

_FURTHER_SHARE = 0.25
_SUPERVISOR = INSPECTORS["customs"][1]


@dataclass(frozen=True, slots=True)
class _Work:
    """What goes on in one bay.

    Args:
        entry: of the queue, as the border showed it.
        found: by agency; known to the truth, told when the bay is done.
    """

    entry: Mapping[str, Any]
    lrn: str
    started_at: datetime
    ends_at: datetime
    found: Mapping[str, Examined]


class Bays:
    """All inspection bays of the border."""

    def __init__(self, doors: Doors, diary: Diary) -> None:
        """Work at these doors and write down in `diary` what is done."""
        self._doors = doors
        self._diary = diary
        self._busy: list[_Work] = []
        self._refused: set[str] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nobody works."""
        return not self._busy

    async def work(self, now: datetime) -> int:
        """End what is done, begin what comes next; return how many examinations still wait."""
        done = [each for each in self._busy if each.ends_at <= now]
        for each in done:
            self._busy.remove(each)
            await self._report(each, now)
        waiting = await self._waiting()
        while waiting and len(self._busy) < self._diary.bays:
            await self._begin(waiting[0], now)
            waiting = await self._waiting()
        return len(waiting)

    async def _waiting(self) -> list[dict[str, Any]]:
        queue = await self._doors.queue(_SUPERVISOR)
        return [entry for entry in queue if entry["examination"] not in self._refused]

    async def _begin(self, entry: Mapping[str, Any], now: datetime) -> None:
        """Begin the first of the queue; goods that are not of this day are left alone."""
        examination, lrn = entry["examination"], self._lrn_of(entry["mrn"])
        agencies = entry["agencies"]
        answer = await self._doors.start(INSPECTORS[agencies[0]][1], examination)
        if lrn is None or answer.status >= 300:
            self._refused.add(examination)
            return
        found = {agency: self._diary.truth.examine(lrn, agency, now) for agency in agencies}
        minutes = sorted((each.minutes for each in found.values()), reverse=True)
        lasts = minutes[0] + _FURTHER_SHARE * sum(minutes[1:])
        self._busy.append(_Work(entry, lrn, now, now + timedelta(minutes=lasts), found))

    def _lrn_of(self, mrn: str) -> str | None:
        return next((lrn for lrn, known in self._diary.mrns.items() if known == mrn), None)

    async def _report(self, work: _Work, now: datetime) -> None:
        """Report for each agency, and write the examination down."""
        examination = work.entry["examination"]
        for agency, found in work.found.items():
            account = INSPECTORS[agency][1]
            await self._doors.report(account, examination, agency, found, work.started_at)
        self._diary.inspections.append(
            Inspection(
                examination=examination,
                mrn=work.entry["mrn"],
                lrn=work.lrn,
                since=datetime.fromisoformat(work.entry["since"]),
                started_at=work.started_at,
                ended_at=now,
                agencies=tuple(work.found),
                is_mandatory=bool(work.entry["is_mandatory"]),
                discoveries=tuple(
                    each for found in work.found.values() for each in found.discoveries
                ),
                extra_revenue=sum(
                    (Decimal(str(each.extra_revenue)) for each in work.found.values()), Decimal(0)
                ),
            )
        )
