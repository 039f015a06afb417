"""Broker and node are killed with SIGKILL while devices send: nothing told is lost, none doubled.

Devices keep their readings until they are told that these are durable, as the page
docs/design/devices-mqtt.md asks. With a million readings and twenty kills:

    CLEARWAY_READINGS=1000000 pytest tests/faults/test_broker_and_kill.py
"""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.coldchain.formats import json as wire
from clearway.coldchain.model import Batch, Reading
from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.servers import Mosquitto, NatsServer, Server, free_port
from clearway.errors import InputError
from clearway.ledger.database import open_reader
from clearway.ledger.verify import verify_store
from clearway.node import device_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber
from tests.node.enrolled import enrol

from .fleet import Sender
from .test_readings_and_kill import on_record

CHILD = Path(__file__).with_name("broker_child.py")
DEVICES = 20
WANTED = int(os.environ.get("CLEARWAY_READINGS", "20000"))
KILLS = 4 if WANTED < 100_000 else 20
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=390)

BOXES = {f"reefer-{i}": ContainerNumber.build(f"CWYU{i:06d}") for i in range(DEVICES)}


def messages_of(device: str) -> Callable[[int, int], bytes]:
    """Return what makes a device's messages; the same readings each time."""
    shift = int(device.removeprefix("reefer-"))

    def message(first: int, count: int) -> bytes:
        readings = tuple(
            Reading(
                seq,
                START + timedelta(minutes=seq),
                supply_c=(seq * 7 + shift) % 40 / 10,
                return_c=(seq * 3 + shift) % 50 / 10,
                powered=True,
            )
            for seq in range(first, first + count)
        )
        return wire.write(Batch(device, BOXES[device], "b1", readings))

    return message


@dataclass
class Post:
    """A border post: a node's folder, a broker, devices' certificates."""

    settings: Settings
    server: Server
    files: dict[str, tuple[Path, Path]]
    closing: ExitStack
    child: subprocess.Popen[bytes] | None = None

    def start_node(self, *options: str) -> None:
        """Start the process of the node, and wait until it is open."""
        address = f"mqtts://localhost:{self.server.port}"
        self.child = subprocess.Popen(
            [sys.executable, str(CHILD), str(self.settings.data_directory), address, *options],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        self.closing.callback(self.kill_node)
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == b"ready\n"

    def kill_node(self) -> None:
        """End the process as `kill -9` does: consumer and store in one."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            assert self.child.stdout is not None
            self.child.stdout.close()
            self.child = None

    def senders(self, readings: int) -> list[Sender]:
        """Return connected devices with so many readings each."""
        ca = device_authority.authority_certificate(Folder.of(self.settings))
        made = [
            Sender(name, readings - 1, messages_of(name), self.server.port, files, ca)
            for name, files in self.files.items()
        ]
        for end in (Sender.join, Sender.leave):  # the last one that is named here goes first
            for sender in made:
                self.closing.callback(end, sender)
        return made

    def judge(self, told: dict[str, int]) -> tuple[Counter[tuple[str, int]], int, int]:
        """Return what is on record, and how much of what was told is lost, or there twice."""
        folder = Folder.of(self.settings)
        signer = folder.signer()
        engine = open_reader(folder.store)
        with engine.begin() as connection:
            report = verify_store(connection, signer.name, [signer.verifier])
            assert report.holds, report.faults
            found = on_record(connection)
        engine.dispose()
        lost = sum(
            (device.removeprefix("reefer-"), seq) not in found
            for device, last in told.items()
            for seq in range(last + 1)
        )
        return found, lost, sum(times > 1 for times in found.values())


def _server(kind: str, folder: Path, node: Node) -> Server:
    authority = device_authority.open_device_authority(node.folder, "c", entropy, utc_now())
    files = (
        device_authority.authority_certificate(node.folder),
        *device_authority.broker_files(node.folder, authority, ["localhost"], entropy, utc_now()),
    )
    if kind == "nats":
        made = nats.Broker("n1", "127.0.0.1", free_port(), free_port(), folder, *files)
        return NatsServer(made, BOXES)
    user = getpass.getuser()
    return Mosquitto(mosquitto.Broker("127.0.0.1", free_port(), folder, *files, user), BOXES)


@pytest.fixture(params=["nats", "mosquitto"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    settings = Settings(data_directory=tmp_path / "node")
    create(settings, entropy)
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        files = enrol(node, tmp_path / "devices", BOXES)
        try:
            server = _server(request.param, tmp_path / "broker", node)
        except InputError as error:
            pytest.skip(error.detail)
    with ExitStack() as closing, server:
        yield Post(settings, server, files, closing)


def _all_durable(senders: list[Sender]) -> bool:
    """Let every device send, and return whether all is durable."""
    ended = [sender.step() for sender in senders]
    return all(ended)


def _kill(post: Post, turn: int) -> None:
    """Kill the broker, the node, or both, and start them again."""
    if turn % 3 != 1:
        post.server.kill()
    if turn % 3 != 0:
        post.kill_node()
        post.start_node()
    if turn % 3 != 1:
        post.server.start()


@pytest.mark.slow
def test_broker_and_node_are_killed_and_nothing_told_is_lost_or_doubled(post: Post) -> None:
    post.start_node()
    each = WANTED // DEVICES
    senders = post.senders(each)
    kills, until = 0, time.monotonic() + 60 + WANTED / 1_000
    while not _all_durable(senders):
        assert time.monotonic() < until, [sender.durable for sender in senders]
        time.sleep(0.005)
        done = sum(sender.durable + 1 for sender in senders)
        if kills < KILLS and done > WANTED * (kills + 0.5) / (KILLS + 0.5):
            _kill(post, kills)
            kills += 1
    assert kills == KILLS
    post.kill_node()
    found, lost, doubled = post.judge({sender.name: sender.durable for sender in senders})
    assert (lost, doubled) == (0, 0)
    assert len(found) == each * DEVICES


@pytest.mark.slow
def test_a_consumer_that_acknowledges_before_the_commit_is_caught(post: Post) -> None:
    post.start_node("early")
    senders = post.senders(400)
    until = time.monotonic() + 60
    while sum(sender.durable + 1 for sender in senders) < 400 * DEVICES / 2:
        assert time.monotonic() < until
        _all_durable(senders)
        time.sleep(0.005)
    post.kill_node()
    _, lost, _ = post.judge({sender.name: sender.durable for sender in senders})
    assert lost > 0
