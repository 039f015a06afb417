"""The room's tables."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

task = Table(
    "task",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("urgency", Integer, nullable=False),  # 0 critical, 1 warning, 2 notice
    Column("agency", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("raise_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("step", Integer, nullable=False),
    Column("next_at", Instant),
    Column("state", Text, nullable=False),
    Column("audiences", Text, nullable=False),  # in the order in which they were asked, in one line
    Column("taken_at", Instant),
    Column("taken_by", Text, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("task_by_container", "container", "state"),
    Index("task_by_urgency", "state", "urgency", "due_at", "seq"),
    Index("task_by_next", "state", "next_at"),
)

# Who was asked, one row each, so that a list of one audience's tasks needs no search in texts.
audience = Table(
    "task_audience",
    METADATA,
    Column("audience", Text, nullable=False),
    Column("task", Integer, nullable=False),
    PrimaryKeyConstraint("audience", "task"),
    sqlite_with_rowid=False,
)

alarm = Table(
    "task_alarm",
    METADATA,
    Column("room", Text, nullable=False),
    Column("alarm", Integer, nullable=False),
    Column("task", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of the AlarmOn
    PrimaryKeyConstraint("task", "room", "alarm"),
    Index("task_alarm_by_alarm", "room", "alarm", "task"),
    sqlite_with_rowid=False,
)

comment = Table(
    "task_comment",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("task", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("task_comment_by_task", "task", "seq"),
)

TABLES: tuple[Table, ...] = (task, audience, alarm, comment)
