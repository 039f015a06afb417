"""What this node's witness holds: the newest cosigned checkpoint of each log, and refusals.

`keep` must stand in the transaction that read the state (see `witness.py`). A refusal is kept as
evidence, with the note that was held and the one that was shown, each signed by the log itself:
only signed ones are, so that strangers cannot fill the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from clearway.ledger.columns import Instant, from_microseconds, to_microseconds
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.witness import Accepted, Refusal, Signed, State

witness_state = Table(
    "witness_state",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("origin_hash", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("lines", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("witness_state_by_hash", "origin_hash", unique=True),
)

witness_refusal = Table(
    "witness_refusal",
    METADATA,
    Column("origin", Text, nullable=False),
    Column("shown_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("is_fork", Boolean, nullable=False),
    Column("held", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("origin", "shown_hash"),
)

# Of each log; forks are kept besides, one for each contradicting note, which only the log can sign.
MOST_REFUSALS = 100

_READ = "SELECT size, root, note, lines, at FROM witness_state WHERE origin = ?"
_KEEP = (
    "INSERT INTO witness_state (origin, origin_hash, size, root, note, lines, at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET size = excluded.size,"
    " root = excluded.root, note = excluded.note, lines = excluded.lines, at = excluded.at"
)
_BY_HASH = select(witness_state.c.note, witness_state.c.lines)


@dataclass(frozen=True, slots=True)
class Held:
    """The newest checkpoint of a log that was cosigned here.

    Args:
        note: with the log's own signatures.
        lines: the cosignature lines that were handed out.
        at: when, aware UTC.
    """

    state: State
    note: str
    lines: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class KeptRefusal:
    """Evidence: what a log showed, and what was held when it was refused.

    Args:
        held: signed note; empty: nothing was cosigned before.
        shown: signed note.
        request: the whole request, with its proof.
        is_fork: the two notes (with the proof) show two histories.
    """

    origin: str
    status: int
    reason: str
    is_fork: bool
    held: str
    shown: str
    request: bytes
    at: datetime


def find_held(connection: Connection, origin: str) -> Held | None:
    """Return what was cosigned last for a log, or None."""
    row = run(connection, _READ, (origin,)).fetchone()
    if row is None:
        return None
    size, root, note, lines, at = row
    state = State(origin, int(size), bytes(root))
    return Held(state, note, tuple(lines.splitlines(keepends=True)), from_microseconds(at))


def keep(connection: Connection, accepted: Accepted, lines: tuple[str, ...], at: datetime) -> None:
    """Make this the newest cosigned checkpoint of its log."""
    state = accepted.state
    text = "".join(lines)
    row = (hash_of(state.origin), state.size, state.root, accepted.note, text, to_microseconds(at))
    run(connection, _KEEP, (state.origin, *row))


def find_note(connection: Connection, origin_hash: str) -> str | None:
    """Return the newest checkpoint of a log with our cosignatures, by the hash of its origin."""
    row = connection.execute(_BY_HASH.where(witness_state.c.origin_hash == origin_hash)).first()
    return None if row is None else f"{row.note}{row.lines}"


def hash_of(origin: str) -> str:
    """Return how the monitoring address names a log: SHA-256 of its origin, hex."""
    return sha256(origin.encode()).hexdigest()


def keep_refusal(
    connection: Connection, held: Held | None, signed: Signed, refusal: Refusal, at: datetime
) -> bool:
    """Keep a refusal of something that the log really signed; return whether it is a new one.

    Only what may tell of misconduct is kept: a log that is merely asked for its newest size (409)
    is in order. At most `MOST_REFUSALS` a log, forks always.
    """
    is_fork = refusal.fork_at is not None
    if refusal.status != 422 and not is_fork:
        return False
    origin, shown_hash = signed.request.checkpoint.origin, sha256(signed.text.encode()).digest()
    kept = witness_refusal.c
    ours = kept.origin == origin
    earlier = connection.execute(
        select(kept.is_fork).where(ours, kept.shown_hash == shown_hash)
    ).first()
    if earlier is not None and (earlier.is_fork or not is_fork):
        return False
    if earlier is not None:
        connection.execute(delete(witness_refusal).where(ours, kept.shown_hash == shown_hash))
    count = connection.execute(select(func.count()).where(ours)).scalar_one()
    if count >= MOST_REFUSALS and not is_fork:
        return False
    connection.execute(
        insert(witness_refusal).values(
            origin=origin,
            shown_hash=shown_hash,
            status=refusal.status,
            reason=refusal.reason,
            is_fork=is_fork,
            held="" if held is None else held.note,
            shown=signed.note,
            request=signed.request.marshal(),
            at=at,
        )
    )
    return True


def list_refusals(
    connection: Connection, origin: str | None = None, limit: int = 100
) -> list[KeptRefusal]:
    """Return refusals, the newest first, of one log or of all."""
    kept = witness_refusal.c
    query = select(witness_refusal).order_by(kept.at.desc(), kept.origin).limit(limit)
    if origin is not None:
        query = query.where(kept.origin == origin)
    return [
        KeptRefusal(
            row.origin,
            row.status,
            row.reason,
            bool(row.is_fork),
            row.held,
            row.shown,
            bytes(row.request),
            row.at,
        )
        for row in connection.execute(query)
    ]
