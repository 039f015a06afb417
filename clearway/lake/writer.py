"""Copying facts to Parquet, aside from the transaction path, as often as one likes.

The life of a copy:
1. Facts after the cursor are read in chunks from a reader's connection.
2. Each chunk is split by noun (`parcel` of `parcel.weighed/1`) and recorded date (UTC),
   and written as new files: `facts/noun=<noun>/date=<date>/<first>-<last>.parquet`.
3. The manifest that lists them, with the new cursor, replaces the old one (`manifest.py`).
4. Where a partition has many small files, they are merged (`compaction.py`).

Killed at any moment, the lake is what the last manifest says; the next copy goes on from there and
sweeps what is not listed. The lake is derived: delete its folder, and the next copy makes it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
from sqlalchemy import Connection, Row, bindparam, text

from clearway.errors import StorageFailure, WrongState
from clearway.lake import compaction, manifest
from clearway.lake.files import TEMPORARY, alone, make_folder, write_durably
from clearway.lake.manifest import Manifest, Part
from clearway.lake.parquet import SCHEMA, to_parquet
from clearway.lake.series import Series, SeriesWriter

# About 40 MB of facts of 2 kB at a time.
CHUNK = 20_000

# The `fact` table is the ledger's public contract; instants are microseconds since 1970 UTC. A fact
# without a body was erased.
_FACTS_AFTER = text(
    "SELECT seq, type, subject, issuer, actor, occurred_at, recorded_at, body, leaf_hash"
    " FROM fact WHERE seq > :cursor AND length(body) > 0 AND type NOT IN :aside"
    " ORDER BY seq LIMIT :chunk"
).bindparams(bindparam("aside", expanding=True))
_LEAF = text("SELECT leaf_hash FROM fact WHERE seq = :seq")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LakeWriter:
    """Writes one lake; processes and threads take turns.

    Args:
        folder: of the lake, made at the first copy.
        chunk: most facts read at a time.
        series: facts that are copied as rows of their own (`series.py`), by the name of a folder
            in this one; they are not copied as facts as well.
    """

    def __init__(
        self, folder: Path, *, chunk: int = CHUNK, series: Mapping[str, Series] | None = None
    ) -> None:
        self._folder = folder
        self._chunk = chunk
        self._series = [SeriesWriter(folder / name, one) for name, one in (series or {}).items()]
        self._aside = [kind for one in (series or {}).values() for kind in one.types]
        self._swept = False

    def copy(self, connection: Connection) -> int:
        """Copy the facts that the lake lacks; return over how many it went.

        Raises:
            TryLater: somebody else is writing to this lake.
            WrongState: the lake holds facts of another ledger, or of a later state of this one.
            StorageFailure: the manifest or a fact cannot be read.
        """
        make_folder(self._folder)
        with alone(self._folder):
            state = manifest.load(self._folder)
            self._sweep(state)
            _require_same_ledger(connection, state, self._folder)
            before = state.cursor
            while rows := self._read(connection, state.cursor):
                state = self._write(state, rows)
            compaction.compact(self._folder, state)
            for series in self._series:
                series.copy(connection)
            return state.cursor - before

    def _read(self, connection: Connection, cursor: int) -> Sequence[Row[Any]]:
        asked = {"cursor": cursor, "chunk": self._chunk, "aside": self._aside}
        return connection.execute(_FACTS_AFTER, asked).all()

    def _write(self, state: Manifest, rows: Sequence[Row[Any]]) -> Manifest:
        parts = [
            self._write_part(partition, chosen) for partition, chosen in _partitions(rows).items()
        ]
        last = rows[-1]
        grown = Manifest(
            cursor=last.seq,
            last_leaf=last.leaf_hash.hex(),
            parts=(*state.parts, *parts),
            retired=state.retired,
        )
        grown.save(self._folder)
        return grown

    def _write_part(self, partition: str, rows: Sequence[Row[Any]]) -> Part:
        first, last = rows[0].seq, rows[-1].seq
        part = Part(f"{partition}/{first}-{last}.parquet", first, last, len(rows))
        make_folder(self._folder / partition)
        write_durably(self._folder / part.path, to_parquet(_frame(rows)))
        return part

    def _sweep(self, state: Manifest) -> None:
        """Delete what a crash left behind, once for each writer."""
        if self._swept:
            return
        listed = {part.path for part in state.parts} | set(state.retired)
        facts = self._folder / "facts"
        left = (*facts.rglob("*.parquet"), *facts.rglob(f"*{TEMPORARY}"))
        for path in (*left, *self._folder.glob(f"*{TEMPORARY}")):
            if path.relative_to(self._folder).as_posix() not in listed:
                path.unlink()
        self._swept = True


def _require_same_ledger(connection: Connection, state: Manifest, folder: Path) -> None:
    if state.cursor < 0:
        return
    leaf = connection.execute(_LEAF, {"seq": state.cursor}).scalar()
    if leaf is None or leaf.hex() != state.last_leaf:
        raise WrongState(
            f"The lake in {folder} ends with a fact {state.cursor} that this ledger does not have;"
            " after restoring an older ledger, delete that folder and copy the facts again"
        )


def _partitions(rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """Return the rows by the folder in which they belong, in order of seq."""
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        noun = quote(row.type.partition(".")[0], safe="")
        date = (_EPOCH + timedelta(microseconds=row.recorded_at)).date()
        found[f"facts/noun={noun}/date={date}"].append(row)
    return found


def _frame(rows: Sequence[Row[Any]]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True))[:8]
    try:
        columns[7] = [body.decode() for body in columns[7]]  # type: ignore[call-overload]
    except UnicodeDecodeError as error:
        raise StorageFailure(
            f"A fact between {rows[0].seq} and {rows[-1].seq} is not text; "
            "run `clearway ledger verify`"
        ) from error
    return pl.DataFrame(dict(zip(SCHEMA, columns, strict=True)), schema=SCHEMA)
