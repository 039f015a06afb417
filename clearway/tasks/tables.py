"""What can be asked of tasks: one, the open ones of whoever looks, those that are overdue."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Select,
    Table,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)

from clearway.coldchain import stored as cold
from clearway.errors import NotFound
from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.fact import decode
from clearway.ledger.statement import run
from clearway.movements import schema as moved
from clearway.tasks import schema
from clearway.tasks.handling import NEVER
from clearway.tasks.model import AlarmOn, Audience, Cause, Comment, Room, State, Task
from clearway.tasks.projections import PROJECTIONS as PROJECTIONS
from clearway.tasks.rules import AGAIN, BY_PEOPLE, PROMISES
from clearway.tasks.schema import TABLES as TABLES
from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber

MOST_LISTED = 500
OPEN = (State.OPEN.value, State.TAKEN.value)

_T, _A, _C = schema.task, schema.alarm, schema.comment
_COLD, _MOVED = cold.alarm, moved.alarm

Place = tuple[int, datetime, int]
"""Where a task stands in a list: urgency, when it is due, its number."""


def get(connection: Connection, seq: int) -> Task:
    """Return the task of this number. Raises: NotFound: there is none."""
    found = _tasks(connection, select(_T).where(_T.c.seq == seq))
    if not found:
        raise NotFound(f"There is no task {seq}", task=seq)
    return found[0]


_IS_CALM = (
    f"SELECT NOT EXISTS (SELECT 1 FROM {_COLD.name} WHERE container = ? AND cleared_at IS NULL)"
    f" AND NOT EXISTS (SELECT 1 FROM {_MOVED.name} WHERE container = ? AND settled_at IS NULL)"
    f" AND NOT EXISTS (SELECT 1 FROM {_T.name} WHERE container = ? AND state IN ('open', 'taken'))"
)


def is_calm(connection: Connection, container: str) -> bool:
    """Return whether no alarm of a container stands and no task is open: the usual case."""
    row = run(connection, _IS_CALM, (container,) * 3).fetchone()
    return row is not None and bool(row[0])


def find_open(connection: Connection, container: str, cause: Cause) -> Task | None:
    """Return the open task of a container and cause, or None (TSK_R1: there is at most one)."""
    query = select(_T).where(
        _T.c.container == container, _T.c.cause == cause.value, _T.c.state.in_(OPEN)
    )
    return next(iter(_tasks(connection, query)), None)


def open_of(connection: Connection, container: str) -> tuple[Task, ...]:
    """Return the open tasks of a container, the oldest first."""
    query = select(_T).where(_T.c.container == container, _T.c.state.in_(OPEN)).order_by(_T.c.seq)
    return _tasks(connection, query)


def list_open(
    connection: Connection,
    now: datetime,
    *,
    audiences: Collection[Audience] = (),
    agency: str = "",
    parties: Collection[str] | None = None,
    office: str = "",
    container: str = "",
    after: Place | None = None,
    limit: int = 50,
) -> tuple[Task, ...]:
    """Return open tasks that are raised by now, the most urgent first.

    Args:
        now: aware UTC; a task whose delay is not over asks nobody yet.
        audiences: asked of one of these; empty: of anybody.
        agency: that this one's officers answer for; empty: of all.
        parties: whose goods they are; None: of all.
        office: where the container stands; empty: of all.
        after: `place_of` the last task of the page before.
        limit: at most `MOST_LISTED`.
    """
    query = select(_T).where(_T.c.state.in_(OPEN), _T.c.raise_at <= bindparam("now", now, Instant))
    query = _of(query, audiences, parties)
    for column, wanted in ((_T.c.agency, agency), (_T.c.office, office)):
        if wanted:
            query = query.where(column == wanted)
    if container:
        query = query.where(_T.c.container == container)
    if after is not None:
        last = tuple_(after[0], bindparam("due", after[1], Instant), after[2])
        query = query.where(tuple_(_T.c.urgency, _T.c.due_at, _T.c.seq) > last)
    query = query.order_by(_T.c.urgency, _T.c.due_at, _T.c.seq).limit(min(limit, MOST_LISTED))
    return _tasks(connection, query)


def list_ended(
    connection: Connection,
    *,
    audiences: Collection[Audience] = (),
    agency: str = "",
    parties: Collection[str] | None = None,
    container: str = "",
    before: int | None = None,
    limit: int = 50,
) -> tuple[Task, ...]:
    """Return tasks that are over, the newest first; `before` is the last one's number."""
    query = select(_T).where(_T.c.state.not_in(OPEN)).order_by(_T.c.seq.desc())
    query = _of(query, audiences, parties)
    if container:
        query = query.where(_T.c.container == container)
    if agency:
        query = query.where(_T.c.agency == agency)
    if before is not None:
        query = query.where(_T.c.seq < before)
    query = query.limit(min(limit, MOST_LISTED))
    return _tasks(connection, query)


def list_of(
    connection: Connection, container: str, since: datetime, *, limit: int = 100
) -> tuple[Task, ...]:
    """Return the tasks of a container that were open at some time since then, the oldest first."""
    is_recent = _T.c.ended_at.is_(None) | (_T.c.ended_at >= bindparam("since", since, Instant))
    query = select(_T).where(_T.c.container == container, is_recent).order_by(_T.c.seq)
    return _tasks(connection, query.limit(min(limit, MOST_LISTED)))


def place_of(task: Task) -> Place:
    """Return where a task stands in `list_open`."""
    urgency = {AlarmLevel.CRITICAL: 0, AlarmLevel.WARNING: 1, AlarmLevel.NOTICE: 2}
    return urgency[task.level], task.due_at, task.seq


def count_open(
    connection: Connection,
    now: datetime,
    *,
    audiences: Collection[Audience] = (),
    agency: str = "",
    parties: Collection[str] | None = None,
) -> int:
    """Return how many tasks `list_open` would list without a limit."""
    query = (
        select(func.count())
        .select_from(_T)
        .where(_T.c.state.in_(OPEN), _T.c.raise_at <= bindparam("now", now, Instant))
    )
    query = _of(query, audiences, parties)
    if agency:
        query = query.where(_T.c.agency == agency)
    return int(connection.execute(query).scalar_one())


def list_overdue(connection: Connection, now: datetime, *, limit: int = 100) -> tuple[Task, ...]:
    """Return the open tasks that are to be passed on by now, the longest overdue first."""
    query = (
        select(_T)
        .where(_T.c.state.in_(OPEN), _T.c.next_at <= bindparam("now", now, Instant))
        .order_by(_T.c.next_at)
        .limit(min(limit, MOST_LISTED))
    )
    return _tasks(connection, query)


def list_unattended(connection: Connection, now: datetime, *, limit: int = 100) -> tuple[str, ...]:
    """Return containers whose alarms and tasks do not agree: see `actions/attend`."""
    asked = {"again": to_microseconds(now - AGAIN), "most": min(limit, MOST_LISTED)}
    found: dict[str, None] = {}
    for query in (_UNANSWERED_COLD, _UNANSWERED_MOVED, _NEEDLESS):
        found.update((row.container, None) for row in connection.execute(query, asked))
    return tuple(found)[:limit]


def answer_to(connection: Connection, alarm: AlarmOn) -> tuple[State, str, datetime | None] | None:
    """Return state, outcome and end of the last task that answers an alarm; None: no task does."""
    query = (
        select(_T.c.state, _T.c.outcome, _T.c.ended_at)
        .join(_A, _A.c.task == _T.c.seq)
        .where(_A.c.room == alarm.room.value, _A.c.alarm == alarm.seq)
        .order_by(_T.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else (State(row.state), row.outcome, row.ended_at)


def comments_on(connection: Connection, seq: int) -> tuple[Comment, ...]:
    """Return what was said about a task, in order."""
    query = select(_C).where(_C.c.task == seq).order_by(_C.c.seq)
    return tuple(Comment(row.at, row.actor, row.text) for row in connection.execute(query))


def _unanswered(alarm: Table, room: Room, ended: Column[Any]) -> Select[Any]:
    """Return the containers with a standing alarm that no task answers, or none any more."""
    is_final = (_T.c.state == State.DONE.value) & (
        _T.c.outcome.not_in(PROMISES) | (_T.c.ended_at > bindparam("again", type_=Integer))
    )
    answered = (
        exists()
        .where(_A.c.room == room.value, _A.c.alarm == alarm.c.seq)
        .where(_T.c.seq == _A.c.task, _T.c.state.in_(OPEN) | is_final)
    )
    return (
        select(alarm.c.container)
        .where(ended.is_(None), alarm.c.kind.not_in(sorted(NEVER)), ~answered)
        .order_by(alarm.c.seq)  # by the index of those that stand, however many ended
        .limit(bindparam("most", type_=Integer))
    )


def _stands(alarm: Table, room: Room, ended: Column[Any]) -> Any:
    return exists().where(
        _A.c.task == _T.c.seq,
        _A.c.room == room.value,
        alarm.c.seq == _A.c.alarm,
        ended.is_(None),
    )


_UNANSWERED_COLD = _unanswered(_COLD, Room.COLDCHAIN, _COLD.c.cleared_at)
_UNANSWERED_MOVED = _unanswered(_MOVED, Room.MOVEMENTS, _MOVED.c.settled_at)
_NEEDLESS = (
    select(_T.c.container)
    .where(
        _T.c.state.in_(OPEN),
        _T.c.cause.not_in([cause.value for cause in BY_PEOPLE]),
        ~_stands(_COLD, Room.COLDCHAIN, _COLD.c.cleared_at),
        ~_stands(_MOVED, Room.MOVEMENTS, _MOVED.c.settled_at),
    )
    .distinct()
    .limit(bindparam("most", type_=Integer))
)


def _of(
    query: Select[Any], audiences: Collection[Audience], parties: Collection[str] | None
) -> Select[Any]:
    if audiences:
        table = schema.audience
        wanted = [one.value for one in audiences]
        asked = select(table.c.task).where(table.c.audience.in_(wanted))
        query = query.where(_T.c.seq.in_(asked))
    if parties is not None:
        query = query.where(_T.c.party.in_(list(parties)))
    return query


def _tasks(connection: Connection, query: Select[Any]) -> tuple[Task, ...]:
    rows = connection.execute(query).all()
    numbers = [row.seq for row in rows]
    wanted = select(_A.c.task, _A.c.body).where(_A.c.task.in_(numbers)).order_by(_A.c.alarm)
    alarms: dict[int, list[AlarmOn]] = {number: [] for number in numbers}
    for task, body in connection.execute(wanted) if numbers else ():
        alarms[task].append(decode(body, AlarmOn))
    return tuple(_task(row, tuple(alarms[row.seq])) for row in rows)


_SAME = (
    "seq", "mrn", "agency", "party", "office", "opened_at", "raise_at", "due_at", "step", "next_at",
    "taken_at", "taken_by", "ended_at", "ended_by", "outcome", "note",
)  # fmt: skip


def _task(row: Any, alarms: tuple[AlarmOn, ...]) -> Task:
    return Task(
        container=ContainerNumber(row.container),
        cause=Cause(row.cause),
        level=AlarmLevel(row.level),
        audiences=tuple(map(Audience, row.audiences.split())),
        state=State(row.state),
        alarms=alarms,
        **{name: getattr(row, name) for name in _SAME},
    )
