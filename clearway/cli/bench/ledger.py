"""The log beside its limits: the same bytes into bare SQLite, and hashing alone in memory.

Every entry is 256 bytes of body in a fact of its own; each batch is one durable commit that ends in
a signed checkpoint. Facts are made before the clock starts, rows of the peers too; salts are drawn
while it runs. Two peers, since the driver takes `bytes` far slower than `bytearray`: rows as
anybody would pass them, and rows passed as fast as we know how.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pysqlite3
from sqlalchemy import Connection

from clearway.cli.bench.pairs import Figure, cpu_s, rate
from clearway.ledger import receipt, tables
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.merkle import Frontier, hash_leaf
from clearway.ledger.note import Signer

ORIGIN = "bench.example/log"
SIGNER = Signer.from_seed(ORIGIN, bytes(32))
_INSTANT = datetime(2026, 3, 2, tzinfo=UTC)
_STAMP = int(_INSTANT.timestamp()) * 1_000_000
_BODY = b'{"text":"' + b"x" * 245 + b'"}'
_BATCHES = (1, 16, 256, 1_024, 4_096)

Append = Callable[[int, int], list[float]]  # (count, batch) -> seconds of each commit


def measure(*, quick: bool) -> list[Figure]:
    """Return appends at five batch sizes, then proofs, receipts and opening."""
    figures = []
    for batch in _BATCHES:
        count = batch * (8 if quick else max(16, 32_768 // batch // (8 if batch == 1 else 1)))
        count = max(count, 64)
        figures += _appends(count, batch, turns=3 if quick else 5)
    with filled(20_480 if quick else 131_072) as (connection, log):
        figures += _reads(connection, log, 2_000 if quick else 20_000)
    return figures


def _appends(count: int, batch: int, *, turns: int) -> list[Figure]:
    measured: dict[str, list[float]] = {"ours": [], "bytes": [], "fast": [], "hashing": []}
    single: dict[str, list[float]] = {"ours": [], "fast": []}
    for _ in range(turns):
        for name, append in (("ours", _ours), ("bytes", _raw), ("fast", _raw_fast)):
            seconds = append(count, batch)
            measured[name].append(count / sum(seconds))
            single.setdefault(name, []).extend(seconds)
        measured["hashing"].append(rate(count, lambda: _hash(count)))
    ours, plain, fast, hashing = (median(measured[name]) for name in measured)
    what = f"ledger: entries/s, {batch} a commit"
    note = f"{len(_BODY)} B each, synchronous=FULL, checkpoint signed"
    figures = [
        Figure(what, ours, "raw SQLite rows/s", plain, note),
        Figure(what, ours, "raw SQLite rows/s, bytearray", fast, note),
        Figure(what, ours, "tree append in memory/s", hashing, "leaf hash and frontier alone"),
    ]
    if batch == 1:
        mine, raw = (median(single[name]) * 1_000 for name in ("ours", "fast"))
        figures.append(Figure("ledger: one entry, p50 ms", mine, "raw SQLite commit", raw, note))
    return figures


def _reads(connection: Connection, log: Log, count: int) -> list[Figure]:
    places = [place * 7_919 % log.size for place in range(count)]
    for place in places:
        log.inclusion(connection, place)  # warms the tiles
    begun = cpu_s()
    for place in places:
        log.inclusion(connection, place)
    proofs = count / (cpu_s() - begun)
    some = [log.receipt(connection, place) for place in places[:500]]
    begun = cpu_s()
    for one in some:
        receipt.verify(one, [log.verifier])
    verified = len(some) / (cpu_s() - begun)
    opened = rate(1, lambda: _open(connection))
    size = f"{log.size:,} entries"
    return [
        Figure("ledger: inclusion proofs/s, warm", proofs, note=f"{size}, by CPU time"),
        Figure("ledger: receipts verified/s a core", verified, note="by CPU time"),
        Figure("ledger: opening, ms", 1_000 / opened, note=size),
    ]


@contextmanager
def opened_store() -> Iterator[Connection]:
    """Give a connection to a fresh store in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        engine = open_writer(Path(folder) / "log.db")
        own = [tables.fact, tables.tile, tables.checkpoint]
        tables.METADATA.create_all(engine, tables=own)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


@contextmanager
def filled(size: int) -> Iterator[tuple[Connection, Log]]:
    """Give a log of this size, a multiple of 1,024."""
    with opened_store() as connection:
        log = Log(ORIGIN, SIGNER)
        for first in range(0, size, 1_024):
            commit(connection, log, facts_from(first, 1_024))
        yield connection, log


def facts_from(first: int, count: int) -> list[Fact]:
    """Return facts of 256 bytes of body."""
    return [
        Fact(
            seq,
            "bench.happened/1",
            f"thing:{seq}",
            "bench",
            "system:bench",
            _INSTANT,
            _INSTANT,
            _BODY,
        )
        for seq in range(first, first + count)
    ]


def commit(connection: Connection, log: Log, facts: Sequence[Fact]) -> float:
    """Append a batch durably and return the seconds that it took."""
    begun = time.perf_counter()
    drawn = os.urandom(32 * len(facts))
    with connection.begin():
        batch = log.prepare(facts, [drawn[at : at + 32] for at in range(0, len(drawn), 32)])
        log.write(connection, batch)
    log.accept(batch)
    return time.perf_counter() - begun


def _ours(count: int, batch: int) -> list[float]:
    log = Log(ORIGIN, SIGNER)
    batches = [facts_from(first, batch) for first in range(0, count, batch)]
    with opened_store() as connection:
        return [commit(connection, log, facts) for facts in batches]


def _raw(count: int, batch: int, kind: Callable[[bytes], Any] = bytes) -> list[float]:
    """Insert rows of the same bytes with the driver alone: no hash, no tree, no signature."""
    batches = [
        [_row(fact, kind) for fact in facts_from(first, batch)] for first in range(0, count, batch)
    ]
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        connection = pysqlite3.connect(str(Path(folder) / "raw.db"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        columns = ", ".join(column.name for column in tables.fact.c if column.name != "seq")
        connection.execute(f"CREATE TABLE fact (seq INTEGER PRIMARY KEY, {columns})")
        statement = f"INSERT INTO fact VALUES ({', '.join('?' * len(tables.fact.c))})"
        seconds = []
        for rows in batches:
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")
            seconds.append(time.perf_counter() - begun)
        connection.close()
    return seconds


def _raw_fast(count: int, batch: int) -> list[float]:
    return _raw(count, batch, bytearray)


def _row(fact: Fact, kind: Callable[[bytes], Any]) -> tuple[Any, ...]:
    named = (fact.seq, fact.type, fact.subject, fact.issuer, fact.actor, _STAMP, _STAMP)
    return (*named, kind(fact.body), fact.form, kind(os.urandom(32)), kind(os.urandom(32)))


def _hash(count: int) -> None:
    frontier = Frontier()
    for _ in range(count):
        frontier.append(hash_leaf(_BODY))
    frontier.root()


def _open(connection: Connection) -> None:
    Log.open(connection, ORIGIN, SIGNER)
