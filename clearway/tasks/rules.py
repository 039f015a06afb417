"""Who is asked, when, and who is asked next: pure.

TSK_R1  one task for a container and cause; further alarms join it
TSK_R2  nobody is asked before the delay of the kind is over; what ended by then asked nobody
TSK_R3  what nobody takes in time passes on; what was taken has twice as long
TSK_R4  what somebody worse is due for asks that audience at once
TSK_R5  what the readings ended: untaken it is void, taken it is done
TSK_R6  a terminal is asked for nothing that has left its yard
TSK_R7  what was put right and still stands an hour later asks anew
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from clearway.errors import BadTerm, WrongState
from clearway.tasks.handling import DUE, NEVER, OPENING, PATIENCE, Handling, handling_of
from clearway.tasks.model import AlarmOn, Audience, Cause, Outcome, Plan, Scene, State, Task
from clearway.terms.alarm import AlarmLevel

LONGEST_NOTE = 1_000

AGAIN = timedelta(hours=1)
"""An alarm that still stands so long after somebody said it was put right asks anew (TSK_R7)."""

PROMISES = frozenset({Outcome.RESTORED, Outcome.MOVED, Outcome.CORRECTED})
"""Outcomes after which the readings should end the alarm."""

BY_PEOPLE = frozenset({Cause.EVIDENCE})
"""Causes whose alarm ends with being taken on; the task stays until somebody says how it ended."""

NEEDS_NOTE = frozenset({Outcome.FALSE_ALARM, Outcome.LOST, Outcome.NOT_POSSIBLE})

_RANK = {AlarmLevel.NOTICE: 0, AlarmLevel.WARNING: 1, AlarmLevel.CRITICAL: 2}


def rank(level: AlarmLevel) -> int:
    """Return a number that grows with urgency."""
    return _RANK[level]


def asks(alarm: AlarmOn) -> bool:
    """Return whether an alarm asks anybody for anything: what is normal never does."""
    return alarm.kind not in NEVER


def first_audience(handling: Handling, scene: Scene) -> Audience:
    """Return who can act first: where the container stands, or who carries it."""
    return handling.here if scene.is_here else handling.away


def ladder(alarm: AlarmOn, scene: Scene) -> tuple[Audience, ...]:
    """Return everyone who is asked, one after another, each once."""
    handling = handling_of(alarm.kind)
    return tuple(dict.fromkeys((first_audience(handling, scene), *handling.then)))


def delay_of(alarm: AlarmOn, scene: Scene) -> timedelta:
    """Return how long an alarm may end by itself before anybody is asked (TSK_R2).

    A critical one waits for nothing. Doors may stand open longer where containers may be opened.
    """
    handling = handling_of(alarm.kind)
    if handling.cause is Cause.DOOR and scene.may_be_opened:
        return OPENING
    return timedelta(0) if alarm.level is AlarmLevel.CRITICAL else handling.delay


def plan(alarm: AlarmOn, scene: Scene, now: datetime) -> Plan:
    """Return how a task for an alarm begins."""
    steps = ladder(alarm, scene)
    raise_at = max(now, alarm.at + delay_of(alarm, scene))
    due_at = due(alarm, raise_at)
    return Plan(
        audience=steps[0],
        agency=handling_of(alarm.kind).agency,
        raise_at=raise_at,
        due_at=due_at,
        next_at=due_at if len(steps) > 1 else None,
    )


def due(alarm: AlarmOn, since: datetime) -> datetime:
    """Return when a task should be done: in the time of its level, and before the limit."""
    latest = since + DUE[alarm.level]
    if alarm.limit_at is None or alarm.limit_at <= since:
        return latest
    return min(latest, alarm.limit_at)


def joined(task: Task, alarm: AlarmOn, scene: Scene, now: datetime) -> Plan:
    """Return how a task goes on when a further alarm of its cause joins it (TSK_R1, TSK_R4).

    The audience changes only when the new alarm asks, first of all, somebody who was not asked.
    """
    wanted = first_audience(handling_of(alarm.kind), scene)
    audience = task.audience if wanted in task.audiences else wanted
    due_at = min(task.due_at, due(alarm, max(now, alarm.at)))
    left = wanted_after(replace(task, alarms=(*task.alarms, alarm)), audience)
    next_at = min(task.next_at, due_at) if task.next_at is not None and left else None
    raise_at = min(task.raise_at, max(now, alarm.at + delay_of(alarm, scene)))
    return Plan(audience, task.agency, raise_at, due_at, next_at)


def wanted_after(task: Task, *asked: Audience) -> tuple[Audience, ...]:
    """Return who is still to be asked, in order, once those were asked as well."""
    steps = (step for alarm in task.alarms for step in handling_of(alarm.kind).then)
    known = {*task.audiences, *asked}
    return tuple(dict.fromkeys(step for step in steps if step not in known))


def passing(task: Task, now: datetime) -> tuple[Audience, datetime | None] | None:
    """Return who is asked now and when the one after that would be; None: not yet (TSK_R3)."""
    if not task.is_open or task.next_at is None or now < task.next_at:
        return None
    return pass_on(task, now)


def pass_on(task: Task, now: datetime) -> tuple[Audience, datetime | None] | None:
    """Return who is asked next and when the one after that would be; None: nobody is left."""
    left = wanted_after(task)
    if not left:
        return None
    return left[0], now + DUE[task.level] if wanted_after(task, left[0]) else None


def patience(task: Task, now: datetime) -> datetime | None:
    """Return when a task that is taken now is passed on all the same (TSK_R3)."""
    if not wanted_after(task):
        return None
    return now + PATIENCE * DUE[task.level]


def told(alarm: AlarmOn, audience: Audience) -> tuple[Audience, ...]:
    """Return who hears of an alarm when `audience` is asked: it, and who gets a copy."""
    return tuple(dict.fromkeys((audience, *handling_of(alarm.kind).told)))


def worst(alarms: Iterable[AlarmOn]) -> AlarmLevel:
    """Return the most urgent level."""
    return max((alarm.level for alarm in alarms), key=_RANK.__getitem__)


def asks_anew(state: State, outcome: str, ended_at: datetime | None, now: datetime) -> bool:
    """Return whether an alarm that stands needs a new task, given the last one (TSK_R7)."""
    if state is State.VOID:
        return True
    is_over = ended_at is not None and outcome in PROMISES
    return is_over and ended_at is not None and ended_at <= now - AGAIN


def require_open(task: Task) -> None:
    """Refuse to act on a task that is over. Raises: WrongState."""
    if not task.is_open:
        raise WrongState(
            f"Task {task.seq} is {task.state} since {task.ended_at:%Y-%m-%d %H:%M} UTC",
            task=task.seq,
        )


def require_untaken(task: Task, actor: str) -> None:
    """Refuse to take what somebody else has taken. Raises: WrongState."""
    require_open(task)
    if task.state is State.TAKEN and task.taken_by != actor:
        raise WrongState(
            f"Task {task.seq} was taken by {task.taken_by} at {task.taken_at:%Y-%m-%d %H:%M} UTC;"
            " comment on it, or complete it",
            task=task.seq,
        )


def require_note(note: str, *, is_needed: bool = False) -> None:
    """Refuse a note that is too long, or missing. Raises: BadTerm."""
    if len(note) > LONGEST_NOTE:
        raise BadTerm("note", note, f"at most {LONGEST_NOTE:,} characters", field="note")
    if is_needed and not note.strip():
        raise BadTerm("note", note, "say in a sentence what happened", field="note")


def outcome_of(text: str) -> Outcome:
    """Return an outcome. Raises: BadTerm: there is no such."""
    try:
        return Outcome(text)
    except ValueError as error:
        rule = f"one of {', '.join(Outcome)}"
        raise BadTerm("outcome", text, rule, field="outcome") from error
