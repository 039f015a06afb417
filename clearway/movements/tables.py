"""Where each container is now."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
)

from clearway.ledger.columns import Exact, Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.movements import rules
from clearway.movements.facts import Arrived, Departed, GatePassed, MovementFact, SealChecked
from clearway.movements.model import Whereabouts
from clearway.terms.transport import ContainerNumber, SealNumber

whereabouts = Table(
    "movement_container",
    METADATA,
    Column("container", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("is_here", Boolean, nullable=False),
    Column("since", Instant),
    Column("arrived_at", Instant),
    Column("departed_at", Instant),
    Column("vessel", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("gate_at", Instant),
    Column("gross_mass_kg", Exact),
    Column("seal", Text),
    Column("seal_is_intact", Boolean),
    Column("seal_checked_at", Instant),
    Index("movement_container_by_office", "office", "is_here", "since", "container"),
    sqlite_with_rowid=False,
)

TABLES: tuple[Table, ...] = (whereabouts,)
MOST_LISTED = 500

_FIELDS = tuple(field.name for field in fields(Whereabouts))
_ONE = select(whereabouts).where(whereabouts.c.container == bindparam("container"))
_FORGET = delete(whereabouts).where(whereabouts.c.container == bindparam("the_container"))
_ADD = insert(whereabouts)


def find(connection: Connection, container: str) -> Whereabouts | None:
    """Return what is known of this container, or None when nothing is."""
    row = connection.execute(_ONE, {"container": container}).first()
    return None if row is None else _of(row)


def list_here(
    connection: Connection,
    office: str,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> tuple[Whereabouts, ...]:
    """Return the containers that are at an office's place, the longest waiting first.

    Args:
        after: `since` and `container` of the last one of the page before.
        limit: at most `MOST_LISTED`.
    """
    table = whereabouts
    query = (
        select(table)
        .where(table.c.office == office, table.c.is_here)
        .order_by(table.c.since, table.c.container)
        .limit(min(limit, MOST_LISTED))
    )
    if after is not None:
        place = tuple_(bindparam("since", after[0], Instant), bindparam("number", after[1], Text))
        query = query.where(tuple_(table.c.since, table.c.container) > place)
    return tuple(map(_of, connection.execute(query)))


def _of(row: Any) -> Whereabouts:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["container"] = ContainerNumber(row.container)
    values["seal"] = None if row.seal is None else SealNumber(row.seal)
    return Whereabouts(**values)


def _follow(connection: Connection, body: MovementFact) -> None:
    known = find(connection, body.container) or Whereabouts(body.container)
    after = rules.follow(known, body.movement)
    connection.execute(_FORGET, {"the_container": body.container})
    connection.execute(_ADD, {name: getattr(after, name) for name in _FIELDS})


def arrive(connection: Connection, fact: Fact) -> None:
    """Follow `movement.arrived/1`."""
    _follow(connection, decode(fact.body, Arrived))


def depart(connection: Connection, fact: Fact) -> None:
    """Follow `movement.departed/1`."""
    _follow(connection, decode(fact.body, Departed))


def pass_gate(connection: Connection, fact: Fact) -> None:
    """Follow `movement.gate_passed/1`."""
    _follow(connection, decode(fact.body, GatePassed))


def check_seal(connection: Connection, fact: Fact) -> None:
    """Follow `movement.seal_checked/1`."""
    _follow(connection, decode(fact.body, SealChecked))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    Arrived.TYPE: (arrive,),
    Departed.TYPE: (depart,),
    GatePassed.TYPE: (pass_gate,),
    SealChecked.TYPE: (check_seal,),
}
