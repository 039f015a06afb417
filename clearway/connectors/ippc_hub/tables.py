"""What this node sent through a hub and awaits news of, and what it took from one.

Both follow from facts: `certificate.dispatched/1`, `certificate.delivery_reported/1` and
`hub.received/1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text

from clearway.certificates.issuing.course import Delivery
from clearway.certificates.issuing.facts import DeliveryReported, Dispatched
from clearway.connectors.ippc_hub.facts import Received
from clearway.connectors.ippc_hub.word import Kind, Word
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

dispatched = Table(
    "hub_dispatch",
    METADATA,
    Column("hub_number", Text, primary_key=True),
    Column("certificate", Text, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("hub_dispatch_open", "is_open", "seq"),
    Index("hub_dispatch_certificate", "certificate"),
)

received = Table(
    "hub_receipt",
    METADATA,
    Column("hub_number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A certificate of ours of whose way through the hub nothing final is known."""

    hub_number: str
    certificate: str


def list_awaited(connection: Connection, after: int = 0, limit: int = 200) -> list[Awaited]:
    """Return what the hub must still tell us of, oldest first."""
    asked = (
        "SELECT hub_number, certificate FROM hub_dispatch WHERE is_open = 1 AND seq >= ?"
        f" ORDER BY seq LIMIT {int(limit)}"
    )
    return [Awaited(*row) for row in run(connection, asked, (after,))]


def find_word(connection: Connection, hub_number: str) -> Word | None:
    """Return our word on an envelope that was taken in before."""
    asked = "SELECT kind, message FROM hub_receipt WHERE hub_number = ?"
    row = run(connection, asked, (hub_number,)).fetchone()
    return None if row is None else Word(Kind(row[0]), row[1])


def count(connection: Connection) -> dict[str, int]:
    """Return how many envelopes are awaited, and how many were taken, by our word."""
    open_ = run(connection, "SELECT count(*) FROM hub_dispatch WHERE is_open = 1").fetchone()
    taken = run(connection, "SELECT kind, count(*) FROM hub_receipt GROUP BY kind ORDER BY kind")
    return {"awaited": int(open_[0])} | {str(kind): int(number) for kind, number in taken}


def _sent(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, Dispatched)
    close = "UPDATE hub_dispatch SET is_open = 0 WHERE certificate = ?"
    run(connection, close, (body.certificate,))
    if body.channel != "hub" or not body.hub_number:
        return
    run(connection, "DELETE FROM hub_dispatch WHERE hub_number = ?", (body.hub_number,))
    row = (body.hub_number, body.certificate, 1, fact.seq)
    run(connection, "INSERT INTO hub_dispatch VALUES (?, ?, ?, ?)", row)


def _reported(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeliveryReported)
    if body.delivery is not Delivery.DISPATCHED:
        close = "UPDATE hub_dispatch SET is_open = 0 WHERE certificate = ?"
        run(connection, close, (body.certificate,))


def _received(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, Received)
    row = (body.hub_number, str(body.kind), body.message, body.certificate, fact.seq)
    run(connection, "INSERT INTO hub_receipt VALUES (?, ?, ?, ?, ?)", row)


PROJECTIONS: Final[dict[str, tuple[Projection, ...]]] = {
    Dispatched.TYPE: (_sent,),
    DeliveryReported.TYPE: (_reported,),
    Received.TYPE: (_received,),
}
TABLES: Final = (dispatched, received)
