"""Asking the lake in SQL: DuckDB over the Parquet files of one manifest, and nothing else.

    with Lake(folder, views=(RELEASES,)) as lake:
        frame = lake.frame("SELECT issuer, count(*) AS n FROM releases GROUP BY issuer")

A lake, once opened, sees the facts up to its cursor, whatever is copied meanwhile. The engine reads
no file outside the folder, loads no extension, takes one SELECT at a time, and has a memory limit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from clearway.errors import InputError, TryLater
from clearway.lake import manifest
from clearway.lake.confined import confined, quoted
from clearway.lake.series import Series, view_of
from clearway.lake.views import View, create_statement

# What an empty lake has: the columns of `parquet.SCHEMA` and of the folders' names.
_NO_FACTS = (
    "CREATE VIEW facts AS SELECT NULL::BIGINT AS seq, NULL::VARCHAR AS type,"
    " NULL::VARCHAR AS subject, NULL::VARCHAR AS issuer, NULL::VARCHAR AS actor,"
    " NULL::TIMESTAMPTZ AS occurred_at, NULL::TIMESTAMPTZ AS recorded_at, NULL::VARCHAR AS body,"
    " NULL::VARCHAR AS noun, NULL::DATE AS date WHERE false"
)


class Lake:
    """One opened state of a lake; use as a context manager. For one thread at a time.

    Args:
        folder: of the lake; it need not exist yet.
        views: made beside the view `facts`.
        series: views of rows of numbers (`series.py`), by their name and folder in this one.
        memory_mb: most memory of the engine; what does not fit is spilled into the folder.
        threads: most threads of the engine.
        timeout_s: after so many seconds a query is stopped.
    """

    def __init__(
        self,
        folder: Path,
        *,
        views: Sequence[View] = (),
        series: Mapping[str, Series] | None = None,
        memory_mb: int = 1024,
        threads: int = 2,
        timeout_s: float = 60.0,
    ) -> None:
        state = manifest.load(folder)
        self.cursor = state.cursor
        self._timeout_s = timeout_s
        root = folder.resolve()
        self._connection = confined(
            root, memory_mb=memory_mb, threads=threads, spill=root / ".spill"
        )
        self._connection.execute(_facts(folder.resolve(), state))
        for name, one in (series or {}).items():
            rows = view_of(folder.resolve() / name, one)
            self._connection.execute(f'CREATE VIEW "{name}" AS {rows}')
        for view in views:
            self._connection.execute(create_statement(view))
        self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the engine go."""
        self._connection.close()

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Return the answer as a frame.

        Args:
            sql: one SELECT, `?` for each parameter.

        Raises:
            InputError: it is not one SELECT, or the engine refuses it; the detail says why.
            TryLater: it took longer than allowed, or files were merged away meanwhile.
        """
        timer = threading.Timer(self._timeout_s, self._connection.interrupt)
        timer.start()
        try:
            self._require_select(sql)
            return pl.DataFrame(self._connection.sql(sql, params=list(parameters)))
        except duckdb.InterruptException as error:
            raise TryLater(
                f"The query took longer than {self._timeout_s:g} s; ask for less"
            ) from error
        except duckdb.IOException as error:
            raise TryLater("The lake was rearranged meanwhile; ask again") from error
        except duckdb.Error as error:
            raise InputError(f"The lake cannot answer this query: {str(error)[:400]}") from error
        finally:
            timer.cancel()

    def rows(
        self, sql: str, parameters: Sequence[Any] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the names of the columns, and the rows. Raises: as `frame`."""
        frame = self.frame(sql, parameters)
        return frame.columns, frame.rows()

    def _require_select(self, sql: str) -> None:
        kinds = [statement.type for statement in self._connection.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise InputError("The lake answers one SELECT at a time; it is never written by SQL")


def _facts(folder: Path, state: manifest.Manifest) -> str:
    if not state.parts:
        return _NO_FACTS
    files = ", ".join(quoted(str(folder / part.path)) for part in state.parts)
    kinds = "{'noun': VARCHAR, 'date': DATE}"
    return (
        f"CREATE VIEW facts AS SELECT * FROM read_parquet([{files}],"
        f" hive_partitioning = true, hive_types = {kinds})"
    )
