"""Where received facts, cursors and evidence are kept.

`peer_fact` and `peer_alarm` follow from facts. The others are no projections: a cursor that moves
over withheld places states nothing about the world, and if it were a fact, two nodes would answer
each other's bookkeeping with bookkeeping for ever. They change in the transaction of the facts.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.connectors.peer import uses
from clearway.connectors.peer.facts import Conflicted, FactReceived, ForkFound, Resumed
from clearway.connectors.peer.model import Cosigned, Cursor, Verified
from clearway.connectors.peer.span import Edge
from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

received = Table(
    "peer_fact",
    METADATA,
    Column("origin", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("here", BigInteger, nullable=False),
    PrimaryKeyConstraint("origin", "seq"),
)

alarm = Table(
    "peer_alarm",
    METADATA,
    Column("partner", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

cursor = Table(
    "peer_cursor",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

batch = Table(
    "peer_batch",
    METADATA,
    Column("origin", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("end_", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("head", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("origin", "first"),
)

cosigned = Table(
    "peer_cosigned",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

acknowledged = Table(
    "peer_acknowledged",
    METADATA,
    Column("partner", Text, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

TABLES: tuple[Table, ...] = (received, alarm, *uses.TABLES)

_received, _alarm = Rows(received), Rows(alarm)
_cursor, _batch, _acknowledged = Rows(cursor), Rows(batch), Rows(acknowledged)
_cosigned = Rows(cosigned)
_PUT_COSIGNED = _cosigned.put(["origin"], ["size", "note", "at"])
_PUT_ALARM = _alarm.put(["partner"], ["seq", "reason", "at"])
_PUT_CURSOR = _cursor.put(["origin"], ["place", "edge", "note", "at"])
_PUT_ACKNOWLEDGED = _acknowledged.put(["partner"], ["place", "note", "at"])


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """The evidence of one batch: enough for every receipt in it, also once a fact was erased here.

    Args:
        leaves: leaf hashes of the delivered places, in order.
    """

    first: int
    end: int
    edge: Edge
    proof: tuple[bytes, ...]
    leaves: tuple[bytes, ...]
    head: str
    note: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why nothing more is taken from a partner. Args: seq: the fact that says so."""

    partner: str
    seq: int
    reason: str
    at: datetime


def _fact_received(connection: Connection, fact: Fact) -> None:
    if not fact.body:
        return  # erased: its row went when it was erased, or a rebuild leaves it out
    body = decode(fact.body, FactReceived)
    row = {
        "origin": body.origin,
        "seq": body.seq,
        "leaf_hash": base64.b64decode(body.leaf_hash),
        "type": body.type,
        "subject": body.subject,
        "here": fact.seq,
    }
    run(connection, _received.insert, _received.values(row))


def _conflicted(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, Conflicted)
    reason = f"Other content came for place {body.seq} of {body.origin}"
    _raise_alarm(connection, body.partner, reason, fact)


def _fork_found(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, ForkFound)
    _raise_alarm(connection, body.partner, body.reason, fact)


def _raise_alarm(connection: Connection, partner: str, reason: str, fact: Fact) -> None:
    row = {"partner": partner, "seq": fact.seq, "reason": reason, "at": fact.recorded_at}
    run(connection, _PUT_ALARM, _alarm.values(row))


def _resumed(connection: Connection, fact: Fact) -> None:
    partner = decode(fact.body, Resumed).partner
    run(connection, "DELETE FROM peer_alarm WHERE partner = ?", (partner,))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    **uses.PROJECTIONS,
    FactReceived.TYPE: (_fact_received, uses.received),
    Conflicted.TYPE: (_conflicted,),
    ForkFound.TYPE: (_fork_found,),
    Resumed.TYPE: (_resumed,),
}


def read_cursor(connection: Connection, origin: str) -> Cursor:
    """Return how far we have come in a partner's log."""
    row = run(connection, f"{_cursor.select} WHERE origin = ?", (origin,)).fetchone()
    if row is None:
        return Cursor()
    found = _cursor.read(row)
    return Cursor(Edge(found["place"], _hashes(found["edge"])), found["note"])


def keep_batch(connection: Connection, verified: Verified, now: datetime) -> None:
    """Move the cursor behind a batch and keep its evidence."""
    head, before, after = verified.head, verified.before, verified.after
    evidence = {
        "origin": head.origin,
        "first": head.first,
        "end_": head.end,
        "edge": b"".join(before.edge.nodes),
        "proof": b"".join(verified.batch.proof),
        "leaves": b"".join(fact.leaf_hash for fact in verified.facts),
        "head": verified.batch.head,
        "size": head.size,
        "note": after.note,
    }
    run(connection, _batch.insert, _batch.values(evidence))
    if verified.is_cosigned:
        keep_cosigned(connection, head.origin, Cosigned(head.size, after.note), now)
    moved = {
        "origin": head.origin,
        "place": after.place,
        "edge": b"".join(after.edge.nodes),
        "note": after.note,
        "at": now,
    }
    run(connection, _PUT_CURSOR, _cursor.values(moved))


def keep_cosigned(connection: Connection, origin: str, shown: Cosigned, now: datetime) -> None:
    """Keep that all places before a checkpoint's size are cosigned by it; a smaller one is none.

    Batches that came under just this checkpoint get its cosignatures, for their receipts.
    """
    if shown.size <= cosigned_size(connection, origin):
        return
    row = {"origin": origin, "size": shown.size, "note": shown.note, "at": now}
    run(connection, _PUT_COSIGNED, _cosigned.values(row))
    statement = "UPDATE peer_batch SET note = ? WHERE origin = ? AND size = ?"
    run(connection, statement, (shown.note, origin, shown.size))


def cosigned_size(connection: Connection, origin: str) -> int:
    """Return up to which place a partner's log is cosigned as our policy asks; 0: nowhere."""
    row = run(connection, "SELECT size FROM peer_cosigned WHERE origin = ?", (origin,)).fetchone()
    return 0 if row is None else int(row[0])


def leaf_hashes(connection: Connection, origin: str, first: int, end: int) -> dict[int, bytes]:
    """Return the leaf hashes of the places received from [first, end)."""
    rows = run(
        connection,
        "SELECT seq, leaf_hash FROM peer_fact WHERE origin = ? AND seq >= ? AND seq < ?",
        (origin, first, end),
    )
    return {seq: bytes(hash_) for seq, hash_ in rows}


def find_batch(connection: Connection, origin: str, seq: int) -> StoredBatch | None:
    """Return the evidence of the batch in which a place came, or None."""
    row = run(
        connection,
        f"{_batch.select} WHERE origin = ? AND first <= ? ORDER BY first DESC LIMIT 1",
        (origin, seq),
    ).fetchone()
    if row is None:
        return None
    found = _batch.read(row)
    if seq >= found["end_"]:
        return None
    edge = Edge(found["first"], _hashes(found["edge"]))
    proof, leaves = _hashes(found["proof"]), _hashes(found["leaves"])
    head, note = found["head"], found["note"]
    return StoredBatch(found["first"], found["end_"], edge, proof, leaves, head, note)


def find_received(connection: Connection, origin: str, seq: int) -> int | None:
    """Return the place in OUR log of a fact received, or None."""
    row = run(
        connection, "SELECT here FROM peer_fact WHERE origin = ? AND seq = ?", (origin, seq)
    ).fetchone()
    return None if row is None else int(row[0])


def count_received(connection: Connection, origin: str) -> int:
    """Return how many facts came from a log."""
    row = run(connection, "SELECT count(*) FROM peer_fact WHERE origin = ?", (origin,)).fetchone()
    return int(row[0])


def find_alarm(connection: Connection, partner: str) -> Alarm | None:
    """Return why nothing more is taken from a partner, or None."""
    row = run(connection, f"{_alarm.select} WHERE partner = ?", (partner,)).fetchone()
    return None if row is None else Alarm(**_alarm.read(row))


def keep_acknowledged(
    connection: Connection, partner: str, place: int, note: str, now: datetime
) -> None:
    """Keep a partner's newest word on how far it has come."""
    row = {"partner": partner, "place": place, "note": note, "at": now}
    run(connection, _PUT_ACKNOWLEDGED, _acknowledged.values(row))


def read_acknowledged(connection: Connection, partner: str) -> tuple[int, datetime] | None:
    """Return up to which place a partner keeps our log, and since when; None: it never said."""
    row = run(connection, f"{_acknowledged.select} WHERE partner = ?", (partner,)).fetchone()
    if row is None:
        return None
    found = _acknowledged.read(row)
    return found["place"], found["at"]


def _hashes(joined: bytes) -> tuple[bytes, ...]:
    data: Sequence[int] = joined
    return tuple(joined[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))
