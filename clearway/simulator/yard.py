"""The terminal's screen and gate on the simulated day: it hears alarms, and lets goods go.

Who acts on an alarm does so because a task asks for it (`crews`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.simulator import events, messages
from clearway.simulator.diary import Diary, Heard
from clearway.simulator.doors import Doors
from clearway.simulator.mail import TERMINAL


class Yard:
    """Terminal: screen and gate."""

    def __init__(self, doors: Doors, diary: Diary) -> None:
        """Listen at these doors and write down in `diary` what is heard."""
        self._doors = doors
        self._diary = diary
        self._heard = -1

    async def work(self, now: datetime) -> None:
        """Hear new alarms."""
        for alarm in reversed(await self._doors.alarms(TERMINAL, self._heard)):
            self._heard = max(self._heard, alarm["seq"])
            self._diary.alarms.append(_heard(alarm, now))

    async def depart(self, lrn: str, now: datetime) -> None:
        """Let the containers of a released consignment leave."""
        truth = self._diary.truth
        consignment = truth.consignments[lrn]
        as_epcis = events.speaks_epcis(truth.seed, lrn)
        tell = events.departure_of if as_epcis else messages.departure_of
        for box in consignment.boxes:
            body = tell(box.number, consignment.office, now)
            key = f"out:{box.number}"
            answer = await self._doors.move(TERMINAL, body, key, as_epcis=as_epcis)
            if as_epcis and answer.status < 300:
                self._diary.events += 2


def _heard(raised: Mapping[str, Any], now: datetime) -> Heard:
    alarm = raised["alarm"]
    limit = alarm["limit_at"]
    return Heard(
        seq=raised["seq"],
        container=alarm["container"],
        kind=alarm["kind"],
        level=alarm["level"],
        at=datetime.fromisoformat(alarm["at"]),
        heard_at=now,
        limit_at=None if limit is None else datetime.fromisoformat(limit),
    )
