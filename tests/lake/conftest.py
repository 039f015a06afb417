"""A store with facts of several nouns and days, and its lake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from clearway.lake.query import Lake
from clearway.ledger.fact import Fact, encode
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.tables import fact as fact_table

ORIGIN = "customs.example/border"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TYPES = ("parcel.announced/1", "parcel.weighed/1", "gate.opened/1")
Append = Callable[[int], None]


def body_of(seq: int) -> dict[str, Any]:
    """Return a body with a text, an exact number, a list and something missing now and then."""
    body: dict[str, Any] = {
        "parcel": f"P{seq:05d}",
        "mass_kg": f"{seq}.250",
        "lines": [{"number": n + 1, "goods": f"mängo {n}'s"} for n in range(seq % 3)],
    }
    return body if seq % 5 else {"parcel": f"P{seq:05d}"}


def fact_of(seq: int, per_day: int = 10) -> Fact:
    """Return the fact at place `seq`, so many of them recorded on a day."""
    return Fact(
        seq=seq,
        type=TYPES[seq % 3],
        subject=f"parcel:P{seq:05d}",
        issuer=("customs", "plants")[seq % 2],
        actor="officer:amina",
        occurred_at=NOON + timedelta(microseconds=seq),
        recorded_at=NOON + timedelta(days=seq // per_day, microseconds=seq),
        body=encode(body_of(seq)),
    )


def appender(connection: Connection, per_day: int = 10) -> Append:
    """Return a function that commits so many more facts."""
    log = Log(ORIGIN, Signer.from_seed(ORIGIN, bytes(range(32))))

    def append(count: int) -> None:
        facts = [fact_of(seq, per_day) for seq in range(log.size, log.size + count)]
        batch = log.prepare(facts, [sha256(b"%d" % fact.seq).digest() for fact in facts])
        log.write(connection, batch)
        connection.commit()
        log.accept(batch)

    return append


def stored(connection: Connection) -> list[Fact]:
    """Return all facts of the store."""
    columns = list(fact_table.c)[:8]
    return [
        Fact(*row) for row in connection.execute(fact_table.select().with_only_columns(*columns))
    ]


def in_lake(folder: Path) -> list[Fact]:
    """Return all facts of the lake."""
    sql = (
        "SELECT seq, type, subject, issuer, actor, occurred_at, recorded_at, body"
        " FROM facts ORDER BY seq"
    )
    with Lake(folder) as lake:
        return [Fact(*row[:7], row[7].encode()) for row in lake.rows(sql)[1]]
