"""The officers of the simulated day: inspection bays that work off the queue as it stands.

A bay that is free takes the first of the queue, begins, and stays busy for as long as the truth
says that the examination takes; then each agency that takes part reports what it found. Several
agencies look together (one appointment): the longest look counts in full, each further one a
quarter. What was found wrong in price, code, origin or quantity alone is paid for after some hours,
and the release desk lets the goods go; anything else keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from clearway.simulator.accounts import INSPECTORS, RELEASE_OFFICER
from clearway.simulator.diary import Diary, Inspection
from clearway.simulator.doors import Doors
from clearway.simulator.schemes import MODE_NAMES
from clearway.simulator.truth import Examined

_FURTHER_SHARE = 0.25
_SUPERVISOR = INSPECTORS["customs"][1]
_PAYABLE = frozenset(MODE_NAMES) - {""}
_PAYS_WITHIN = timedelta(hours=3)


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
    """All inspection bays of the border, and the release desk beside them."""

    def __init__(self, doors: Doors, diary: Diary) -> None:
        """Work at these doors and write down in `diary` what is done."""
        self._doors = doors
        self._diary = diary
        self._busy: list[_Work] = []
        self._left_alone: set[str] = set()
        self._owing: dict[str, datetime] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody works, and nobody is about to pay."""
        return not self._busy and not self._owing

    async def work(self, now: datetime) -> int:
        """End what is done, begin what comes next; return how many examinations still wait."""
        for each in [one for one in self._busy if one.ends_at <= now]:
            self._busy.remove(each)
            await self._report(each, now)
        await self._release_paid(now)
        waiting = await self._waiting()
        while waiting and len(self._busy) < self._diary.bays:
            await self._begin(waiting[0], now)
            waiting = await self._waiting()
        return len(waiting)

    async def _waiting(self) -> list[dict[str, Any]]:
        queue = await self._doors.queue(_SUPERVISOR)
        return [entry for entry in queue if entry["examination"] not in self._left_alone]

    async def _begin(self, entry: Mapping[str, Any], now: datetime) -> None:
        """Begin the first of the queue; what is not of this day is left alone."""
        examination, lrn = entry["examination"], self._diary.lrns.get(entry["mrn"])
        if lrn is None:
            self._left_alone.add(examination)
            return
        agencies: list[str] = entry["agencies"]
        answer = await self._doors.start(INSPECTORS[agencies[0]][1], examination)
        if answer.status >= 300:
            self._left_alone.add(examination)
            return
        order = await self._doors.examination(_SUPERVISOR, examination)
        truth = self._diary.truth
        found = {
            part["agency"]: truth.examine(lrn, part["agency"], now, part["scope"])
            for part in order["parts"]
        }
        minutes = sorted((each.minutes for each in found.values()), reverse=True)
        lasts = timedelta(minutes=minutes[0] + _FURTHER_SHARE * sum(minutes[1:]))
        self._busy.append(_Work(entry, lrn, now, now + lasts, found))

    async def _report(self, work: _Work, now: datetime) -> None:
        """Report for each agency, and write the examination down."""
        for agency, found in work.found.items():
            account = INSPECTORS[agency][1]
            answer = await self._doors.report(
                account, work.entry["examination"], agency, found, work.started_at
            )
            self._diary.receipts += answer.has_receipt
        inspection = _inspection(work, now)
        self._diary.inspections.append(inspection)
        kinds = {each.kind for each in inspection.discoveries}
        if kinds and kinds <= _PAYABLE:
            self._owing[inspection.mrn] = now + _PAYS_WITHIN

    async def _release_paid(self, now: datetime) -> None:
        """Release what was held for money alone and has been paid for."""
        for mrn, at in list(self._owing.items()):
            if at <= now:
                del self._owing[mrn]
                reason = "The duties found owing were paid and the declaration was put right."
                answer = await self._doors.release(RELEASE_OFFICER, mrn, reason)
                self._diary.receipts += answer.has_receipt


def _inspection(work: _Work, now: datetime) -> Inspection:
    found = work.found.values()
    return Inspection(
        examination=work.entry["examination"],
        mrn=work.entry["mrn"],
        lrn=work.lrn,
        since=datetime.fromisoformat(work.entry["since"]),
        started_at=work.started_at,
        ended_at=now,
        agencies=tuple(work.found),
        is_mandatory=bool(work.entry["is_mandatory"]),
        discoveries=tuple(one for each in found for one in each.discoveries),
        extra_revenue=sum((Decimal(f"{each.extra_revenue:.2f}") for each in found), Decimal(0)),
    )
