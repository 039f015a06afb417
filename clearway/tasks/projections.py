"""What each fact changes in the room's tables.

Acknowledging an alarm and taking its task are one thing: `coldchain.alarm_acknowledged/1` and
`movement.alarm_acknowledged/1` take the task of that alarm, whichever door they came by.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.transaction import Projection
from clearway.tasks import rules, schema
from clearway.tasks.facts import (
    AlarmJoined,
    TaskCommented,
    TaskDone,
    TaskEscalated,
    TaskOpened,
    TaskTaken,
    TaskVoided,
)
from clearway.tasks.handling import DUE, PATIENCE
from clearway.tasks.model import AlarmOn, Audience, Room, State
from clearway.terms.alarm import AlarmLevel

_T, _A = schema.task, schema.alarm
_MOST_URGENT = rules.rank(AlarmLevel.CRITICAL)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What this room reads of an acknowledgement of either room."""

    alarm: int
    note: str = ""


def urgency(level: AlarmLevel) -> int:
    """Return the place of a level in a list: the most urgent is 0."""
    return _MOST_URGENT - rules.rank(level)


def _open(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskOpened)
    names = ("container", "mrn", "agency", "party", "office", "raise_at", "due_at", "next_at")
    row = {name: getattr(body, name) for name in names}
    row |= {"seq": fact.seq, "cause": body.cause.value, "level": body.alarm.level.value}
    row |= {"urgency": urgency(body.alarm.level), "opened_at": fact.occurred_at, "step": 0}
    row |= {"state": State.OPEN.value, "audiences": body.audience.value}
    row |= {"taken_by": "", "ended_by": "", "outcome": "", "note": ""}
    connection.execute(insert(_T), row)
    _ask(connection, fact.seq, body.audience)
    _add_alarm(connection, fact.seq, body.alarm)


def _ask(connection: Connection, task: int, audience: Audience) -> None:
    row = {"audience": audience.value, "task": task}
    connection.execute(insert(schema.audience), row)


def _add_alarm(connection: Connection, task: int, alarm: AlarmOn) -> None:
    row = {"room": alarm.room.value, "alarm": alarm.seq, "task": task, "body": encode(alarm)}
    connection.execute(insert(_A), row)


def _join(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AlarmJoined)
    _add_alarm(connection, body.task, body.alarm)
    changes = {name: getattr(body, name) for name in ("raise_at", "due_at", "next_at")}
    _change(connection, body.task, **changes)
    known = select(_T.c.urgency).where(_T.c.seq == body.task)
    if urgency(body.alarm.level) < connection.execute(known).scalar_one():
        level = body.alarm.level
        _change(connection, body.task, level=level.value, urgency=urgency(level))
    _widen(connection, body.task, body.audience)


def _widen(connection: Connection, task: int, audience: Audience) -> bool:
    """Add an audience; return whether it was not asked before."""
    line = connection.execute(select(_T.c.audiences).where(_T.c.seq == task)).scalar_one()
    if audience.value in line.split():
        return False
    _change(connection, task, audiences=f"{line} {audience.value}")
    _ask(connection, task, audience)
    return True


def _take(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskTaken)
    state = State.TAKEN.value
    changes = {"taken_at": fact.occurred_at, "taken_by": fact.actor, "next_at": body.next_at}
    _change(connection, body.task, state=state, note=body.note, **changes)


def _comment(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskCommented)
    row = {"seq": fact.seq, "task": body.task, "at": fact.occurred_at, "actor": fact.actor}
    connection.execute(insert(schema.comment), {**row, "text": body.text})


def _escalate(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskEscalated)
    _widen(connection, body.task, body.audience)
    step = select(_T.c.step).where(_T.c.seq == body.task)
    count = connection.execute(step).scalar_one() + 1
    _change(connection, body.task, step=count, next_at=body.next_at)


def _finish(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskDone)
    _end(connection, fact, body.task, State.DONE, body.outcome.value, body.note)


def _void(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, TaskVoided)
    _end(connection, fact, body.task, State.VOID, "", body.reason)


def _end(
    connection: Connection, fact: Fact, task: int, state: State, outcome: str, note: str
) -> None:
    ended = {"ended_at": fact.occurred_at, "ended_by": fact.actor, "next_at": None}
    _change(connection, task, state=state.value, outcome=outcome, note=note, **ended)


def _change(connection: Connection, task: int, **changes: object) -> None:
    connection.execute(update(_T).where(_T.c.seq == task).values(**changes))


def _acknowledge(connection: Connection, fact: Fact, room: Room) -> None:
    body = decode(fact.body, Acknowledged)
    of = select(_A.c.task).where(_A.c.room == room.value, _A.c.alarm == body.alarm)
    mine = (_T.c.seq.in_(of)) & (_T.c.state == State.OPEN.value)
    found = connection.execute(select(_T.c.seq, _T.c.level, _T.c.next_at).where(mine)).all()
    for task, level, next_at in found:
        patience = PATIENCE * DUE[AlarmLevel(level)]
        changes = {
            "taken_at": fact.occurred_at,
            "taken_by": fact.actor,
            "note": body.note,
            "next_at": None if next_at is None else fact.occurred_at + patience,
        }
        _change(connection, task, state=State.TAKEN.value, **changes)


def _acknowledge_cold(connection: Connection, fact: Fact) -> None:
    _acknowledge(connection, fact, Room.COLDCHAIN)


def _acknowledge_movement(connection: Connection, fact: Fact) -> None:
    _acknowledge(connection, fact, Room.MOVEMENTS)


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    TaskOpened.TYPE: (_open,),
    AlarmJoined.TYPE: (_join,),
    TaskTaken.TYPE: (_take,),
    TaskCommented.TYPE: (_comment,),
    TaskEscalated.TYPE: (_escalate,),
    TaskDone.TYPE: (_finish,),
    TaskVoided.TYPE: (_void,),
    "coldchain.alarm_acknowledged/1": (_acknowledge_cold,),
    "movement.alarm_acknowledged/1": (_acknowledge_movement,),
}
