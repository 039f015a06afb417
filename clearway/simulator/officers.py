"""The officers of the simulated day: bays and desks that work off the queue as it stands.

A bay opens goods, a desk looks at documents alone. Whichever is free takes the first of the queue
that is of its kind, begins, and stays busy for as long as the truth says that the examination
takes; then each agency that takes part reports what it found. Several
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
from clearway.simulator.truth import DOCUMENTS, GOODS, Examined

_FURTHER_SHARE = 0.25
_SUPERVISOR = INSPECTORS["customs"][1]
_PAYABLE = frozenset(MODE_NAMES) - {""}
_PAYS_WITHIN = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An examination in the queue.

    Args:
        entry: as the border shows it.
        seen_at: when it first stood there.
        scopes: what each agency looks at.
    """

    entry: Mapping[str, Any]
    seen_at: datetime
    scopes: Mapping[str, str]

    @property
    def scope(self) -> str:
        """GOODS when any agency opens them."""
        return GOODS if GOODS in self.scopes.values() else DOCUMENTS


@dataclass(frozen=True, slots=True)
class _Work:
    """What goes on in one bay or at one desk.

    Args:
        found: by agency; known to the truth, told when the bay is done.
    """

    waiting: _Waiting
    lrn: str
    started_at: datetime
    ends_at: datetime
    found: Mapping[str, Examined]


class Bays:
    """All bays and desks of the border, and the release desk beside them."""

    def __init__(self, doors: Doors, diary: Diary) -> None:
        """Work at these doors and write down in `diary` what is done."""
        self._doors = doors
        self._diary = diary
        self._busy: list[_Work] = []
        self._seen: dict[str, datetime] = {}
        self._scopes: dict[tuple[str, ...], Mapping[str, str]] = {}
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
        while True:
            queue = await self._queue(now)
            following = next((each for each in queue if self._has_room(each.scope)), None)
            if following is None:
                return len(queue)
            await self._begin(following, now)

    def _has_room(self, scope: str) -> bool:
        busy = sum(each.waiting.scope == scope for each in self._busy)
        return busy < (self._diary.bays if scope == GOODS else self._diary.desks)

    async def _queue(self, now: datetime) -> list[_Waiting]:
        """Return the queue; what is not of this day is left alone."""
        waiting = []
        for entry in await self._doors.queue(_SUPERVISOR):
            examination = entry["examination"]
            if examination in self._left_alone or entry["mrn"] not in self._diary.lrns:
                continue
            seen_at = self._seen.setdefault(examination, now)
            waiting.append(_Waiting(entry, seen_at, await self._scopes_of(entry)))
        return waiting

    async def _scopes_of(self, entry: Mapping[str, Any]) -> Mapping[str, str]:
        """Return what each agency is to look at; asked again when other agencies join."""
        known = (entry["examination"], *entry["agencies"])
        if known not in self._scopes:
            order = await self._doors.examination(_SUPERVISOR, entry["examination"])
            self._scopes[known] = {part["agency"]: part["scope"] for part in order["parts"]}
        return self._scopes[known]

    async def _begin(self, waiting: _Waiting, now: datetime) -> None:
        """Begin an examination; one that the border does not let begin is left alone."""
        examination = waiting.entry["examination"]
        first = next(iter(waiting.scopes))
        answer = await self._doors.start(INSPECTORS[first][1], examination)
        if answer.status >= 300:
            self._left_alone.add(examination)
            return
        truth, lrn = self._diary.truth, self._diary.lrns[waiting.entry["mrn"]]
        found = {
            agency: truth.examine(lrn, agency, now, scope)
            for agency, scope in waiting.scopes.items()
        }
        minutes = sorted((each.minutes for each in found.values()), reverse=True)
        lasts = timedelta(minutes=minutes[0] + _FURTHER_SHARE * sum(minutes[1:]))
        self._busy.append(_Work(waiting, lrn, now, now + lasts, found))

    async def _report(self, work: _Work, now: datetime) -> None:
        """Report for each agency, and write the examination down."""
        for agency, found in work.found.items():
            account = INSPECTORS[agency][1]
            answer = await self._doors.report(
                account, work.waiting.entry["examination"], agency, found, work.started_at
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
    found, entry = work.found.values(), work.waiting.entry
    return Inspection(
        examination=entry["examination"],
        mrn=entry["mrn"],
        lrn=work.lrn,
        since=datetime.fromisoformat(entry["since"]),
        seen_at=work.waiting.seen_at,
        started_at=work.started_at,
        ended_at=now,
        agencies=tuple(work.found),
        scope=work.waiting.scope,
        is_mandatory=bool(entry["is_mandatory"]),
        discoveries=tuple(one for each in found for one in each.discoveries),
        extra_revenue=sum((Decimal(f"{each.extra_revenue:.2f}") for each in found), Decimal(0)),
    )
