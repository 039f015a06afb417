"""Facts and logs for the ledger's tests: deterministic, so that a failure comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from clearway.ledger.fact import Fact
from clearway.ledger.log import Batch, Log
from clearway.ledger.note import Signer

ORIGIN = "customs.example/border"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def salt_of(seq: int) -> bytes:
    """Return a salt that differs for each fact."""
    return hashlib.sha256(b"salt %d" % seq).digest()


def fact_of(seq: int, *, batch: int = 0) -> Fact:
    """Return the fact that stands at place `seq`."""
    return Fact(
        seq=seq,
        type="parcel.weighed/1",
        subject=f"parcel:{seq % 17}",
        issuer="customs",
        actor=f"officer:{seq % 5}",
        occurred_at=NOON - timedelta(seconds=seq),
        recorded_at=NOON + timedelta(microseconds=batch),
        body=b'{"mass_kg":"%d.50","note":"m\xc3\xa4ngo"}' % seq,
    )


def facts_of(first: int, count: int) -> list[Fact]:
    """Return `count` facts from place `first` on, recorded together."""
    return [fact_of(seq, batch=first) for seq in range(first, first + count)]


def prepared(log: Log, count: int) -> Batch:
    """Return the next batch of `count` facts, not written yet."""
    facts = facts_of(log.size, count)
    return log.prepare(facts, [salt_of(fact.seq) for fact in facts])


def fill(connection: Connection, log: Log, counts: Iterable[int]) -> None:
    """Commit batches of these sizes, each in a transaction of its own."""
    for count in counts:
        batch = prepared(log, count)
        log.write(connection, batch)
        connection.commit()
        log.accept(batch)
