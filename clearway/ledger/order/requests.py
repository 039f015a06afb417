"""Which uses were asked and not answered yet, from the facts alone: what a node still has to send.

The order's own tables (`tables`) are no projections: a replay of facts does not touch them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text

from clearway.ledger.fact import Fact, decode
from clearway.ledger.order.facts import UsesAnswered, UsesAsked
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

_Number = BigInteger().with_variant(Integer, "sqlite")

order_request = Table(
    "order_request",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("seq", _Number, nullable=False),
    Column("code", Text),
)

TABLES: tuple[Table, ...] = (order_request,)

_ASKED = "INSERT INTO order_request (key, seq, code) VALUES (?, ?, NULL)"
_ANSWERED = "UPDATE order_request SET code = ? WHERE key = ?"
_OPEN = (
    "SELECT fact.body FROM order_request AS asked JOIN fact ON fact.seq = asked.seq"
    " WHERE asked.code IS NULL ORDER BY asked.seq LIMIT ?"
)
_CODE = "SELECT code FROM order_request WHERE key = ?"


def open_requests(connection: Connection, limit: int) -> list[UsesAsked]:
    """Return what was asked first and has no answer yet, at most `limit`."""
    rows = run(connection, _OPEN, (limit,)).fetchall()
    return [decode(bytes(row[0]), UsesAsked) for row in rows]


def is_asked(connection: Connection, key: str) -> bool:
    """Return whether a batch of this key was asked before."""
    return run(connection, _CODE, (key,)).fetchone() is not None


def is_answered(connection: Connection, key: str) -> bool:
    """Return whether this batch has its answer."""
    row = run(connection, _CODE, (key,)).fetchone()
    return row is not None and row[0] is not None


def _asked(connection: Connection, fact: Fact) -> None:
    run(connection, _ASKED, (decode(fact.body, UsesAsked).key, fact.seq))


def _answered(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, UsesAnswered)
    run(connection, _ANSWERED, (body.code, body.key))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    UsesAsked.TYPE: (_asked,),
    UsesAnswered.TYPE: (_answered,),
}
