"""The terminal of the simulated day: it hears alarms, mends what it can, and lets goods go.

An alarm on a container in the yard brings somebody to it after a while: a plug is put back, a door
shut, a set-point put right. Whether anything is wrong at all they see only then. On the way
(before arrival) it is the crew that looks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from clearway.simulator import messages
from clearway.simulator.diary import Diary, Heard
from clearway.simulator.doors import Doors
from clearway.simulator.mail import TERMINAL
from clearway.simulator.reefers import MishapKind

_MENDED = frozenset(
    {
        MishapKind.POWER_CUT,
        MishapKind.DOOR_OPEN,
        MishapKind.WRONG_SET_POINT,
        MishapKind.FAHRENHEIT,
    }
)
_UNHURRIED = frozenset({"notice"})


class Yard:
    """Terminal and crew."""

    def __init__(
        self,
        doors: Doors,
        diary: Diary,
        *,
        reach: timedelta,
        mended: Callable[[str, datetime], None],
    ) -> None:
        """Listen at these doors.

        Args:
            reach: from hearing an alarm to standing at the container.
            mended: told of each repair, so that later readings come from the mended container.
        """
        self._doors = doors
        self._diary = diary
        self._reach = reach
        self._mended = mended
        self._heard = -1
        self._on_the_way: dict[str, datetime] = {}

    async def work(self, now: datetime) -> None:
        """Hear new alarms, and mend what somebody has reached by now."""
        for alarm in reversed(await self._doors.alarms(TERMINAL, self._heard)):
            self._heard = max(self._heard, alarm["seq"])
            await self._hear(alarm, now)
        for container, at in list(self._on_the_way.items()):
            if at <= now:
                del self._on_the_way[container]
                self._mend(container, at)

    async def _hear(self, raised: dict[str, Any], now: datetime) -> None:
        alarm = raised["alarm"]
        limit = alarm["limit_at"]
        heard = Heard(
            seq=raised["seq"],
            container=alarm["container"],
            kind=alarm["kind"],
            level=alarm["level"],
            at=datetime.fromisoformat(alarm["at"]),
            heard_at=now,
            limit_at=None if limit is None else datetime.fromisoformat(limit),
        )
        self._diary.alarms.append(heard)
        if raised["cleared_at"] is not None:
            return
        await self._doors.acknowledge(TERMINAL, heard.seq, "Somebody is on the way to look.")
        if heard.level not in _UNHURRIED and heard.container not in self._on_the_way:
            self._on_the_way[heard.container] = now + self._reach

    def _mend(self, container: str, at: datetime) -> None:
        """Put right what is wrong with a container now, if it is of a kind that can be."""
        truth = self._diary.truth
        if truth.voyage is None or container not in truth.unit_of:
            return
        mishap = truth.voyage.units[truth.unit_of[container]].mishap
        if mishap is None or mishap.kind not in _MENDED:
            return
        if mishap.start_s <= at.timestamp() < mishap.end_s:
            self._diary.truth = truth.repaired(container, at)
            self._diary.repairs[container] = at
            self._mended(container, at)

    async def depart(self, lrn: str, now: datetime) -> None:
        """Let the containers of a released consignment leave."""
        consignment = self._diary.truth.consignments[lrn]
        for box in consignment.boxes:
            body = messages.departure_of(box.number, consignment.office, now)
            await self._doors.move(TERMINAL, body, f"out:{box.number}")
