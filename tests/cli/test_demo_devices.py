"""The demo's devices send over MQTT to a real broker, and the day goes on without one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from clearway.api.app import build_api
from clearway.cli.demo_devices import devices_of
from clearway.cli.world import admit
from clearway.coldchain import tables
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.simulator.day import Day, simulate
from clearway.simulator.diary import Diary
from clearway.simulator.enrolled import enrolled
from clearway.simulator.replay import Pace, replay
from clearway.simulator.world import build


@pytest.fixture(scope="module")
def day() -> Day:
    return simulate(build(3), date(2026, 7, 16), 30, send_every=12)


@contextmanager
def opened(day: Day, folder: Path, broker_path: str = "") -> Iterator[tuple[Node, SteppedClock]]:
    settings = replace(
        Settings(),
        data_directory=folder / "node",
        broker="embedded",
        broker_port=0,
        broker_path=broker_path,
    )
    entropy = seeded_entropy(1)
    create(settings, entropy)
    clock = SteppedClock(day.events[0].at)
    with Node.open(settings, clock=clock, entropy=entropy) as node:
        yield node, clock


def play(day: Day, folder: Path, told: list[str], broker_path: str = "") -> Diary:
    async def go(node: Node, tokens: dict[str, str], clock: SteppedClock) -> Diary:
        transport = httpx.ASGITransport(build_api(node))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await replay(
                day, http, tokens, set_clock=clock.move_to,
                pace=Pace(tick=timedelta(minutes=30), at_once=1), devices=devices,
            )  # fmt: skip

    with (
        opened(day, folder, broker_path) as (node, clock),
        devices_of(node, day, folder / "devices", told.append) as devices,
    ):
        diary = asyncio.run(go(node, admit(node, day), clock))
        with node.reading() as connection:
            for box, name in enrolled(day).items():
                readings = tables.get_readings(connection, box)
                assert readings, name
                assert broker_path != "" or [r.seq for r in readings] == list(range(len(readings)))
    return diary


def test_devices_send_over_the_nodes_broker_and_the_alarms_are_the_same_twice(
    day: Day, tmp_path: Path
) -> None:
    told: list[str] = []
    first, second = (play(day, tmp_path / name, told) for name in "ab")
    if first.sent.devices == 0:
        pytest.skip(told[0])
    assert "mutual TLS" in told[0]
    assert first.sent.devices == len(enrolled(day))
    assert first.sent.readings > 0
    assert (first.sent.waiting, first.sent.refused) == (0, 0)
    assert (first.mrns.keys(), first.repairs) == (second.mrns.keys(), second.repairs)
    assert said(first) == said(second)
    for one in (first, second):
        assert {task.container for task in one.tasks} >= one.repairs.keys()


def said(diary: Diary) -> list[tuple[str, str, str, datetime]]:
    """Return alarms without their place in the log: which batches share a commit is chance."""
    return sorted((one.container, one.kind, one.level, one.at) for one in diary.alarms)


def test_without_a_broker_all_readings_come_over_http_and_one_line_says_so(
    day: Day, tmp_path: Path
) -> None:
    told: list[str] = []
    diary = play(day, tmp_path, told, broker_path=str(tmp_path / "nats-server"))
    (line,) = told
    assert line.startswith("No broker, so all readings come over HTTP: There is no nats-server")
    assert diary.sent.devices == 0
    assert diary.posted.total() > 0
