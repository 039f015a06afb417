"""Making the tables again from the facts alone, and proving that they come out the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, select

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
    """Empty the projection tables and replay every fact, in the caller's transaction.

    Roll back to only compare; commit to keep.
    """
    before = {table.name: digest(connection, table) for table in projected}
    for table in reversed(projected):
        connection.execute(delete(table))
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


def facts(connection: Connection, first: int = 0) -> Iterator[Fact]:
    """Yield all facts in order, a page at a time."""
    columns = [column for column in tables.fact.c if column.name not in ("salt", "leaf_hash")]
    while True:
        page = connection.execute(
            select(*columns)
            .where(tables.fact.c.seq >= first)
            .order_by(tables.fact.c.seq)
            .limit(_PAGE)
        ).all()
        for row in page:
            yield Fact(**row._mapping)
        if len(page) < _PAGE:
            return
        first = page[-1].seq + 1


def digest(connection: Connection, table: Table) -> str:
    """Return a hash over all rows of a table in the order of its primary key."""
    hasher = hashlib.sha256()
    order = list(table.primary_key.columns) or list(table.columns)
    for row in connection.execute(select(table).order_by(*order)):
        hasher.update(repr(tuple(row)).encode())
    return hasher.hexdigest()
