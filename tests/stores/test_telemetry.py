"""Devices' readings on both engines: the same answers, the same tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.coldchain import tables
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.formats import json
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import digest, rebuild
from clearway.node.rooms import projection_tables, projections
from clearway.node.telemetry import Incoming
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber
from tests.postgres import Cluster

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(days=30)
WORKER = Actor(ActorKind.SYSTEM, "test", "customs", frozenset({Role.WORKER}))
BOX = ContainerNumber.build("CWYU000001")
COLD = ("cold_unit", "cold_batch", "cold_waiting", "cold_position", "cold_snapshot", "cold_alarm")


@pytest.fixture
def settings(
    engine_name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    if engine_name == "sqlite":
        yield Settings(data_directory=tmp_path / "node")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    yield Settings(
        data_directory=tmp_path / "node", database=cluster.url, database_schema="telemetry"
    )
    cluster.drop("telemetry")


def message(device: int, first: int, count: int) -> Incoming:
    readings = tuple(
        Reading(seq, START + timedelta(minutes=10 * seq), 0.1, 0.5 + seq % 3, powered=seq % 50 > 9)
        for seq in range(first, first + count)
    )
    batch = Batch(f"reefer-{device}", BOX, "1", readings)
    return Incoming(f"reefer-{device}", json.write(batch), "json", NOW)


def followed(node: Node) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with node.reading() as connection:
            if not tables.count_waiting(connection):
                return
        time.sleep(0.01)
    raise AssertionError("readings wait and nobody follows them")


@pytest.mark.slow
def test_readings_come_in_once_and_are_followed(settings: Settings) -> None:
    create(settings, entropy)
    with Node.open(settings, clock=SteppedClock(NOW), entropy=entropy) as node:
        node.act(WORKER, lambda act: start_journey(act, Journey(BOX, "salmon", START))).result(20)
        # Two hundred and more devices: more than one statement asks for.
        sent = [message(device, 0, 3) for device in range(250)]
        assert all(a.recorded == 3 for a in node.telemetry.submit_all("a", sent).result(30))
        for first in (40, 0, 20, 20):
            answer = node.telemetry.submit(message(1, first, 20)).result(30)
        assert (answer.committed_seq, answer.repeated) == (59, 20)
        followed(node)
        assert node.archiving.archive(NOW) is False
        readings = node.archiving.readings(BOX, since=START, until=NOW)
        assert len(readings) == 250 * 3 + 57
        with node.reading() as connection:
            unit = tables.get_unit(connection, BOX)
            before = {t.name: digest(connection, t) for t in projection_tables() if t.name in COLD}
        assert unit.readings == len(readings) and unit.life is not None
    engine = open_writer(node.folder.store)
    with engine.begin() as connection:
        assert rebuild(connection, projections(), projection_tables()).changed == ()
        after = {t.name: digest(connection, t) for t in projection_tables() if t.name in COLD}
    engine.dispose()
    assert after == before and len(before) == len(COLD)
