"""What facts measured, as rows of numbers in sorted Parquet files: a few bytes each.

    SeriesWriter(folder, READINGS).copy(connection)        # as often as one likes
    scan(folder, since, until).filter(...).collect()       # a Polars LazyFrame over all files

A `Series` says which facts, and how they become rows; the lake knows no word of trade. The folder
is like the lake's own: a manifest makes a copy visible, what a crash left is swept, and the folder
can be deleted and made anew from the facts. Small files are sorted and merged into large ones,
where neighbours are alike: there a row takes a third of its bytes.

Most sensors tell whole tenths. In the files such values are whole numbers in a column of their own,
`<name>_tenths`, since differences of whole numbers take few bits; any other value stands beside as
it is. Whoever reads by `scan` or `view_of` gets one column with every value equal in every bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
from sqlalchemy import Connection, bindparam, text

from clearway.errors import WrongState
from clearway.lake import manifest
from clearway.lake.confined import quoted
from clearway.lake.files import TEMPORARY, alone, make_folder, sync_folder, write_durably
from clearway.lake.manifest import Manifest, Part
from clearway.lake.parquet import to_parquet

CHUNK = 64
"""Facts read at a time; one may hold thousands of rows."""

MANY, SMALL = 16, 250_000
"""So many neighbouring files of one size are merged; rows from which on a file is not merged."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Datetime: "TIMESTAMPTZ",
}
_FOREVER = 2**62
_MOST_TENTHS = 1e8
_ROWS_A_GROUP = 40_960  # a third of DuckDB's own: one owner's rows in half the time (measured)
_LEVEL = 9  # of zstd
_MEMORY = "1GB"  # of a merge; what does not fit is spilled
_FACTS_AFTER = text(
    "SELECT seq, type, recorded_at, body FROM fact"
    " WHERE seq > :cursor AND seq <= :last AND type IN :types AND length(body) > 0"
    " ORDER BY seq LIMIT :chunk"
).bindparams(bindparam("types", expanding=True))
_LAST = text("SELECT max(seq) FROM fact")
_LEAF = text("SELECT leaf_hash FROM fact WHERE seq = :seq")

FactRow = tuple[int, str, int, bytes]
"""Place in the log, type, instant of recording in microseconds since 1970, body."""


@dataclass(frozen=True, slots=True)
class Series:
    """How facts become rows.

    Args:
        types: of the facts.
        schema: of the rows; `instant` and `order` are among its columns.
        rows_of: makes rows of facts.
        instant: column of the time by which files are chosen, a Datetime.
        order: columns by which rows are sorted.
        tenths: columns of numbers that are mostly whole tenths.
    """

    types: tuple[str, ...]
    schema: pl.Schema
    rows_of: Callable[[Sequence[FactRow]], pl.DataFrame]
    instant: str
    order: tuple[str, ...]
    tenths: tuple[str, ...] = ()


class SeriesWriter:
    """Writes one series; processes and threads take turns.

    Args:
        folder: of this series alone, made at the first copy.
    """

    def __init__(self, folder: Path, series: Series) -> None:
        self._folder = folder
        self._series = series
        self._swept = False

    def copy(self, connection: Connection) -> int:
        """Copy the facts that the series lacks; return the place of the last that it has.

        Raises: TryLater: somebody else writes to it. WrongState: it is of another ledger.
        """
        make_folder(self._folder)
        with alone(self._folder):
            state = manifest.load(self._folder)
            self._sweep(state)
            _require_same_ledger(connection, state, self._folder)
            last = connection.execute(_LAST).scalar()
            if last is not None and last > state.cursor:
                state = self._copy(connection, state, last)
            return self._merge(state).cursor

    def _copy(self, connection: Connection, state: Manifest, last: int) -> Manifest:
        """Write what is there up to `last`, in files of about `SMALL` rows."""
        frames: list[pl.DataFrame] = []
        asked = {"last": last, "types": list(self._series.types), "chunk": CHUNK}
        cursor = state.cursor
        while rows := connection.execute(_FACTS_AFTER, {**asked, "cursor": cursor}).all():
            frames.append(self._series.rows_of([tuple(row) for row in rows]))
            cursor = rows[-1].seq
            if sum(frame.height for frame in frames) >= SMALL:
                state = self._write(connection, state, frames, cursor)
                frames = []
        return self._write(connection, state, frames, last)

    def _write(
        self, connection: Connection, state: Manifest, frames: list[pl.DataFrame], cursor: int
    ) -> Manifest:
        parts = state.parts
        if frames:
            frame = _divided(pl.concat(frames).sort(self._series.order), self._series.tenths)
            path = f"{state.cursor + 1}-{cursor}.parquet"
            write_durably(self._folder / path, to_parquet(frame))
            since, until = _span(frame, self._series.instant)
            parts += (Part(path, state.cursor + 1, cursor, frame.height, since, until),)
        leaf = connection.execute(_LEAF, {"seq": cursor}).scalar_one()
        grown = Manifest(cursor=cursor, last_leaf=leaf.hex(), parts=parts, retired=state.retired)
        grown.save(self._folder)
        return grown

    def _merge(self, state: Manifest) -> Manifest:
        """Merge neighbouring files of one size where there are many, and return the new state."""
        due = _due(state.parts)
        if not due:
            return state
        first, last = due[0].first, due[-1].last
        path = f"{first}-{last}-{len(due)}.parquet"
        _write_merged(self._folder, due, path, self._series.order)
        whole = Part(
            path,
            first,
            last,
            sum(part.rows for part in due),
            min(part.since for part in due),
            max(part.until for part in due),
        )
        kept = dict.fromkeys(whole if part in due else part for part in state.parts)
        merged = Manifest(
            cursor=state.cursor,
            last_leaf=state.last_leaf,
            parts=tuple(kept),
            retired=tuple(part.path for part in due),
        )
        merged.save(self._folder)
        for old in state.retired:
            (self._folder / old).unlink(missing_ok=True)
        return self._merge(merged)

    def _sweep(self, state: Manifest) -> None:
        """Delete what a crash left behind, once for each writer."""
        if self._swept:
            return
        listed = {part.path for part in state.parts} | set(state.retired)
        for pattern in ("*.parquet", f"*{TEMPORARY}"):
            for path in self._folder.glob(pattern):
                if path.name not in listed:
                    path.unlink()
        self._swept = True


def scan(
    folder: Path, series: Series, *, since: datetime | None = None, until: datetime | None = None
) -> pl.LazyFrame:
    """Return all rows of the files that may have some from `since` to `until`, for Polars to ask.

    Rows outside of that time are among them: filter by the instant as well.
    """
    low = 0 if since is None else _micros(since)
    high = _FOREVER if until is None else _micros(until)
    parts = manifest.load(folder).parts
    paths = [folder / part.path for part in parts if part.until >= low and part.since <= high]
    if not paths:
        return pl.LazyFrame(schema=series.schema)
    whole = (
        pl.coalesce(pl.col(name), _tenth(pl.col(f"{name}_tenths").cast(pl.Float64))).alias(name)
        for name in series.tenths
    )
    return pl.scan_parquet(paths).with_columns(whole).select(series.schema.names())


def view_of(folder: Path, series: Series) -> str:
    """Return a SELECT of all rows in DuckDB's SQL; of none, with the right columns, at first."""
    parts = manifest.load(folder).parts
    if parts:
        files = ", ".join(quoted(str(folder / part.path)) for part in parts)
        columns = (
            f'coalesce("{name}", CAST("{name}_tenths" AS DOUBLE) / 10) AS "{name}"'
            if name in series.tenths
            else f'"{name}"'
            for name in series.schema
        )
        return f"SELECT {', '.join(columns)} FROM read_parquet([{files}])"
    nothing = (f'NULL::{_sql_of(kind)} AS "{name}"' for name, kind in series.schema.items())
    return f"SELECT {', '.join(nothing)} WHERE false"


def _sql_of(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        return f"{_sql_of(kind.inner)}[]"  # type: ignore[arg-type]
    return _SQL_TYPES[type(kind)]


def cursor_of(folder: Path) -> int:
    """Return the place of the last fact that a series has; -1 before the first."""
    return manifest.load(folder).cursor


def _require_same_ledger(connection: Connection, state: Manifest, folder: Path) -> None:
    if state.cursor < 0:
        return
    leaf = connection.execute(_LEAF, {"seq": state.cursor}).scalar()
    if leaf is None or leaf.hex() != state.last_leaf:
        raise WrongState(
            f"The series in {folder} ends with a fact {state.cursor} that this ledger does not"
            " have; after restoring an older ledger, delete that folder and copy the facts again"
        )


def _due(parts: Sequence[Part]) -> list[Part]:
    """Return neighbouring files of about one size to be merged, none when there are too few."""
    run: list[Part] = []
    for part in parts:
        if run and _size_class(part) != _size_class(run[0]):
            run = []
        if part.rows < SMALL:
            run.append(part)
        if len(run) == MANY:
            return run
    return []


def _size_class(part: Part) -> int:
    """Return how often files of this size were merged, about."""
    size, rows = 0, part.rows
    while rows >= SMALL // MANY:
        rows, size = rows // MANY, size + 1
    return size


def _write_merged(folder: Path, parts: Sequence[Part], path: str, order: Sequence[str]) -> None:
    """Write one sorted file of several, whole or not at all."""
    files = ", ".join(quoted(str(folder / part.path)) for part in parts)
    aside = folder / f"{path}{TEMPORARY}"
    spill = folder / ".spill"
    by = ", ".join(f'"{column}"' for column in order)
    with duckdb.connect(":memory:") as engine:
        engine.execute(f"SET memory_limit = '{_MEMORY}'; SET temp_directory = {quoted(str(spill))}")
        engine.execute(
            f"COPY (SELECT * FROM read_parquet([{files}]) ORDER BY {by})"
            f" TO {quoted(str(aside))} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd,"
            # No dictionaries: differences take a quarter less (measured).
            f" COMPRESSION_LEVEL {_LEVEL}, ROW_GROUP_SIZE {_ROWS_A_GROUP}, DICTIONARY_SIZE_LIMIT 1)"
        )
    with aside.open("rb") as written:
        os.fsync(written.fileno())
    aside.rename(folder / path)
    sync_folder(folder)


def _divided(frame: pl.DataFrame, tenths: Sequence[str]) -> pl.DataFrame:
    """Return rows as files have them: whole tenths apart from what is none."""
    columns: list[pl.Expr] = []
    for name in tenths:
        value = pl.col(name)
        whole = (value * 10).round()
        is_negative_zero = (value == 0) & (1 / value < 0)
        is_whole = (_tenth(whole) == value) & (value.abs() < _MOST_TENTHS) & ~is_negative_zero
        columns += [
            pl.when(is_whole).then(whole).cast(pl.Int32).alias(f"{name}_tenths"),
            pl.when(is_whole).then(None).otherwise(value).alias(name),
        ]
    return frame.with_columns(columns)


def _tenth(value: pl.Expr) -> pl.Expr:
    """Return a tenth, rounded as IEEE 754 asks.

    Polars divides by a constant as it multiplies with 0.1: then 3 gives 0.30000000000000004.
    """
    return value / (value * 0 + 10)


def _span(frame: pl.DataFrame, column: str) -> tuple[int, int]:
    micros = frame[column].dt.epoch("us")
    low, high = micros.min(), micros.max()
    return (low, high) if isinstance(low, int) and isinstance(high, int) else (0, 0)


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
