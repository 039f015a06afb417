"""All readings ever, as rows of a series in the lake, and one question over both stores.

The tables hold what units still need, and the last weeks (`stored.batch`); the series holds
everything, in two or three bytes a reading. `readings_of` asks the tables, and the series for what
has left them.

    found = readings_of(connection, folder, container, since=..., until=...)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection

from clearway.coldchain import course, follow
from clearway.coldchain.course import Measured
from clearway.coldchain.facts import ReadingsReceived, ReadingsRecorded
from clearway.coldchain.model import Batch, Reading
from clearway.coldchain.packing import Arrival, columns_of_group, pack_group
from clearway.lake.series import FactRow, Series, scan
from clearway.ledger.columns import from_microseconds
from clearway.ledger.fact import decode

_INSTANT: Final = pl.Datetime("us", "UTC")
_MEASURED: Final = {
    "supply_c": pl.Float64(),
    "return_c": pl.Float64(),
    "pulp_c": pl.Float64(),
    "ambient_c": pl.Float64(),
    "powered": pl.Boolean(),
    "door_open": pl.Boolean(),
    "set_point_c": pl.Float64(),
    "probes_c": pl.List(pl.Float64()),
    "humidity_pct": pl.Float64(),
}
SCHEMA: Final = pl.Schema(
    {
        "container": pl.String(),
        "device": pl.String(),
        "boot_id": pl.String(),
        "seq": pl.Int64(),
        "measured_at": _INSTANT,
        # Seconds until it arrived here; below zero: the device's clock runs ahead.
        "delay_s": pl.Int32(),
        **_MEASURED,
    }
)
_MOST_DELAY: Final = 2**31 - 1


def rows_of(facts: Sequence[FactRow]) -> pl.DataFrame:
    """Return the readings of facts as rows of the series."""
    return pl.concat([_frame(*fact) for fact in facts])


def _frame(_: int, kind: str, recorded_at: int, body: bytes) -> pl.DataFrame:
    if kind == ReadingsReceived.TYPE:
        packed = decode(body, ReadingsReceived).packed
    else:
        packed = _repacked(body, from_microseconds(recorded_at))
    columns = columns_of_group(packed)
    count = len(columns["seq"])
    named = {
        name: columns.get(name) if name in columns else [None] * count
        for name in (*SCHEMA.names()[:4], *_MEASURED)
    }
    frame = pl.DataFrame(
        {**named, "measured_at": columns["at"], "arrived_at": columns["arrived_at"]},
        schema_overrides={**SCHEMA, "measured_at": pl.Int64(), "arrived_at": pl.Int64()},
    )
    delay = (pl.col("arrived_at") - pl.col("measured_at")) // 1_000_000
    return frame.with_columns(
        pl.col("measured_at").cast(_INSTANT),
        delay.clip(-_MOST_DELAY, _MOST_DELAY).cast(pl.Int32).alias("delay_s"),
    ).select(SCHEMA.names())


def _repacked(body: bytes, recorded_at: datetime) -> bytes:
    """Return a fact of the former kind in the present form."""
    old = decode(body, ReadingsRecorded)
    batch = Batch(old.device, old.container, old.boot_id, old.readings)
    return pack_group([Arrival(batch, recorded_at)])


READINGS: Final = Series(
    (ReadingsReceived.TYPE, ReadingsRecorded.TYPE),
    SCHEMA,
    rows_of,
    "measured_at",
    ("container", "device", "boot_id", "seq"),
    tenths=("supply_c", "return_c", "pulp_c", "ambient_c", "set_point_c", "humidity_pct"),
)
READINGS_FOLDER: Final = "readings"
SERIES: Final = {READINGS_FOLDER: READINGS}
"""The lake's series, by the name of the folder and of the view in SQL."""


def readings_of(
    connection: Connection,
    folder: Path,
    container: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Reading, ...]:
    """Return the readings of a container in order of time, of tables and series together.

    Args:
        folder: of the series.
        since, until: aware UTC, both included; None: from the first, to the last.
    """
    found = follow.known(connection, container, since)
    left = follow.archived_until(connection, container)
    if left is not None and (since is None or since < left):
        found += _archived(folder, container, since, until)
        found.sort(key=course.order)
    return tuple(r for r in course.once(found) if until is None or r.at <= until)


def _archived(
    folder: Path, container: str, since: datetime | None, until: datetime | None
) -> list[Measured]:
    rows = scan(folder, READINGS, since=since, until=until).filter(pl.col("container") == container)
    if since is not None:
        rows = rows.filter(pl.col("measured_at") >= since)
    if until is not None:
        rows = rows.filter(pl.col("measured_at") <= until)
    chosen = rows.select("device", "boot_id", "seq", "measured_at", *_MEASURED)
    return [_measured(row) for row in chosen.collect().iter_rows()]


def _measured(row: tuple[Any, ...]) -> Measured:
    device, boot_id, seq, at, *sensors = row
    values = dict(zip(_MEASURED, sensors, strict=True))
    values["probes_c"] = tuple(values["probes_c"] or ())
    return device, boot_id, Reading(seq, at.astimezone(UTC), **values)
