"""The hub's own table: one row for each letter, kept until its receiver has answered and longer.

Content lies in the last column, so that a list of headers does not read it. Nothing of this is a
fact of a node: a hub passes on what others state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from clearway.connectors.ippc_hub.model import Envelope, Forwarding, Header, Tracking
from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.statement import run

METADATA: Final = MetaData()
CERTIFICATE: Final = "certificate"
RESPONSE: Final = "response"

letter = Table(
    "hub_letter",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("type", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("nppo_number", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("tracking", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("forwardings", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("hub_letter_to", "receiver", "tracking", "seq"),
    Index("hub_letter_from", "sender", "tracking", "seq"),
    Index("hub_letter_same", "sender", "nppo_number", "receiver"),
)

_NAMES: Final = (
    "seq, number, kind, sender, receiver, type, status, nppo_number, digest, tracking, message,"
    " forwardings"
)
_SELECT: Final = f"SELECT {_NAMES} FROM hub_letter"
_INSERT: Final = (
    f"INSERT INTO hub_letter ({_NAMES}, received_at, changed_at, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SAME: Final = (
    f"{_SELECT} WHERE sender = ? AND nppo_number = ? AND receiver = ? AND type = ? AND status = ?"
    " AND kind = ? ORDER BY seq DESC LIMIT 1"
)
_FORGET: Final = (
    "UPDATE hub_letter SET content = ? WHERE received_at < ? AND tracking <> ? AND content <> ?"
)
_ANSWER: Final = "UPDATE hub_letter SET tracking = ?, message = ?, changed_at = ? WHERE number = ?"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it is kept; its content is read apart."""

    seq: int
    number: str
    kind: str
    header: Header
    digest: bytes

    @property
    def tracking(self) -> str:
        """How far it came."""
        return self.header.tracking


def last_seq(connection: Connection) -> int:
    """Return the place of the newest letter; 0: there is none."""
    row = run(connection, "SELECT max(seq) FROM hub_letter").fetchone()
    return int(row[0] or 0)


def put(
    connection: Connection, letter: Letter, content: bytes, at: datetime, receiver: str = ""
) -> None:
    """Keep a new letter.

    Args:
        receiver: of a copy; "": whom the header names.
    """
    header, now = letter.header, to_microseconds(at)
    row = (
        letter.seq,
        letter.number,
        letter.kind,
        header.from_,
        receiver or header.to,
        header.certificate_type,
        header.certificate_status,
        header.nppo_number,
        letter.digest,
        header.tracking,
        header.error,
        json.dumps([(each.code, each.hub_number) for each in header.forwardings]),
        now,
        now,
        content,
    )
    run(connection, _INSERT, row)


def find_same(connection: Connection, header: Header, kind: str) -> Letter | None:
    """Return the newest letter under the same certificate, type, status and way."""
    key = (
        header.from_,
        header.nppo_number,
        header.to,
        header.certificate_type,
        header.certificate_status,
        kind,
    )
    return _letter(run(connection, _SAME, key).fetchone())


def find(connection: Connection, number: str) -> Letter | None:
    """Return a letter by its number."""
    return _letter(run(connection, f"{_SELECT} WHERE number = ?", (number,)).fetchone())


def answer(
    connection: Connection, number: str, tracking: Tracking, message: str, at: datetime
) -> None:
    """Keep a receiver's word, or that a letter is on its way after all."""
    run(connection, _ANSWER, (str(tracking), message, to_microseconds(at), number))


def incoming(
    connection: Connection, receiver: str, most: int, senders: Sequence[str] = ()
) -> list[Header]:
    """Return headers of letters that wait for their receiver, oldest first."""
    only = f" AND sender IN ({', '.join('?' * len(senders))})" if senders else ""
    asked = f"{_SELECT} WHERE receiver = ? AND tracking = ?{only} ORDER BY seq LIMIT {int(most)}"
    return _headers(run(connection, asked, (receiver, str(Tracking.PENDING), *senders)))


def under_delivery(connection: Connection, sender: str, most: int) -> list[Header]:
    """Return headers of a sender's letters that nobody has answered yet, oldest first."""
    asked = f"{_SELECT} WHERE sender = ? AND tracking = ? ORDER BY seq LIMIT {int(most)}"
    return _headers(run(connection, asked, (sender, str(Tracking.PENDING))))


def content(connection: Connection, number: str) -> bytes:
    """Return the content of a letter that is there."""
    row = run(connection, "SELECT content FROM hub_letter WHERE number = ?", (number,)).fetchone()
    return bytes(row[0])


def envelope(header: Header, content: bytes) -> Envelope:
    """Return a letter as it is handed to its receiver."""
    return Envelope(
        header.from_,
        header.to,
        header.certificate_type,
        header.certificate_status,
        header.nppo_number,
        header.hub_number,
        header.tracking,
        header.error,
        header.forwardings,
        content.decode(),
    )


def forget(connection: Connection, before: datetime) -> int:
    """Empty the content of letters that were answered and came before; return how many.

    Their headers and digests stay: a repeat is still known, and a conflict still seen.
    """
    limits = (b"", to_microseconds(before), str(Tracking.PENDING), b"")
    cursor: Any = run(connection, _FORGET, limits)
    return int(cursor.rowcount)


def count(connection: Connection) -> dict[str, int]:
    """Return how many letters there are of each tracking."""
    asked = "SELECT tracking, count(*) FROM hub_letter GROUP BY tracking ORDER BY tracking"
    return {str(tracking): int(number) for tracking, number in run(connection, asked)}


def _headers(rows: Iterable[Any]) -> list[Header]:
    return [letter.header for letter in map(_letter, rows) if letter is not None]


def _letter(row: Any) -> Letter | None:
    if row is None:
        return None
    seq, number, kind, sender, receiver, type_, status, nppo, digest, tracking, said, copies = row
    header = Header(
        sender,
        receiver,
        int(type_),
        int(status),
        nppo,
        number,
        tracking,
        said,
        tuple(Forwarding(code, copy) for code, copy in json.loads(copies)),
    )
    return Letter(int(seq), number, kind, header, bytes(digest))
