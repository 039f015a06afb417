"""Devices over mutual TLS, through each broker as the node configures it, committed before PUBACK.

Beside the node's own consumer stands paho-mqtt with the same broker, the same generator and a sink
that answers at once: what a library would leave of the time. Generator, broker and node share this
machine.
"""

from __future__ import annotations

import getpass
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from clearway.cli.bench.coldchain_generator import container_of
from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.mqtt_generator import GO, READY
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns
from clearway.connectors.mqtt import topics
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.formats import mosquitto
from clearway.connectors.mqtt.link import Address, context
from clearway.connectors.mqtt.model import Incoming
from clearway.connectors.mqtt.servers import Mosquitto, free_port
from clearway.errors import TryLater
from clearway.identity import device_certificates as certificates
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node import device_authority
from clearway.node.clock import utc_now
from clearway.node.devices_broker import EMBEDDED, MOSQUITTO
from clearway.node.devices_intake import DevicesIntake
from clearway.node.node import Node
from clearway.settings import Settings

_DEVICES: Final = 8
_PATIENCE_S: Final = 120.0
_OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))


def measure(*, quick: bool) -> list[Figure]:
    """Return rates of both brokers as configured, and of our consumer beside paho's."""
    share = 4 if quick else 1
    figures = [
        _committed(kind, messages // share, per)
        for kind, per, messages in (
            (MOSQUITTO, 1, 40_000),
            (MOSQUITTO, 50, 8_000),
            (EMBEDDED, 1, 8_000),
            (EMBEDDED, 50, 4_000),
        )
    ]
    return [*figures, _beside_paho(40_000 // share, turns=1 if quick else 3)]


def _committed(kind: str, messages: int, per: int) -> Figure:
    """Return readings a second from the first publish to the last commit, through a whole node."""
    with _serving(kind) as (intake, place):
        counters, before = intake.consumer.counters, cpu_s()
        found = per * _rate(place, messages, per, lambda: counters.committed)
        spent = (cpu_s() - before) / messages
        if counters.refused:
            raise TryLater(f"{counters.refused} messages of the bench were refused")
    what = "single readings/s by mTLS" if per == 1 else f"readings/s by mTLS, {per} a message"
    name = "nats-server, each written through" if kind == EMBEDDED else "mosquitto, log read"
    return Figure(what, found, note=f"{name}, {spent * 1e6:.0f} us of the node's CPU a message")


def _beside_paho(messages: int, *, turns: int) -> Figure:
    """Return messages a second of our consumer and of paho's, with a sink that answers at once."""

    def ours() -> float:
        with _broker() as (place, sink), _consumer(place, sink):
            return _rate(place, messages, 1, lambda: sink.count)

    def theirs() -> float:
        with _broker() as (place, sink), _paho(place, sink):
            return _rate(place, messages, 1, lambda: sink.count)

    mine, library = in_turns(ours, theirs, turns=turns)
    note = "mosquitto, mutual TLS, nothing stored: the consumer alone"
    return Figure("messages/s, our consumer", mine, "paho-mqtt", library, note)


@dataclass(frozen=True, slots=True)
class _Place:
    """A broker's port; the certificates of devices; those of the consumer."""

    port: int
    devices: Path
    consumer: tuple[Path, Path]


class _AtOnce:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.count = 0

    def submit_all(self, lane: str, messages: Sequence[Incoming]) -> Future[Any]:
        """Answer at once."""
        future: Future[Any] = Future()
        future.set_result([_Nothing(message.device) for message in messages])
        self.count += len(messages)
        return future


class _Nothing:
    """A receipt of nothing."""

    __slots__ = ("boot_id", "committed_seq", "device")

    def __init__(self, device: str) -> None:
        self.device, self.boot_id, self.committed_seq = device, "1", -1


@contextmanager
def _serving(kind: str) -> Iterator[tuple[DevicesIntake, _Place]]:
    """Give the intake of a node with a broker of its own and some devices."""
    settings = replace(Settings(), broker=kind, broker_port=0)
    with temporary_node(clock=utc_now, settings=settings) as node:
        devices = _enrolled(node)
        with DevicesIntake(node) as intake:
            if intake.server is None or not intake.consumer.wait_ready(_PATIENCE_S):
                raise TryLater("The broker of the bench does not take the consumer in")
            yield intake, _Place(intake.server.port, devices, _consumer_files(node))


@contextmanager
def _broker() -> Iterator[tuple[_Place, _AtOnce]]:
    """Give a mosquitto that nobody reads from, and a sink."""
    with temporary_node(clock=utc_now) as node:
        place = _Place(free_port(), _enrolled(node), _consumer_files(node))
        folder, files = node.folder.root / "broker", (place.devices / "ca.pem", *_shown(node))
        broker = mosquitto.Broker("127.0.0.1", place.port, folder, *files, getpass.getuser())
        with Mosquitto(broker, [f"logger-{number}" for number in range(_DEVICES)]):
            yield place, _AtOnce()


def _shown(node: Node) -> tuple[Path, Path]:
    authority = device_authority.open_device_authority(
        node.folder, "bench", node.entropy, node.wall()
    )
    return device_authority.broker_files(
        node.folder, authority, ["localhost"], node.entropy, node.wall()
    )


def _consumer_files(node: Node) -> tuple[Path, Path]:
    authority = device_authority.open_device_authority(
        node.folder, "bench", node.entropy, node.wall()
    )
    return device_authority.consumer_files(
        node.folder, authority, topics.CONSUMER, node.entropy, node.wall()
    )


def _enrolled(node: Node) -> Path:
    """Enrol devices and return the folder of their files."""
    folder = node.folder.root.parent / "devices"
    folder.mkdir()
    authority = device_authority.open_device_authority(
        node.folder, "bench", node.entropy, node.wall()
    )
    (folder / "ca.pem").write_text(authority.certificate, encoding="ascii")
    for number in range(_DEVICES):
        name, key = f"logger-{number}", ec.generate_private_key(ec.SECP256R1())
        issued = certificates.issue_client(
            name, certificates.spki(key.public_key()), authority, node.entropy(16), node.wall()
        )
        (folder / f"{name}.pem").write_text(issued.pem, encoding="ascii")
        (folder / f"{name}.key").write_bytes(certificates.private_pem(key))
        enrolled = partial(enrol_device, device=name, container=container_of(number))
        node.act(_OWNER, enrolled).result(_PATIENCE_S)
        node.act(_OWNER, partial(certify_device, issued=issued)).result(_PATIENCE_S)
    return folder


def _rate(place: _Place, messages: int, per: int, count: Callable[[], int]) -> float:
    """Return messages a second, from the first publish to the last that was counted."""
    command = [sys.executable, "-m", "clearway.cli.bench.mqtt_generator", str(place.port)]
    process = subprocess.Popen(
        [*command, str(place.devices), str(messages), str(per)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        if process.stdout is None or process.stdout.readline() != READY:
            raise TryLater("The generator of the bench does not start")
        began = time.perf_counter()
        process.communicate(GO, timeout=_PATIENCE_S)
        while count() < messages:
            if time.perf_counter() - began > _PATIENCE_S:
                raise TryLater("The bench waited in vain for its messages")
            time.sleep(0.002)
        return messages / (time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()


@contextmanager
def _consumer(place: _Place, sink: _AtOnce) -> Iterator[None]:
    """Take the messages with our consumer."""
    address = Address("127.0.0.1", place.port, "localhost")
    tls = context(place.devices / "ca.pem", *place.consumer)
    with Consumer(
        [address], tls, sink, client_id="bench", version=5, clock=utc_now, draw=lambda: 0.5
    ) as consumer:
        if not consumer.wait_ready(_PATIENCE_S):
            raise TryLater("The broker of the bench does not take the consumer in")
        yield


@contextmanager
def _paho(place: _Place, sink: _AtOnce) -> Iterator[None]:
    """Take the messages with paho-mqtt, each acknowledged when the sink has answered."""
    ready = threading.Event()
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id="bench",
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=True,
    )
    certificate, key = map(str, place.consumer)
    client.tls_set(str(place.devices / "ca.pem"), certificate, key)

    def heard(_: Any, __: Any, message: paho.MQTTMessage) -> None:
        found = topics.read(message.topic.encode())
        if found is not None:
            incoming = Incoming(found[0], bytes(message.payload), found[1], utc_now())
            answered = sink.submit_all("bench", [incoming])
            answered.add_done_callback(lambda _: client.ack(message.mid, message.qos))

    def connected(*_: Any) -> None:
        client.subscribe([(each, 1) for each in topics.FILTERS])

    def granted(*_: Any) -> None:
        ready.set()

    client.on_message = heard
    client.on_subscribe = granted
    client.on_connect = connected
    client.connect("localhost", place.port)
    client.loop_start()
    try:
        if not ready.wait(_PATIENCE_S):
            raise TryLater("The broker of the bench does not take the library in")
        yield
    finally:
        client.disconnect()
        client.loop_stop()
