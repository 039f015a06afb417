"""The two stores side by side, in turns: facts a second at four batch sizes, and declarations.

PostgreSQL is measured where the setting `database` names a server; the bench makes schemas of its
own there and deletes them. Beside the log on PostgreSQL stand bare rows by COPY and by executemany:
what the driver and the server allow without hashes, tree and signature.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection

from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.ledger import ORIGIN, SIGNER, commit, facts_from
from clearway.cli.bench.pairs import Figure, percentile
from clearway.ledger import schema, tables
from clearway.ledger.columns import to_microseconds
from clearway.ledger.database import Address, Server, open_aside, open_writer
from clearway.ledger.log import Log
from clearway.ledger.postgres import create_schema
from clearway.ledger.statement import run
from clearway.settings import Settings, load

_BATCHES = (1, 16, 256, 1_024)
_COLUMNS = ", ".join(tables.fact.columns.keys())
_INSERT = f"INSERT INTO fact ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"


def measure(*, quick: bool) -> list[Figure]:
    """Return facts/s and declarations/s on SQLite and, where there is a server, on PostgreSQL."""
    settings = load()
    figures = []
    for batch in _BATCHES:
        count = max(64, batch * (8 if quick else 16), 0 if quick else min(2_048, batch * 512))
        figures += _facts(settings, count, batch, turns=3 if quick else 5)
    return figures + _declarations(settings, 150 if quick else 1_000, turns=2 if quick else 3)


def _facts(settings: Settings, count: int, batch: int, *, turns: int) -> list[Figure]:
    ways: dict[str, Callable[[Connection, int, int], list[float]]] = {
        "log": _log,
        "executemany": _insert,
        "COPY": _copy,
    }
    rates: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for turn in range(turns):
        with _file() as connection:
            _note(rates, seconds, "file", count, _log(connection, count, batch))
        if settings.database:
            for name, way in ways.items():
                with _schema(settings, f"clearway_bench_{turn}") as connection:
                    _note(rates, seconds, name, count, way(connection, count, batch))
    what = f"stores: facts/s, {batch} a commit"
    if not settings.database:
        return [Figure(what, median(rates["file"]), note="SQLite; no setting database")]
    times = ", ".join(
        f"{label} p50 {percentile(seconds[key], 0.5) * 1e3:.2f} p99"
        f" {percentile(seconds[key], 0.99) * 1e3:.2f} ms"
        for label, key in (("SQLite", "file"), ("PostgreSQL", "log"))
    )
    figures = [
        Figure(what, median(rates["log"]), "SQLite", median(rates["file"]), f"a commit: {times}")
    ]
    for name in ("executemany", "COPY"):
        figures.append(Figure(what, median(rates["log"]), f"rows by {name}", median(rates[name])))
    return figures


def _note(
    rates: dict[str, list[float]],
    seconds: dict[str, list[float]],
    name: str,
    count: int,
    took: list[float],
) -> None:
    rates.setdefault(name, []).append(count / sum(took))
    seconds.setdefault(name, []).extend(took)


@contextmanager
def _opened(address: Address) -> Iterator[Connection]:
    engine = open_writer(address)
    try:
        with engine.connect() as connection:
            with connection.begin():
                schema.prepare(connection)
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _file() -> Iterator[Connection]:
    with (
        tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder,
        _opened(Path(folder) / "log.db") as connection,
    ):
        yield connection


@contextmanager
def _schema(settings: Settings, name: str) -> Iterator[Connection]:
    server = Server(settings.database, name, settings.database_passfile)
    create_schema(server)
    try:
        with _opened(server) as connection:
            yield connection
    finally:
        _drop(server)


def _drop(server: Server) -> None:
    engine = open_aside(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {server.schema} CASCADE")
    engine.dispose()


def _log(connection: Connection, count: int, batch: int) -> list[float]:
    log = Log(ORIGIN, SIGNER)
    batches = [facts_from(first, batch) for first in range(0, count, batch)]
    return [commit(connection, log, facts) for facts in batches]


def _rows(first: int, count: int) -> list[tuple[Any, ...]]:
    return [
        (
            *(fact.seq, fact.type, fact.subject, fact.issuer, fact.actor),
            *(to_microseconds(fact.occurred_at), to_microseconds(fact.recorded_at)),
            *(fact.body, fact.form, os.urandom(32), os.urandom(32)),
        )
        for fact in facts_from(first, count)
    ]


def _insert(connection: Connection, count: int, batch: int) -> list[float]:
    seconds = []
    for first in range(0, count, batch):
        rows = _rows(first, batch)
        begun = time.perf_counter()
        with connection.begin():
            run(connection, _INSERT, rows)
        seconds.append(time.perf_counter() - begun)
    return seconds


def _copy(connection: Connection, count: int, batch: int) -> list[float]:
    seconds = []
    driver: Any = connection.connection.dbapi_connection
    for first in range(0, count, batch):
        rows = _rows(first, batch)
        begun = time.perf_counter()
        with driver.cursor() as cursor:
            with cursor.copy(f"COPY fact ({_COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            driver.commit()
        seconds.append(time.perf_counter() - begun)
    return seconds


def _declarations(settings: Settings, count: int, *, turns: int) -> list[Figure]:
    from clearway.cli.bench.declarations import lodge_many
    from clearway.cli.bench.messages import Lodgements, day_of_declarations

    day = day_of_declarations()
    now = day.begins_at + timedelta(hours=12)
    plain = Settings(lane_limit=10_000, waiting_limit=100_000)
    rates: dict[str, list[float]] = {}
    took: dict[str, list[float]] = {}
    for turn in range(turns):
        chosen = {"SQLite": plain}
        if settings.database:
            chosen["PostgreSQL"] = replace(
                plain,
                database=settings.database,
                database_passfile=settings.database_passfile,
                database_schema=f"clearway_bench_node_{turn}",
            )
        for name, each in chosen.items():
            with temporary_node(clock=lambda: now, settings=each) as node:
                rate, seconds = lodge_many(node, day, Lodgements(day), count)
            rates.setdefault(name, []).append(rate)
            took.setdefault(name, []).extend(seconds)
            if each.database:
                _drop(Server(each.database, each.database_schema, each.database_passfile))
    last = list(rates)[-1]
    note = "; ".join(
        f"{name} p50 {percentile(found, 0.5) * 1e3:.1f} p99 {percentile(found, 0.99) * 1e3:.1f} ms"
        for name, found in took.items()
    )
    what = f"stores: declarations/s, {last}"
    return [Figure(what, median(rates[last]), "SQLite", median(rates["SQLite"]), note)]
