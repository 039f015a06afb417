"""The room's tables, and the packed form in which a batch lies in them.

`cold_batch` repeats the readings of the facts, packed: a batch that comes late, in the same group
of commits as an earlier one, must find that one before its fact is in the log's table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
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

from clearway.coldchain.model import Reading
from clearway.ledger.columns import Instant, from_microseconds, to_microseconds
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
    Index("cold_unit_by_urgency", "urgency", "container"),
    Index("cold_unit_by_silence", "at"),
    sqlite_with_rowid=False,
)

batch = Table(
    "cold_batch",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("container", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("readings", LargeBinary, nullable=False),
    Index("cold_batch_by_container", "container", "last_at"),
    Index("cold_batch_by_device", "device", "boot_id", "last_seq"),
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

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[tuple[Any, ...]])


def pack(readings: Iterable[Reading]) -> bytes:
    """Return readings in their stored form: MessagePack, one array each, time in microseconds."""
    return _encoder.encode(
        [
            (
                r.seq,
                to_microseconds(r.at),
                r.supply_c,
                r.return_c,
                r.pulp_c,
                r.ambient_c,
                r.powered,
                r.door_open,
                r.set_point_c,
            )
            for r in readings
        ]
    )


def unpack(packed: bytes) -> tuple[Reading, ...]:
    """Return the readings of `pack`, equal in every bit."""
    return tuple(
        Reading(seq, from_microseconds(at), *rest) for seq, at, *rest in _decoder.decode(packed)
    )
