"""The room's tables."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from clearway.ledger.columns import Exact, Instant
from clearway.ledger.tables import METADATA

whereabouts = Table(
    "movement_container",
    METADATA,
    Column("container", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("is_here", Boolean, nullable=False),
    Column("since", Instant),
    Column("arrived_at", Instant),
    Column("departed_at", Instant),
    Column("vessel", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("gate_at", Instant),
    Column("gross_mass_kg", Exact),
    Column("seal", Text),
    Column("seal_is_intact", Boolean),
    Column("seal_checked_at", Instant),
    Column("tare_kg", Exact),
    Column("weighed_at", Instant),
    Column("seal_battery_is_low", Boolean),
    Column("holder", Text, nullable=False),
    Column("held_since", Instant),
    Index("movement_container_by_office", "office", "is_here", "since", "container"),
    sqlite_with_rowid=False,
)

handover = Table(
    "movement_handover",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("giver", Text, nullable=False),
    Column("taker", Text, nullable=False),
    Column("place", Text, nullable=False),
    Index("movement_handover_by_container", "container", "at", "seq"),
)

# Every link and unlink, so that one heard late finds its place among the others.
device_link = Table(
    "movement_device_link",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("link", Text, nullable=False),
    Index("movement_device_link_by_container", "container", "device", "at"),
)

# The last word of each electronic or looked-at seal of a container.
seal = Table(
    "movement_seal",
    METADATA,
    Column("container", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("is_intact", Boolean, nullable=False),
    Column("is_electronic", Boolean, nullable=False),
    PrimaryKeyConstraint("container", "seal"),
    sqlite_with_rowid=False,
)

place = Table(
    "movement_place",
    METADATA,
    Column("code", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("office", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of the AuthorisedPlace
    sqlite_with_rowid=False,
)

alarm = Table(
    "movement_alarm",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of the MovementAlarm
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("movement_alarm_by_container", "container", "kind", "mark"),
    Index(
        "movement_alarm_standing",
        "seq",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
)

TABLES: tuple[Table, ...] = (whereabouts, handover, device_link, seal, place, alarm)
