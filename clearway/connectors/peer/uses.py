"""One thing used twice: what our own order and those of our partners accepted, by nullifier.

Agencies that share one order cannot both be told yes. Those that order by themselves can: each sees
its own uses only. As soon as one gives the other its `order.asked/1` and `order.answered/1`, every
accepted use is looked up here, in a table with one row a use; a second one is kept beside.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.connectors.peer.facts import DoubleUsed, FactReceived
from clearway.ledger.fact import Fact, decode
from clearway.ledger.order.double_use import is_accepted
from clearway.ledger.order.facts import UsesAnswered, UsesAsked
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

# Origin of what this node itself had ordered.
OWN = ""

use = Table(
    "peer_use",
    METADATA,
    Column("nullifier", LargeBinary, nullable=False),
    Column("origin", Text, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("batch", Text, nullable=False),
    Column("item", Integer, nullable=False),
    Column("answered", BigInteger),
    PrimaryKeyConstraint("nullifier", "origin", "asked"),
)
Index("peer_use_batch", use.c.origin, use.c.batch)

double = Table(
    "peer_double_use",
    METADATA,
    Column("nullifier", LargeBinary, primary_key=True),
    Column("first_origin", Text, nullable=False),
    Column("first_asked", BigInteger, nullable=False),
    Column("first_answered", BigInteger, nullable=False),
    Column("second_origin", Text, nullable=False),
    Column("second_asked", BigInteger, nullable=False),
    Column("second_answered", BigInteger, nullable=False),
    Column("told_in", BigInteger),
)

TABLES: tuple[Table, ...] = (use, double)

_ASKED = (
    "INSERT INTO peer_use (nullifier, origin, asked, batch, item) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (nullifier, origin, asked) DO NOTHING"
)
_BATCH = "SELECT nullifier, asked, item FROM peer_use WHERE origin = ? AND batch = ?"
_ACCEPT = "UPDATE peer_use SET answered = ? WHERE nullifier = ? AND origin = ? AND asked = ?"
_EARLIER = (
    "SELECT origin, asked, answered FROM peer_use WHERE nullifier = ? AND answered IS NOT NULL"
    " AND (origin <> ? OR asked <> ?) ORDER BY origin, asked LIMIT 1"
)
_DOUBLE = (
    "INSERT INTO peer_double_use VALUES (?, ?, ?, ?, ?, ?, ?, NULL)"
    " ON CONFLICT (nullifier) DO NOTHING"
)
_LIST = (
    "SELECT nullifier, first_origin, first_asked, first_answered, second_origin, second_asked,"
    " second_answered, told_in FROM peer_double_use ORDER BY nullifier"
)


@dataclass(frozen=True, slots=True)
class At:
    """Where a use stands: places of its two facts in the log of an origin; `OWN`: in ours."""

    origin: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Doubled:
    """One thing used twice. Args: is_told: whether it is a fact already."""

    nullifier: bytes
    first: At
    second: At
    is_told: bool


def double_uses(connection: Connection) -> list[Doubled]:
    """Return what was found, in the order of the nullifiers."""
    return [
        Doubled(bytes(row[0]), At(*row[1:4]), At(*row[4:7]), row[7] is not None)
        for row in run(connection, _LIST).fetchall()
    ]


def received(connection: Connection, fact: Fact) -> None:
    """Take what a partner's log says of its order (a projection)."""
    if not fact.body:
        return
    body = decode(fact.body, FactReceived)
    if body.body and body.type == UsesAsked.TYPE:
        _asked(connection, body.origin, body.seq, decode(body.body.encode(), UsesAsked))
    elif body.body and body.type == UsesAnswered.TYPE:
        _answered(connection, body.origin, body.seq, decode(body.body.encode(), UsesAnswered))


def _own_asked(connection: Connection, fact: Fact) -> None:
    _asked(connection, OWN, fact.seq, decode(fact.body, UsesAsked))


def _own_answered(connection: Connection, fact: Fact) -> None:
    _answered(connection, OWN, fact.seq, decode(fact.body, UsesAnswered))


def _asked(connection: Connection, origin: str, seq: int, body: UsesAsked) -> None:
    for item, asked in enumerate(body.uses):
        if asked.draws is None:
            row = (bytes.fromhex(asked.nullifier), origin, seq, body.key, item)
            run(connection, _ASKED, row)


def _answered(connection: Connection, origin: str, seq: int, body: UsesAnswered) -> None:
    for nullifier, asked, item in run(connection, _BATCH, (origin, body.key)).fetchall():
        if is_accepted(body, item):
            run(connection, _ACCEPT, (seq, nullifier, origin, asked))
            earlier = run(connection, _EARLIER, (nullifier, origin, asked)).fetchone()
            if earlier is not None:
                run(connection, _DOUBLE, (nullifier, *earlier, origin, asked, seq))


def _told(connection: Connection, fact: Fact) -> None:
    nullifier = bytes.fromhex(decode(fact.body, DoubleUsed).nullifier)
    statement = "UPDATE peer_double_use SET told_in = ? WHERE nullifier = ?"
    run(connection, statement, (fact.seq, nullifier))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    UsesAsked.TYPE: (_own_asked,),
    UsesAnswered.TYPE: (_own_answered,),
    DoubleUsed.TYPE: (_told,),
}
