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
    text,
)

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

unit = Table(
    "cold_unit",
    METADATA,
    Column("container", Text, primary_key=True),
    Column("commodity", Text),
    Column("journey", LargeBinary),  # JSON of the Journey
    Column("loaded_at", Instant),
    Column("at", Instant),
    Column("readings", Integer, nullable=False),
    # Minutes until the careful end of life in the air as it is now; the order of the list.
    Column("urgency", Integer),
    Column("life", LargeBinary),  # JSON of the ShelfLife
    Column("state", LargeBinary, nullable=False),  # JSON of the UnitState
    Column("snapshot_at", Instant),
    Column("standing", Text, nullable=False),  # kinds of the alarms that stand, in one line
    Column("unannounced", LargeBinary),  # JSON of alarms that have no fact yet
    Column("departed_at", Instant),
    # Readings before this may lie in the lake's series only; they move the state no more.
    Column("archived_until", Instant),
    Index("cold_unit_by_urgency", "urgency", "container"),
    Index("cold_unit_by_silence", "at"),
    sqlite_with_rowid=False,
)

# Readings that the units' states have been moved through, or that came too late to move them.
batch = Table(
    "cold_batch",
    METADATA,
    Column("seq", Integer, nullable=False),  # of the fact
    Column("place", Integer, nullable=False),  # in it
    Column("container", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("readings", LargeBinary, nullable=False),  # `packing.pack`
    PrimaryKeyConstraint("seq", "place"),
    Index("cold_batch_by_container", "container", "last_at"),
    Index("cold_batch_by_device", "device", "boot_id", "last_seq"),
    sqlite_with_rowid=False,
)

# Groups of readings on their way there. They repeat what the facts hold, since a batch that comes
# in the same group of commits must find an earlier one before its fact is in the log's table.
waiting = Table(
    "cold_waiting",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of the fact
    Column("readings", Integer, nullable=False),
    Column("containers", Text, nullable=False),  # numbers, in one line
    Column("packed", LargeBinary, nullable=False),  # `packing.pack_group`
)

# See `positions.Position`.
position = Table(
    "cold_position",
    METADATA,
    Column("device", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("contiguous", Integer, nullable=False),
    Column("highest", Integer, nullable=False),
    Column("beyond", LargeBinary, nullable=False),  # JSON of the runs
    Column("waiting", LargeBinary, nullable=False),  # spans, see `positions`
    PrimaryKeyConstraint("device", "boot_id"),
    sqlite_with_rowid=False,
)

# Units whose readings could not be judged: a defect of ours, which must not hold up the others.
aside = Table(
    "cold_aside",
    METADATA,
    Column("container", Text, primary_key=True),
    Column("seq", Integer, nullable=False),  # of the fact at which it failed
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

# States on the way, from which late readings can be taken in.
snapshot = Table(
    "cold_snapshot",
    METADATA,
    Column("container", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("container", "at"),
    sqlite_with_rowid=False,
)

alarm = Table(
    "cold_alarm",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of the Alarm
    Column("cleared_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("cold_alarm_by_container", "container", "kind", "at"),
    Index(
        "cold_alarm_standing",
        "seq",
        sqlite_where=text("cleared_at IS NULL"),
        postgresql_where=text("cleared_at IS NULL"),
    ),
)
