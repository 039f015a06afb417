"""What runs for every declaration goes to the driver as it is.

SQLAlchemy spends several times as long on binding and fetching a row of thirty columns as SQLite on
storing it. Here a table's columns tell once how a value is stored and read back (`columns.Instant`,
`columns.Exact`); statements are text with `?`, which every driver gets in its own mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Column, Connection, CursorResult, Table

from clearway.ledger.columns import Exact, Instant, from_microseconds, to_microseconds

Convert = Callable[[Any], Any]


def run(connection: Connection, statement: str, parameters: Any) -> CursorResult[Any]:
    """Run a statement written with `?`.

    Args:
        parameters: a tuple, or a list of tuples.
    """
    style = connection.dialect.paramstyle
    return connection.exec_driver_sql(_in_style(statement, style), parameters)


def fetch(connection: Connection, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
    """Return all rows of a query written with `?`, as tuples."""
    return list(run(connection, statement, parameters))


@lru_cache(maxsize=128)
def _in_style(statement: str, paramstyle: str) -> str:
    return statement if paramstyle == "qmark" else statement.replace("?", "%s")


class Rows:
    """Writes and reads whole rows of one table."""

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.columns]
        marks = ", ".join("?" * len(names))
        self.insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
        self.select = f"SELECT {', '.join(names)} FROM {table.name}"
        self._store = tuple((column.name, _storing(column)) for column in table.columns)
        self._read = tuple((column.name, _reading(column)) for column in table.columns)

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return a row as the driver stores it; absent columns are NULL."""
        return tuple(
            None if (value := row.get(name)) is None else convert(value)
            for name, convert in self._store
        )

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return what the driver fetched by `select`, by column."""
        return {
            name: None if value is None else convert(value)
            for (name, convert), value in zip(self._read, row, strict=True)
        }

    def put(self, keys: Sequence[str], changed: Sequence[str]) -> str:
        """Return the statement that inserts a row, or changes these columns of the one there."""
        changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
        return f"{self.insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"

    def add(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows."""
        run(connection, self.insert, [self.values(row) for row in rows])


def _same(value: Any) -> Any:
    return value


def _storing(column: Column[Any]) -> Convert:
    if isinstance(column.type, Instant):
        return to_microseconds
    return str if isinstance(column.type, Exact) else _same


def _reading(column: Column[Any]) -> Convert:
    if isinstance(column.type, Instant):
        return from_microseconds
    if isinstance(column.type, Exact):
        return Decimal
    return bool if isinstance(column.type, Boolean) else _same
