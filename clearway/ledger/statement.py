"""What runs for every message goes to the driver as it is.

SQLAlchemy spends several times as long on a statement as SQLite does. Here statements are text with
`?`, put in the mark of any driver, and run on the driver's own cursor, in the connection's
transaction; a table's columns tell once how a value is stored and read back. Errors are those that
SQLAlchemy would raise.

    rows = Rows(table)
    rows.add(connection, [{"mrn": mrn, "at": now}])
    found = run(connection, f"{rows.select} WHERE mrn = ?", (mrn,)).fetchone()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Boolean, Column, Connection, Table, Text
from sqlalchemy.exc import DBAPIError

from clearway.ledger.columns import Exact, Instant, from_microseconds, to_microseconds

Convert = Callable[[Any], Any]

# From so many rows on, COPY costs less than it takes to begin.
_ROWS_OF_A_COPY = 64

# How the columns of such a table travel; `type_decorator` is an Instant.
_WIRE_TYPES = {"integer": "int8", "type_decorator": "int8", "text": "text", "large_binary": "bytea"}

# Column names of ours that SQL reserves.
_RESERVED = frozenset({"end"})


class Cursor(Protocol):
    """What a driver gives to read from (PEP 249)."""

    def fetchone(self) -> Any:
        """Return the next row, None behind the last."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


def run(connection: Connection, statement: str, parameters: Any = ()) -> Cursor:
    """Run a statement written with `?`; within quotes, `?` and `%` stand for themselves.

    Args:
        parameters: a tuple, or a list of tuples.

    Raises: sqlalchemy.exc.DBAPIError: what the driver raised is its `orig`.
    """
    if not connection.in_transaction():
        connection.begin()
    dialect = connection.dialect
    text = statement if dialect.paramstyle == "qmark" else _in_format(statement)
    cursor: Any = connection.connection.cursor()
    many = type(parameters) is list
    driver: Any = dialect.loaded_dbapi
    try:
        (cursor.executemany if many else cursor.execute)(text, parameters)
    except driver.Error as error:
        raise DBAPIError.instance(text, parameters, error, driver.Error, dialect=dialect) from error
    return cursor  # type: ignore[no-any-return]


def insert_many(
    connection: Connection, table: Table, statement: str, rows: list[tuple[Any, ...]]
) -> None:
    """Insert whole rows of a table; PostgreSQL takes many by COPY.

    Measured on facts of 600 bytes, on the same machine: this statement alone takes a quarter of the
    time or less from 64 rows to 1,024. Of a whole commit it is a part: at 1,024 rows that is
    faster, at 256 only sometimes, since rules and durability take the most.

    Args:
        statement: the INSERT, written with `?`, of the table's columns in their order.

    Raises: sqlalchemy.exc.DBAPIError: what the driver raised is its `orig`.
    """
    dialect = connection.dialect
    if dialect.name != "postgresql" or len(rows) < _ROWS_OF_A_COPY:
        run(connection, statement, rows)
        return
    if not connection.in_transaction():
        connection.begin()
    columns = ", ".join(_quoted(column.name) for column in table.columns)
    text = f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)"
    cursor: Any = connection.connection.cursor()
    driver: Any = dialect.loaded_dbapi
    try:
        with cursor.copy(text) as copy:
            copy.set_types([_WIRE_TYPES[column.type.__visit_name__] for column in table.columns])
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(text, (), error, driver.Error, dialect=dialect) from error


@lru_cache(maxsize=512)
def _in_format(statement: str) -> str:
    """Return the statement with `%s` for each `?` that is outside of quotes, and `%%` for `%`."""
    parts = statement.replace("%", "%%").split("'")
    parts[::2] = [outside.replace("?", "%s") for outside in parts[::2]]
    return "'".join(parts)


class Rows:
    """Writes and reads whole rows of one table."""

    def __init__(self, table: Table) -> None:
        self.name = table.name
        names = [_quoted(column.name) for column in table.columns]
        marks = ", ".join("?" * len(names))
        self.insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
        self.select = f"SELECT {', '.join(names)} FROM {table.name}"
        self._store = {column.name: _storing(column) for column in table.columns}
        self._read = tuple((column.name, _reading(column)) for column in table.columns)

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return a row as the driver stores it; absent columns are NULL."""
        return tuple(
            None if (value := row.get(name)) is None else convert(value)
            for name, convert in self._store.items()
        )

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return what the driver fetched by `select`, by column."""
        return {
            name: None if value is None else convert(value)
            for (name, convert), value in zip(self._read, row, strict=True)
        }

    def put(self, keys: Sequence[str], changed: Sequence[str]) -> str:
        """Return the statement that inserts a row, or changes these columns of a known one."""
        quoted = map(_quoted, changed)
        changes = ", ".join(f"{name} = excluded.{name}" for name in quoted)
        return f"{self.insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"

    def add(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows."""
        values = [self.values(row) for row in rows]
        if values:
            run(connection, self.insert, values if len(values) > 1 else values[0])

    def change(self, connection: Connection, changes: Mapping[str, Any], **where: str) -> None:
        """Change these columns of the rows that have those texts."""
        settings = ", ".join(f"{_quoted(name)} = ?" for name in changes)
        conditions = " AND ".join(f"{name} = ?" for name in where)
        values = (
            None if value is None else self._store[name](value) for name, value in changes.items()
        )
        statement = f"UPDATE {self.name} SET {settings} WHERE {conditions}"
        run(connection, statement, (*values, *map(str, where.values())))


def _quoted(name: str) -> str:
    """Return a column's name as every engine takes it."""
    return f'"{name}"' if name in _RESERVED else name


def _same(value: Any) -> Any:
    return value


def _storing(column: Column[Any]) -> Convert:
    if isinstance(column.type, Instant):
        return to_microseconds
    if isinstance(column.type, Boolean):
        return bool
    # `str` of one of our own terms is plain text, which the driver need not adapt.
    return str if isinstance(column.type, Exact | Text) else _same


def _reading(column: Column[Any]) -> Convert:
    if isinstance(column.type, Instant):
        return from_microseconds
    if isinstance(column.type, Exact):
        return Decimal
    return bool if isinstance(column.type, Boolean) else _same
