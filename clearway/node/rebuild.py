"""Making the tables again from the facts alone, and proving that they come out the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, inspect, select

from clearway.errors import StorageFailure
from clearway.ledger import tables
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Projections

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found.

    Args:
        facts: how many were replayed.
        changed: names of the tables that differ from what stood there before.
    """

    facts: int
    changed: tuple[str, ...]


def rebuild(
    connection: Connection,
    projections: Projections,
    projected: tuple[Table, ...],
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Rebuilt:
    """Make the projection tables anew and replay every fact, in the caller's transaction.

    Roll back to only compare; commit to keep. A table that an older version made, with other
    columns, counts as changed and gets the present ones.
    """
    before = {table.name: digest(connection, table) for table in projected}
    tables.METADATA.drop_all(connection, tables=projected)
    tables.METADATA.create_all(connection, tables=projected)
    count = 0
    for fact in facts(connection):
        for project in projections.get(fact.type, ()):
            project(connection, fact)
        count += 1
        if count % _PAGE == 0:
            progress(count)
    changed = tuple(
        table.name for table in projected if digest(connection, table) != before[table.name]
    )
    return Rebuilt(count, changed)


def require_present(connection: Connection, projected: tuple[Table, ...]) -> None:
    """Refuse tables that another version of Clearway made.

    Raises: StorageFailure: some have other columns; names them, and the way out.
    """
    stored = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(connection).get_multi_columns().items()
    }
    others = [
        table.name for table in projected if stored.get(table.name) != set(table.columns.keys())
    ]
    if others:
        raise StorageFailure(
            f"Tables of another version of Clearway: {', '.join(others)}; run `clearway rebuild`,"
            " which makes them anew from the facts"
        )


def facts(connection: Connection, first: int = 0) -> Iterator[Fact]:
    """Yield all facts in order, a page at a time; those whose content was erased are left out."""
    columns = [column for column in tables.fact.c if column.name not in ("salt", "leaf_hash")]
    while True:
        page = connection.execute(
            select(*columns)
            .where(tables.fact.c.seq >= first)
            .order_by(tables.fact.c.seq)
            .limit(_PAGE)
        ).all()
        for row in page:
            if row.body:
                yield Fact(**row._mapping)
        if len(page) < _PAGE:
            return
        first = page[-1].seq + 1


def digest(connection: Connection, table: Table) -> str:
    """Return a hash over all rows in the order of the primary key; "" without these columns."""
    if not _has_columns(connection, table):
        return ""
    hasher = hashlib.sha256()
    order = list(table.primary_key.columns) or list(table.columns)
    for row in connection.execute(select(table).order_by(*order)):
        hasher.update(repr(tuple(row)).encode())
    return hasher.hexdigest()


def _has_columns(connection: Connection, table: Table) -> bool:
    found = inspect(connection)
    if not found.has_table(table.name):
        return False
    stored = {column["name"] for column in found.get_columns(table.name)}
    return stored == set(table.columns.keys())
