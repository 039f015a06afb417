"""Cosignatures that witnesses gave on checkpoints of our own log.

They are no part of the log: they are kept beside it, each only after it was verified, and are added
to the notes that receipts carry. A receipt wants the newest checkpoint that satisfies the quorum,
if that covers its fact; else the newest of all, and says by it: log-signed, cosignatures pending.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    func,
    select,
)

from clearway.errors import VerificationError
from clearway.ledger import tables
from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.note import Verifier, add_lines, open_note, split_note
from clearway.ledger.quorum import Quorum
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA

cosignature = Table(
    "cosignature",
    METADATA,
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("size", "name", "key_id"),
)

# A witness answers with a line for each of its keys; ML-DSA-44 lines have 3.3 kB.
MAX_ANSWER_SIZE = 64 * 1024
# How far back a node that starts looks for a checkpoint that satisfies the quorum.
_LOOKED_AT = 64

_KEEP = (
    "INSERT INTO cosignature (size, name, key_id, line, at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (size, name, key_id) DO UPDATE SET line = excluded.line, at = excluded.at"
)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One line that holds.

    Args:
        line: with its newline.
        at: the instant that the witness states, aware UTC.
    """

    name: str
    key_id: bytes
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A checkpoint of our log that satisfies the quorum.

    Args:
        note: signed by the log, with the cosignatures.
    """

    size: int
    note: str


def read_answer(body: bytes, note: str, verifiers: Sequence[Verifier]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of a witness's answer that hold; lines of unknown keys are ignored.

    Args:
        body: of the answer 200.
        note: the checkpoint that was sent.
        verifiers: keys of that witness.

    Raises: VerificationError: the answer is not in form, holds no line of a known key, or one that
    does not hold.
    """
    if len(body) > MAX_ANSWER_SIZE:
        raise VerificationError(f"A witness's answer has at most {MAX_ANSWER_SIZE} bytes")
    try:
        answer = body.decode()
    except UnicodeDecodeError as error:
        raise VerificationError("A witness's answer is not UTF-8 text") from error
    text, _ = split_note(note)
    answered = f"{text}\n{answer}"
    signed, signatures = split_note(answered)
    if signed != text:
        raise VerificationError("A witness's answer is signature lines only, without an empty line")
    opened = open_note(answered, verifiers)
    held = {(one.name, one.key_id): one.at for one in opened.signatures}
    lines = answer.splitlines(keepends=True)
    found: dict[tuple[str, bytes], Cosignature] = {}
    for line, (name, key_id, _) in zip(lines, signatures, strict=True):
        at = held.get((name, key_id))
        if at is not None and at.timestamp() > 0:  # an instant of 0 states nothing (spec)
            found.setdefault((name, key_id), Cosignature(name, key_id, line, at))
    if not found:
        raise VerificationError("The witness's answer bears no cosignature with an instant")
    return tuple(found.values())


def keep(connection: Connection, size: int, lines: Iterable[Cosignature]) -> None:
    """Keep verified cosignatures of our checkpoint of `size` leaves; a newer one replaces."""
    rows = [(size, one.name, one.key_id, one.line, to_microseconds(one.at)) for one in lines]
    if rows:
        run(connection, _KEEP, rows if len(rows) > 1 else rows[0])


def lines_of(connection: Connection, size: int) -> tuple[str, ...]:
    """Return the cosignature lines of the checkpoint of `size` leaves."""
    query = select(cosignature.c.line).where(cosignature.c.size == size)
    ordered = query.order_by(cosignature.c.name, cosignature.c.key_id)
    return tuple(connection.execute(ordered).scalars())


def newest_size_of(connection: Connection, keys: Iterable[tuple[str, bytes]]) -> int:
    """Return the size of our newest checkpoint that one of these keys cosigned; 0: none."""
    kept = cosignature.c
    sizes = [
        connection.execute(
            select(func.max(kept.size)).where(kept.name == name, kept.key_id == key_id)
        ).scalar()
        for name, key_id in keys
    ]
    return max((int(size) for size in sizes if size is not None), default=0)


def cosigned_note(connection: Connection, size: int) -> str | None:
    """Return our checkpoint of `size` leaves with all its cosignatures; None: never committed."""
    query = select(tables.checkpoint.c.note).where(tables.checkpoint.c.size == size)
    note = connection.execute(query).scalar()
    return None if note is None else add_lines(note, lines_of(connection, size))


def newest_head(connection: Connection, quorum: Quorum) -> CosignedHead | None:
    """Return the newest of the last cosigned checkpoints that satisfies the quorum, or None."""
    query = select(cosignature.c.size).distinct().order_by(cosignature.c.size.desc())
    for size in connection.execute(query.limit(_LOOKED_AT)).scalars().all():
        note = cosigned_note(connection, size)
        if note is not None and quorum.judge(note).satisfied:
            return CosignedHead(size, note)
    return None
