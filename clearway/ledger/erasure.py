"""Destroying what a fact says, while the log still proves.

What is destroyed is the body and the salt. What stays is the row with its header (type, subject,
issuer, actor, times), its leaf, and in the table `erased` the 32-byte commitment that its leaf
entry holds: without the salt it says nothing. Proofs, entry bundles and every signed checkpoint go
on. The erasure is a fact itself, `ledger.erased/1`; it repeats the header, which nothing else
vouches for any more, and names the law. A row without content and without that fact is a fault.

The digest of an idempotency key's first content is emptied too, since it could confirm a guess; the
key stays used. `scrub` then takes the bytes out of the database file and its journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, Engine, insert, select, update

from clearway.errors import InputError, NotFound, WrongState
from clearway.ledger import stored, tables
from clearway.ledger.commitment import commitment
from clearway.ledger.fact import Fact

MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class Header:
    """What stays known of an erased fact."""

    type: str
    subject: str
    issuer: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, fact: Fact) -> Header:
        """Return the header of a fact."""
        return cls(
            fact.type, fact.subject, fact.issuer, fact.actor, fact.occurred_at, fact.recorded_at
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """The content of a fact was destroyed. Subject: that of the fact.

    Args:
        seq: its place in the log.
        reason: in the words of who erased it; it must not repeat what was erased.
        legal_basis: the law that demands or allows it.
        header: what stays.
    """

    TYPE: ClassVar[str] = "ledger.erased/1"

    seq: int
    reason: str
    legal_basis: str
    header: Header


def erase(connection: Connection, seq: int, *, reason: str, legal_basis: str) -> Erased:
    """Destroy body and salt of a fact in the caller's transaction; return the fact to be recorded.

    Raises: NotFound: there is no such fact. WrongState: it was erased before, or is an erasure.
    InputError: no reason or no legal basis, or too long.
    """
    for name, text in (("reason", reason), ("legal basis", legal_basis)):
        if not 0 < len(text.strip()) <= MAX_REASON:
            raise InputError(f"The {name} of an erasure has 1 to {MAX_REASON} characters")
    found = stored.read_fact(connection, seq)
    if found is None:
        raise NotFound(f"There is no fact {seq} to erase", seq=seq)
    fact, salt = found
    if fact.type == Erased.TYPE:
        raise WrongState(f"Fact {seq} is an erasure; it must stay, for the log to be verified")
    if not salt:
        raise WrongState(f"Fact {seq} was erased before")
    kept = {"seq": seq, "commitment": commitment(fact, salt)}
    connection.execute(insert(tables.erased), kept)
    row, key = tables.fact, tables.claim
    connection.execute(update(row).where(row.c.seq == seq).values(body=b"", salt=b""))
    connection.execute(update(key).where(key.c.seq == seq).values(digest=b""))
    return Erased(seq, reason, legal_basis, Header.of(fact))


def is_erased(connection: Connection, seq: int) -> bool:
    """Return whether the content of a fact was destroyed."""
    known = tables.erased.c.seq
    return connection.execute(select(known).where(known == seq)).first() is not None


def scrub(engine: Engine) -> None:
    """Take what was deleted out of the store's files; no other connection may be open.

    SQLite leaves deleted bytes in free space and in the journal: the file is written anew, and the
    journal cut to nothing. PostgreSQL rewrites the tables; its write-ahead log and backups are the
    operator's to expire.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.cursor()
        if connection.dialect.name == "sqlite":
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        else:
            driver.execute("VACUUM FULL")
        driver.close()
