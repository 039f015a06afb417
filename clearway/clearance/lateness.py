"""The course of one consignment from the tables, for the reasons of its delay (`delays`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from clearway.clearance import tables
from clearway.clearance.delays import Course, Errand
from clearway.errors import WrongState
from clearway.tasks import tables as tasks
from clearway.tasks.model import Audience, State, Task


def course_of(connection: Connection, mrn: str, now: datetime) -> Course:
    """Return what happened to a consignment, and when.

    Raises: NotFound: no such declaration. WrongState: its goods are not here.
    """
    consignment = tables.get(connection, mrn)
    arrived_at = consignment.arrived_at
    if arrived_at is None:
        raise WrongState(f"The goods of {mrn} have not arrived, so they are not late yet")
    last = tables.last_decision(connection, mrn)
    orders = tables.examinations_of(connection, mrn)
    return Course(
        arrived_at=arrived_at,
        lodged_at=consignment.lodged_at,
        complete_at=consignment.complete_at,
        missing=() if last is None else last.decided.missing,
        examinations=tuple(order for order in orders if not order.is_cancelled),
        released_at=consignment.released_at,
        now=max(now, arrived_at),
        errands=errands_of(connection, mrn, arrived_at, now),
    )


def errands_of(
    connection: Connection, mrn: str, since: datetime, now: datetime
) -> tuple[Errand, ...]:
    """Return the tasks that alarms of a declaration's containers made since an instant.

    Those whose delay was not over before they ended asked nobody, and delayed nothing.
    """
    return tuple(
        Errand(_asked(task), task.alarms[0].message, task.raise_at, task.ended_at)
        for box in tables.containers_of(connection, mrn)
        for task in tasks.list_of(connection, box.container, since)
        if task.state is not State.VOID and task.raise_at < (task.ended_at or now)
    )


def _asked(task: Task) -> str:
    is_official = task.audience is Audience.OFFICER
    return task.agency if is_official else task.audience.value
