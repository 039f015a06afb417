"""Certificates of ours whose content the order is to register, and whether it has.

Every certificate issued here makes a row, `open` until the order answered. The rows follow from
facts alone: what was issued before this table was known is open after a rebuild, and is made up.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Connection, Index, Integer, Table, Text

from clearway.certificates.issuing.facts import Issued
from clearway.certificates.model import Key
from clearway.certificates.uses import facts
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

MOST_AT_ONCE: Final = 100


class Registration(StrEnum):
    """Where the content of one certificate of ours stands with the order."""

    OPEN = "open"
    REGISTERED = "registered"
    CONTESTED = "contested"  # the order held other content under its number before


certificate_registration = Table(
    "certificate_registration",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Index("certificate_registration_by_state", "state", "seq"),
)

TABLES: tuple[Table, ...] = (certificate_registration,)
_ROWS = Rows(certificate_registration)
_PUT = _ROWS.put(("subject",), ("state", "seq"))
_NAME = certificate_registration.name
_STATE = f"SELECT state FROM {_NAME} WHERE subject = ?"
_OPEN = f"SELECT subject FROM {_NAME} WHERE state = ? ORDER BY seq LIMIT {MOST_AT_ONCE}"


def _put(connection: Connection, fact: Fact, state: Registration) -> None:
    row = {"subject": fact.subject, "state": state.value, "seq": fact.seq}
    run(connection, _PUT, _ROWS.values(row))


def _issued(connection: Connection, fact: Fact) -> None:
    _put(connection, fact, Registration.OPEN)


def _registered(connection: Connection, fact: Fact) -> None:
    _put(connection, fact, Registration.REGISTERED)


def _contested(connection: Connection, fact: Fact) -> None:
    if decode(fact.body, facts.DoubleUseFound).reference == facts.AT_ISSUE:
        _put(connection, fact, Registration.CONTESTED)


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    Issued.TYPE: (_issued,),
    facts.Registered.TYPE: (_registered,),
    facts.DoubleUseFound.TYPE: (_contested,),
}


def open_registrations(connection: Connection) -> tuple[Key, ...]:
    """Return at most 100 certificates of ours that the order did not answer, the oldest first."""
    found = run(connection, _OPEN, (Registration.OPEN.value,)).fetchall()
    return tuple(Key.parse(row[0]) for row in found)


def registration_of(connection: Connection, key: Key) -> Registration | None:
    """Return where a certificate stands with the order, or None: we did not issue it."""
    row = run(connection, _STATE, (key.subject,)).fetchone()
    return None if row is None else Registration(row[0])
