"""The order: uses per second and the time to a durable outcome, on both engines.

The embedded engine stands beside the same uses put bare into SQLite; four validators of CometBFT
share this machine, so their figures are a lower bound of what four machines do.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pysqlite3

from clearway.cli.bench.pairs import Figure, in_turns, percentile, rate
from clearway.cli.output import say
from clearway.errors import InputError, TryLater
from clearway.ledger.database import open_writer
from clearway.ledger.order.cometbft.network import Network
from clearway.ledger.order.cometbft.node import Validator, find_binary
from clearway.ledger.order.encoding import BatchSigner
from clearway.ledger.order.local import LocalOrder
from clearway.ledger.order.model import Use, UseBatch
from clearway.ledger.order.port import wait_for
from clearway.ledger.order.tables import TABLES
from clearway.ledger.tables import METADATA

_NAMES = ("one", "two", "three", "four")
_BATCH = 256
_PATIENCE_S = 120.0


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of the embedded engine and, where the binary is, of four validators."""
    figures = [_embedded(1, quick=quick), _embedded(_BATCH, quick=quick)]
    try:
        binary = find_binary("")
    except InputError as error:
        say(f"[dim]left out: {error.detail}[/]")
        return figures
    with (
        tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder,
        Network(Path(folder), _NAMES, binary, os.urandom) as network,
    ):
        network.wait_ready()
        figures += _validators(network, quick=quick)
    return figures


def _embedded(batch: int, *, quick: bool) -> Figure:
    count = max(2_048, 64 * batch) if not quick else max(256, 8 * batch)
    count = min(count, 16_384) if batch > 1 else count // 4
    ours, theirs = in_turns(
        lambda: _local(count, batch), lambda: _raw(count, batch), turns=3 if quick else 5
    )
    note = f"{batch} uses a signed batch, one durable commit each"
    return Figure("order, embedded: uses/s", ours, "raw SQLite rows/s", theirs, note)


def _local(count: int, batch: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_writer(Path(folder) / "order.db")
        METADATA.create_all(engine, tables=list(TABLES))
        order = LocalOrder(engine, BatchSigner("bench", "one", os.urandom(32)))
        batches = [_batch(batch) for _ in range(count // batch)]

        def run() -> None:
            for each in batches:
                order.submit(each)

        found = rate(count, run)
        engine.dispose()
    return found


def _raw(count: int, batch: int) -> float:
    """Insert the same rows with a unique index and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        connection = pysqlite3.connect(str(Path(folder) / "raw.db"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE used (place INTEGER PRIMARY KEY, nullifier, holder)")
        connection.execute("CREATE UNIQUE INDEX used_once ON used (nullifier)")
        batches = [
            [(os.urandom(32), "holder") for _ in range(batch)] for _ in range(count // batch)
        ]

        def run() -> None:
            for rows in batches:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO used (nullifier, holder) VALUES (?, ?)", rows)
                connection.execute("COMMIT")

        found = rate(count, run)
        connection.close()
    return found


def _validators(network: Network, *, quick: bool) -> list[Figure]:
    latencies = [_one(network, place % 4) for place in range(10 if quick else 40)]
    batches = [_batch(_BATCH) for _ in range(16 if quick else 64)]
    uses_s = rate(len(batches) * _BATCH, lambda: _many(network, batches))
    network.validators[3].kill()
    one_dead = [_one(network, place % 3) for place in range(6 if quick else 20)]
    start = time.perf_counter()
    network.validators[3].start()
    network.wait_equal()
    caught_up = time.perf_counter() - start
    app, engine = _memory_mb(network.validators[0])
    four = "4 validators on this machine, no block while nothing waits"
    return [
        Figure("order, CometBFT: commit p50, s", percentile(latencies, 0.5), note=four),
        Figure("order, CometBFT: commit p95, s", percentile(latencies, 0.95), note=four),
        Figure("order, CometBFT: uses/s", uses_s, note=f"{_BATCH} uses a signed batch"),
        Figure("order, one of four killed: commit p50, s", percentile(one_dead, 0.5)),
        Figure("order, one of four killed: worst, s", max(one_dead)),
        Figure("order, catch-up after restart, s", caught_up, note="from start to equal app hash"),
        Figure("order, CometBFT: engine, MB", engine, note="resident, one validator"),
        Figure("order, CometBFT: application, MB", app, note="resident, one validator"),
    ]


def _one(network: Network, place: int) -> float:
    start = time.perf_counter()
    order = network.orders[place]
    wait_for(order, order.submit(_batch(1)), timeout_s=_PATIENCE_S)
    return time.perf_counter() - start


def _many(network: Network, batches: Sequence[UseBatch]) -> None:
    tickets = []
    for number, batch in enumerate(batches):
        order = network.orders[number % 4]
        while True:
            try:
                tickets.append((order, order.submit(batch)))
                break
            except TryLater:  # its pool is full: wait for a block
                time.sleep(0.1)
    for order, ticket in tickets:
        wait_for(order, ticket, timeout_s=_PATIENCE_S)


def _memory_mb(validator: Validator) -> tuple[float, float]:
    """Return resident megabytes of application and engine."""
    app, engine = (
        int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        for pid in validator.pids
    )
    return app, engine


def _batch(count: int) -> UseBatch:
    uses = tuple(Use(os.urandom(32), "0" * 64) for _ in range(count))
    return UseBatch(os.urandom(16), uses)
