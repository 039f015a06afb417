"""What this node saw of others' logs: their signed heads, and the evidence that was found.

A head is kept once for each (origin, size, root): two of one size with different roots are both
kept, since together they are the evidence. Nothing here is ever removed.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    insert,
    select,
)

from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.columns import Instant
from clearway.ledger.fork import Fork
from clearway.ledger.tables import METADATA

# Of one log; the newest heads come first, and each of them covers all that is before it.
MAX_KEPT = 1_000

sighting = Table(
    "sighting",
    METADATA,
    Column("origin", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    PrimaryKeyConstraint("origin", "size", "root"),
)

fork_evidence = Table(
    "fork_evidence",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("found_at", Instant, nullable=False),
)


def keep_head(connection: Connection, head: Checkpoint, note: str, at: datetime) -> None:
    """Keep a verified head, unless it was seen before."""
    same = (
        (sighting.c.origin == head.origin)
        & (sighting.c.size == head.size)
        & (sighting.c.root == head.root)
    )
    if connection.execute(select(sighting.c.size).where(same)).first() is None:
        row = {"origin": head.origin, "size": head.size, "root": head.root}
        connection.execute(insert(sighting), {**row, "note": note, "seen_at": at})


def kept_notes(connection: Connection, origin: str, limit: int = MAX_KEPT) -> list[str]:
    """Return the notes of the largest heads kept of a log, the largest first."""
    rows = select(sighting.c.note).where(sighting.c.origin == origin)
    return list(connection.execute(rows.order_by(sighting.c.size.desc()).limit(limit)).scalars())


def keep_evidence(connection: Connection, origin: str, fork: Fork, at: datetime) -> bool:
    """Keep the evidence of a fork, unless it is here already; return whether it is new."""
    evidence = fork.marshal()
    digest = sha256(evidence).digest()
    known = select(fork_evidence.c.digest).where(fork_evidence.c.digest == digest)
    if connection.execute(known).first() is None:
        row = {"digest": digest, "origin": origin, "evidence": evidence, "found_at": at}
        connection.execute(insert(fork_evidence), row)
        return True
    return False


def all_evidence(connection: Connection) -> list[tuple[str, bytes]]:
    """Return (origin, file) of all evidence, in the order in which it was found."""
    rows = select(fork_evidence.c.origin, fork_evidence.c.evidence)
    found = connection.execute(rows.order_by(fork_evidence.c.found_at, fork_evidence.c.digest))
    return [(row.origin, bytes(row.evidence)) for row in found]


def kept_evidence(connection: Connection, origin: str) -> list[bytes]:
    """Return the files of evidence against a log, in the order in which they were found."""
    rows = select(fork_evidence.c.evidence).where(fork_evidence.c.origin == origin)
    return list(connection.execute(rows.order_by(fork_evidence.c.found_at)).scalars())
