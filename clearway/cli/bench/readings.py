"""Readings per second, read from JSON, judged, committed; beside raw inserts of the same values."""

from __future__ import annotations

import math
import tempfile
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pysqlite3

from clearway.cli.bench.house import OFFICER, temporary_node
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns, rate
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.formats import json
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act
from clearway.terms.transport import ContainerNumber

_PER_BATCH = 50
_START = datetime(2026, 3, 2, tzinfo=UTC)
_NOW = _START + timedelta(days=30)


def measure(*, quick: bool) -> list[Figure]:
    """Return readings/s stored through the whole path, beside raw SQLite."""
    batches = 200 if quick else 1_000
    messages = [_message(number) for number in range(batches)]
    spent = 0.0

    def ours() -> float:
        nonlocal spent
        before = cpu_s()
        found = _ours(messages)
        spent = (cpu_s() - before) / (batches * _PER_BATCH)
        return found

    mine, raw = in_turns(ours, lambda: _raw(messages), turns=3)
    note = f"{_PER_BATCH} a batch, {spent * 1e6:.0f} us CPU each, shelf life and alarms computed"
    return [Figure("readings stored/s", mine, "raw SQLite rows/s", raw, note)]


def _container(number: int) -> ContainerNumber:
    return ContainerNumber.build(f"CWYU{number % 20:06d}")


def _message(number: int) -> bytes:
    """Return a batch of one of 20 reefers, ten minutes between readings, mild weather."""
    reefer, part = number % 20, number // 20
    first = part * _PER_BATCH
    readings = tuple(
        Reading(
            seq=seq,
            at=_START + timedelta(minutes=10 * seq),
            supply_c=0.1 + 0.3 * math.sin(seq / 7),
            return_c=0.6 + 0.3 * math.sin(seq / 7 - 1),
            ambient_c=18.0,
            powered=True,
            door_open=False,
            set_point_c=0.0,
        )
        for seq in range(first, first + _PER_BATCH)
    )
    return json.write(Batch(f"logger-{reefer}", _container(reefer), "1", readings))


def _ours(messages: list[bytes]) -> float:
    with temporary_node(clock=lambda: _NOW) as node:
        for reefer in range(20):
            journey = Journey(_container(reefer), "salmon", _START, 0.0)
            node.act(OFFICER, lambda act, journey=journey: start_journey(act, journey)).result()  # type: ignore[misc]
        devices = [_device(reefer) for reefer in range(20)]

        def store() -> None:
            waiting: list[Future[Any]] = []
            for number, message in enumerate(messages):
                batch, _ = json.read(message)
                waiting.append(node.act(devices[number % 20], _recording(batch)))
                if len(waiting) >= 256:
                    waiting.pop(0).result()
            for future in waiting:
                future.result()

        return rate(len(messages) * _PER_BATCH, store)


def _recording(batch: Batch) -> Any:
    def record(act: Act) -> object:
        return record_readings(act, batch)

    return record


def _device(reefer: int) -> Actor:
    return Actor(
        ActorKind.DEVICE, f"logger-{reefer}", "customs", frozenset({Role.DEVICE}), party=None
    )


def _raw(messages: list[bytes]) -> float:
    """Insert the decoded values, 50 a commit, synchronous=FULL: no dedupe, no judgement, no log."""
    rows = [
        (batch.device, one.seq, str(one.at), one.supply_c, one.return_c, one.ambient_c)
        for batch in (json.read(message)[0] for message in messages)
        for one in batch.readings
    ]
    with tempfile.TemporaryDirectory() as folder:
        connection = pysqlite3.connect(str(Path(folder) / "raw.db"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE reading (d, s, t, a, b, c, PRIMARY KEY (d, s))")

        def store() -> None:
            for first in range(0, len(rows), _PER_BATCH):
                connection.execute("BEGIN")
                connection.executemany(
                    "INSERT INTO reading VALUES (?,?,?,?,?,?)", rows[first : first + _PER_BATCH]
                )
                connection.execute("COMMIT")

        found = rate(len(rows), store)
        connection.close()
    return found
