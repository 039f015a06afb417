"""The table of confirmed and denied links, how it follows the facts, and what can be asked.

`risk_kin`     the last word on each pair of numbers
`risk_party`   importers and their kin (`register`)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    desc,
    insert,
    or_,
    select,
)

from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.risk.network import register
from clearway.risk.network.facts import KinConfirmed
from clearway.risk.network.model import Verdict

kin = Table(
    "risk_kin",
    METADATA,
    Column("one", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("one", "other"),
    Index("risk_kin_by_other", "other"),
    sqlite_with_rowid=False,
)

TABLES: tuple[Table, ...] = (kin, register.party)


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A person's last word on a pair, and the fact that states it."""

    one: str
    other: str
    seq: int
    at: datetime
    by: str
    verdict: Verdict
    reason: str


def put_verdict(connection: Connection, fact: Fact) -> None:
    """Keep the last word on a pair."""
    said = decode(fact.body, KinConfirmed)
    connection.execute(delete(kin).where(kin.c.one == said.one, kin.c.other == said.other))
    connection.execute(
        insert(kin).values(
            one=said.one,
            other=said.other,
            seq=fact.seq,
            at=fact.recorded_at,
            by=fact.actor,
            verdict=said.verdict.value,
            reason=said.reason,
        )
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    KinConfirmed.TYPE: (put_verdict, register.regroup),
    "identity.party_registered/1": (register.put_party,),
}


def list_verdicts(
    connection: Connection, *, party: str | None = None, limit: int = 1_000
) -> tuple[StoredVerdict, ...]:
    """Return the last words, newest first.

    Args:
        party: only those on this number.
        limit: at most so many.
    """
    query = select(kin).order_by(desc(kin.c.seq)).limit(limit)
    if party is not None:
        query = query.where(or_(kin.c.one == party, kin.c.other == party))
    return tuple(_stored(row) for row in connection.execute(query))


def _stored(row: Any) -> StoredVerdict:
    return StoredVerdict(
        row.one, row.other, row.seq, row.at, row.by, Verdict(row.verdict), row.reason
    )
