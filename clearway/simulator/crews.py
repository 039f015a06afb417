"""The people whom alarms ask to act: terminal, carrier, officers; each sees the tasks of their own.

A crew looks at its tasks now and then, takes one after a while, goes there, acts, and says what
came of it. What is wrong they see only at the container: a plug is put back, a door shut, a
set-point put right; where nothing can be done any more they say so. Some tasks are overlooked:
whoever is asked next gets those. Nobody here looks at the list of alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.simulator.accounts import INSPECTORS
from clearway.simulator.diary import Diary, TaskSeen
from clearway.simulator.doors import Doors
from clearway.simulator.mail import CARRIER, TERMINAL
from clearway.simulator.reefers import MishapKind
from clearway.simulator.streams import share
from clearway.simulator.truth import Truth

_LATER = timedelta(minutes=15)
_PUT_RIGHT: Mapping[MishapKind, tuple[str, str]] = {
    MishapKind.POWER_CUT: ("restored", "The plug was out; it is back."),
    MishapKind.DOOR_OPEN: ("restored", "The door stood open; it is shut."),
    MishapKind.WRONG_SET_POINT: ("corrected", "The set-point was not the ordered one."),
    MishapKind.FAHRENHEIT: ("corrected", "The set-point was typed in the wrong unit."),
}
_OVER: Mapping[str, str] = {
    "sensor": "The logger is to be changed at the depot.",
    "loading": "The goods were loaded warm; the unit cools them.",
    "evidence": "Both readings are kept; the logger's maker is asked.",
    "door": "The door was shut when somebody came.",
    "cold": "The unit runs as ordered; the goods follow slowly.",
    "set_point": "The set-point is the ordered one now.",
    "seal_battery": "The seal's battery is to be changed at the depot.",
}
_SEAL, _SEAL_PATIENCE = "seal", timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who looks at which tasks.

    Args:
        account: who asks at the door.
        audience: as what it is asked.
        looks: from one look at its tasks to the next.
        answers: from seeing a task to taking it, at the longest.
        reaches: from taking it to having acted, at the longest.
        overlooks: share of tasks that it never takes.
    """

    account: str
    audience: str
    looks: timedelta
    answers: timedelta
    reaches: timedelta
    overlooks: float


def _crew(
    account: str, audience: str, minutes: tuple[int, int, int], overlooks: float = 0.0
) -> Crew:
    looks, answers, reaches = (timedelta(minutes=each) for each in minutes)
    return Crew(account, audience, looks, answers, reaches, overlooks)


CREWS = (
    _crew(TERMINAL, "terminal", (15, 15, 45), overlooks=0.2),
    _crew(CARRIER, "carrier", (30, 40, 90), overlooks=0.1),
    _crew(INSPECTORS["food_safety"][1], "officer", (30, 40, 120)),
    _crew(INSPECTORS["customs"][1], "officer", (30, 20, 120)),
)


@dataclass(slots=True)
class _Job:
    """A task that a crew has seen."""

    crew: Crew
    task: Mapping[str, Any]
    take_at: datetime
    act_at: datetime
    is_taken: bool = False

    @property
    def seq(self) -> int:
        return int(self.task["seq"])


class Crews:
    """All who are asked."""

    def __init__(
        self, doors: Doors, diary: Diary, *, mended: Callable[[str, datetime], None]
    ) -> None:
        """Look at these doors.

        Args:
            mended: told of each repair, so that later readings come from the mended container.
        """
        self._doors = doors
        self._diary = diary
        self._mended = mended
        self._jobs: dict[tuple[str, int], _Job] = {}
        self._left: set[tuple[str, int]] = set()
        self._next_look: dict[Crew, datetime] = {}

    async def work(self, now: datetime) -> None:
        """See new tasks, take those that it is time for, and end those where somebody acted."""
        for crew in CREWS:
            if now >= self._next_look.get(crew, now):
                self._next_look[crew] = now + crew.looks
                await self._look(crew, now)
        for key, job in list(self._jobs.items()):
            if not job.is_taken and job.take_at <= now:
                await self._take(key, job)
            elif job.is_taken and job.act_at <= now:
                await self._act(key, job, now)

    async def _look(self, crew: Crew, now: datetime) -> None:
        for task in await self._doors.tasks(crew.account):
            key = crew.account, int(task["seq"])
            is_mine = task["state"] == "open" and crew.audience in task["audiences"]
            if not is_mine or key in self._jobs or key in self._left:
                continue
            names = task["container"], task["cause"], crew.account
            if share(self._diary.truth.seed, "overlooks", *names) < crew.overlooks:
                self._left.add(key)
                continue
            answer = share(self._diary.truth.seed, "answers", *names)
            way = 0.4 + 0.6 * share(self._diary.truth.seed, "reaches", *names)
            take_at = now + crew.answers * answer
            self._jobs[key] = _Job(crew, task, take_at, take_at + crew.reaches * way)

    async def _take(self, key: tuple[str, int], job: _Job) -> None:
        """Take a task; one that ended or that somebody else took is left alone."""
        answer = await self._doors.take(job.crew.account, job.seq, "We look at it.")
        job.is_taken = answer.status < 300
        if not job.is_taken:
            self._leave(key)

    async def _act(self, key: tuple[str, int], job: _Job, now: datetime) -> None:
        if job.task["cause"] == _SEAL and self._waits_for_examination(job, now):
            job.act_at = now + _LATER
            return
        self._leave(key)
        outcome, note = self._do(job, now)
        await self._doors.complete(job.crew.account, job.seq, outcome, note)

    def _leave(self, key: tuple[str, int]) -> None:
        del self._jobs[key]
        self._left.add(key)

    def _waits_for_examination(self, job: _Job, now: datetime) -> bool:
        """Whether the goods behind a seal were not looked at yet, and may still be."""
        return not self._is_examined(job) and now < job.take_at + _SEAL_PATIENCE

    def _is_examined(self, job: _Job) -> bool:
        since = datetime.fromisoformat(job.task["opened_at"])
        return any(
            job.task["container"] in _boxes(self._diary.truth, one.lrn) and one.ended_at >= since
            for one in self._diary.inspections
        )

    def _do(self, job: _Job, now: datetime) -> tuple[str, str]:
        """Act at the container; return the outcome and what there is to say of it."""
        container, cause = str(job.task["container"]), str(job.task["cause"])
        if cause == _SEAL:
            if self._is_examined(job):
                return "examined", "The seal and the goods behind it were looked at."
            return "explained", "The goods were released before anybody could look at them."
        kind = self._mend(container, now)
        if kind is not None:
            return _PUT_RIGHT[kind]
        if cause in _OVER:
            return "explained", _OVER[cause]
        return "false_alarm", "Nothing is wrong that can be seen."

    def _mend(self, container: str, at: datetime) -> MishapKind | None:
        """Put right what is wrong with a container now, if it is of a kind that can be."""
        truth = self._diary.truth
        if truth.voyage is None or container not in truth.unit_of:
            return None
        mishap = truth.voyage.units[truth.unit_of[container]].mishap
        if mishap is None or mishap.kind not in _PUT_RIGHT:
            return None
        if not mishap.start_s <= at.timestamp() < mishap.end_s:
            return None
        self._diary.truth = truth.repaired(container, at)
        self._diary.repairs[container] = at
        self._mended(container, at)
        return mishap.kind

    async def sum_up(self) -> None:
        """Write down what became of all tasks, as each agency sees its own."""
        seen = [
            _seen(task)
            for _, account in INSPECTORS.values()
            for task in await self._doors.all_tasks(account)
        ]
        self._diary.tasks = tuple(sorted(seen, key=lambda one: one.seq))


def _boxes(truth: Truth, lrn: str) -> set[str]:
    return {box.number for box in truth.consignments[lrn].boxes}


def _seen(task: Mapping[str, Any]) -> TaskSeen:
    taken = task["taken_at"]
    return TaskSeen(
        seq=int(task["seq"]),
        container=task["container"],
        cause=task["cause"],
        state=task["state"],
        opened_at=datetime.fromisoformat(task["opened_at"]),
        taken_at=None if taken is None else datetime.fromisoformat(taken),
        taken_by=task["taken_by"],
        passed_on=int(task["step"]),
        outcome=task["outcome"],
    )
