"""Facts per second into the log, beside the same bytes into bare SQLite tables."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pysqlite3

from clearway.cli.bench.pairs import Figure, in_turns, rate
from clearway.ledger import tables
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer

_INSTANT = datetime(2026, 3, 2, tzinfo=UTC)
_BODY = b'{"text":"' + b"x" * 245 + b'"}'


def measure(*, quick: bool) -> list[Figure]:
    """Return facts/s at three batch sizes, each beside raw SQLite with the same durability."""
    figures = []
    for batch in (16, 256, 1_024):
        count = batch * (8 if quick else max(16, 16_384 // batch))
        ours, theirs = in_turns(
            lambda batch=batch, count=count: _ours(count, batch),  # type: ignore[misc]
            lambda batch=batch, count=count: _raw(count, batch),  # type: ignore[misc]
            turns=3 if quick else 5,
        )
        note = f"{len(_BODY)} B each, {batch} a commit, synchronous=FULL"
        figures.append(Figure("ledger: facts/s", ours, "raw SQLite rows/s", theirs, note))
    return figures


def _ours(count: int, batch: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_writer(Path(folder) / "log.db")
        tables.METADATA.create_all(engine)
        log = Log("bench.example/log", Signer.from_seed("bench.example/log", bytes(32)))

        def append() -> None:
            with engine.connect() as connection:
                for first in range(0, count, batch):
                    with connection.begin():
                        facts = [_fact(first + place) for place in range(batch)]
                        sealed = log.prepare(facts, [os.urandom(32) for _ in facts])
                        log.write(connection, sealed)
                    log.accept(sealed)

        found = rate(count, append)
        engine.dispose()
    return found


def _raw(count: int, batch: int) -> float:
    """Insert rows of the same bytes with the driver alone: no hash, no tree, no signature."""
    with tempfile.TemporaryDirectory() as folder:
        connection = pysqlite3.connect(str(Path(folder) / "raw.db"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        columns = ", ".join(column.name for column in tables.fact.c)
        connection.execute(f"CREATE TABLE fact ({columns}, PRIMARY KEY (seq))")
        marks = ", ".join("?" * len(tables.fact.c))
        statement = f"INSERT INTO fact VALUES ({marks})"

        def append() -> None:
            for first in range(0, count, batch):
                rows = [_row(first + place) for place in range(batch)]
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(statement, rows)
                connection.execute("COMMIT")

        found = rate(count, append)
        connection.close()
    return found


def _fact(seq: int) -> Fact:
    return Fact(
        seq, "bench.happened/1", f"thing:{seq}", "bench", "system:bench", _INSTANT, _INSTANT, _BODY
    )


def _row(seq: int) -> tuple[object, ...]:
    fact = _fact(seq)
    stamp = 1_772_400_000_000_000
    salt = os.urandom(32)
    named = (fact.type, fact.subject, fact.issuer, fact.actor)
    return (seq, *named, stamp, stamp, fact.body, fact.form, salt, salt)
