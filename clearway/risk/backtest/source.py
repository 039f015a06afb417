"""Reading a history in batches that cut no declaration in two.

A frame, a Parquet file, or a folder of them. Only the columns asked for are read, one batch ahead,
so that a history larger than memory does. Rows must stand in the order of time, the items of a
declaration side by side, as `formats.history.conform` leaves them and the lake writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from clearway.errors import MalformedMessage

BATCH_ROWS = 1_000_000


class Source:
    """A history to read. Raises: MalformedMessage: no Parquet there, or it cannot be read."""

    def __init__(self, history: pl.DataFrame | Path) -> None:
        try:
            self._parts = _parts(history)
            # A column that one file lacks is told of no declaration in the same way.
            told = [frozenset(part.collect_schema().names()) for part in self._parts]
            self.names = told[0].intersection(*told)
            self._rows = [int(part.select(pl.len()).collect().item()) for part in self._parts]
        except (pl.exceptions.PolarsError, OSError) as broken:
            raise MalformedMessage(f"The history cannot be read: {broken}") from broken
        self.rows = sum(self._rows)

    def require(self, columns: Sequence[str]) -> None:
        """Require columns. Raises: MalformedMessage: one is missing."""
        missing = sorted(set(columns) - self.names)
        if missing:
            raise MalformedMessage(f"The history lacks the columns {', '.join(missing)}")

    def distinct(self, column: str) -> pl.Series:
        """Return each value of a column once, null left out."""
        found = [part.select(pl.col(column).unique()).collect() for part in self._parts]
        return pl.concat(found)[column].unique().drop_nulls()

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows in order; the last declaration of a batch is whole.

        Raises: MalformedMessage: a file changed or is broken.
        """
        kept: pl.DataFrame | None = None
        for batch in self._ahead(list(columns)):
            whole = batch if kept is None else pl.concat([kept, batch])
            is_last = whole["mrn"] == whole["mrn"][-1]
            end = len(whole) - int(is_last.sum())
            kept = whole.slice(end)
            if end:
                yield whole.slice(0, end)
        if kept is not None and len(kept):
            yield kept

    def _ahead(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        spans = [
            (part, start)
            for part, rows in zip(self._parts, self._rows, strict=True)
            for start in range(0, rows, BATCH_ROWS)
        ]
        with ThreadPoolExecutor(1) as reader:
            waiting = None
            for part, start in spans:
                following = reader.submit(_read, part, columns, start)
                if waiting is not None:
                    yield waiting.result()
                waiting = following
            if waiting is not None:
                yield waiting.result()


def _parts(history: pl.DataFrame | Path) -> list[pl.LazyFrame]:
    if isinstance(history, pl.DataFrame):
        return [history.lazy()]
    files = sorted(history.rglob("*.parquet")) if history.is_dir() else [history]
    if not files or not files[0].is_file():
        raise MalformedMessage(
            f"There is no Parquet file at {history}; give the folder that holds the history"
        )
    return [pl.scan_parquet(file) for file in files]


def _read(part: pl.LazyFrame, columns: list[str], start: int) -> pl.DataFrame:
    try:
        return part.select(columns).slice(start, BATCH_ROWS).collect()
    except (pl.exceptions.PolarsError, OSError) as broken:
        raise MalformedMessage(f"The history cannot be read: {broken}") from broken
