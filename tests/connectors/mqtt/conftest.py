"""Real brokers on the loopback, certificates of a real authority, devices that paho speaks for."""

from __future__ import annotations

import getpass
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from clearway.connectors.mqtt import link, topics
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import Bounds, Incoming
from clearway.connectors.mqtt.servers import Mosquitto, NatsServer, Server, free_port
from clearway.errors import InputError, TryLater
from clearway.identity import device_certificates as certificates

PATIENCE_S = 20.0


def until(what: Callable[[], Any], seconds: float = PATIENCE_S, pause: float = 0.01) -> Any:
    """Return what a call returns once that is true. Raises: AssertionError: never in that time."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(pause)
    return found


class Pki:
    """An authority of devices and the files of everybody that it issued to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.now = datetime.now(UTC)
        self._serials = count(1)
        self._clients = 0
        key = ec.generate_private_key(ec.SECP256R1())
        self.authority = certificates.make_authority("devices", key, self._serial(), self.now)
        self.ca = folder / "ca.pem"
        self.ca.write_text(self.authority.certificate)

    def _serial(self) -> bytes:
        return hashlib.sha256(b"%d" % next(self._serials)).digest()[:16]

    def client(self, name: str, *, at: datetime | None = None) -> tuple[Path, Path]:
        """Return certificate and key of a device or service."""
        key = ec.generate_private_key(ec.SECP256R1())
        spki = certificates.spki(key.public_key())
        issued = certificates.issue_client(
            name, spki, self.authority, self._serial(), at or self.now, timedelta(days=2)
        )
        self._clients += 1
        return self._files(f"{name}-{self._clients}", issued.pem, key)

    def write_revoked(self, *revoked: Path) -> Path:
        """Write the list of revoked certificates."""
        serials = [(certificates.read(path.read_text()).serial, self.now) for path in revoked]
        listed = certificates.revocation_list(self.authority, serials, len(serials), self.now)
        path = self.folder / "ca.crl"
        path.write_text(listed)
        return path

    def server(self) -> tuple[Path, Path]:
        """Return certificate and key of a broker on the loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        spki = certificates.spki(key.public_key())
        hosts = ["localhost", "127.0.0.1"]
        issued = certificates.issue_server(hosts, spki, self.authority, self._serial(), self.now)
        return self._files("broker", issued.pem, key)

    def _files(self, name: str, pem: str, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_text(pem)
        paths[1].write_bytes(certificates.private_pem(key))
        return paths


@dataclass(frozen=True)
class Acknowledged:
    """What a sink answers."""

    device: str
    boot_id: str
    committed_seq: int


@dataclass
class Records:
    """A sink that commits when it is told to: at once, or when the test says so."""

    holds: bool = False
    failing: dict[bytes, BaseException] = field(default_factory=dict)
    busy: int = 0
    messages: list[Incoming] = field(default_factory=list)
    open: list[tuple[Sequence[Incoming], Future[Any]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit_all(self, lane: str, messages: Sequence[Incoming]) -> Future[Any]:
        """Take messages."""
        with self._lock:
            if self.busy:
                self.busy -= 1
                raise TryLater("busy")
            future: Future[Any] = Future()
            self.messages += messages
            self.open.append((messages, future))
        if not self.holds:
            self.commit()
        return future

    def commit(self) -> None:
        """Answer all that waits."""
        with self._lock:
            waiting, self.open = self.open, []
        for messages, future in waiting:
            answers = [self._answer(message) for message in messages]
            strange = [one for one in answers if isinstance(one, ValueError)]
            if strange:  # what the sink did not foresee takes all that came together with it
                future.set_exception(strange[0])
            else:
                future.set_result(answers)

    def _answer(self, message: Incoming) -> Acknowledged | BaseException:
        error = self.failing.get(message.payload)
        return error or Acknowledged(message.device, "boot", len(self.messages) - 1)

    @property
    def payloads(self) -> list[bytes]:
        """What came, in order."""
        return [message.payload for message in self.messages]


class Device:
    """A device that paho speaks for."""

    def __init__(
        self,
        name: str,
        port: int,
        files: tuple[Path, Path] | None,
        ca: Path,
        *,
        version: int,
        client_id: str = "",
        keeps: bool = False,
    ) -> None:
        self.name = name
        self.got: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.acked: dict[int, int] = {}
        self.granted: list[int] = []
        self.connected: list[bool] = []
        self.lost = 0
        five = version == 5
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or name,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else not keeps,
            reconnect_on_failure=False,
        )
        if files is None:
            self._client.tls_set(str(ca))
        else:
            self._client.tls_set(str(ca), str(files[0]), str(files[1]))
        self._client.on_connect = lambda c, u, f, rc, p: self.connected.append(not rc.is_failure)
        self._client.on_disconnect = lambda c, u, f, rc, p: self._lost()
        self._client.on_message = lambda c, u, m: self.got.put((m.topic, m.payload))
        self._client.on_publish = lambda c, u, mid, rc, p: self.acked.update({mid: rc.value})
        self._client.on_subscribe = lambda c, u, mid, rcs, p: self.granted.extend(
            rc.value for rc in rcs
        )
        options: dict[str, Any] = {}
        if five:
            options["properties"] = Properties(PacketTypes.CONNECT)
            options["properties"].SessionExpiryInterval = 600 if keeps else 0
            options["clean_start"] = not keeps
        self._client.connect("localhost", port, keepalive=20, **options)
        self._client.loop_start()

    def _lost(self) -> None:
        self.lost += 1

    def up(self) -> Device:
        """Wait until the broker took us in."""
        assert until(lambda: self.connected)[0], "the broker does not take the device in"
        return self

    def subscribe(self, topic: str) -> int:
        """Subscribe and return what the broker granted."""
        before = len(self.granted)
        self._client.subscribe(topic, 1)
        until(lambda: len(self.granted) > before)
        return self.granted[-1]

    def publish(self, payload: bytes, topic: str = "", *, retain: bool = False) -> int:
        """Publish under the device's own topic; return the packet id."""
        topic = topic or topics.published(self.name, "readings")
        return self._client.publish(topic, payload, 1, retain=retain).mid

    def say(self, payload: bytes, topic: str = "") -> int:
        """Publish, wait for the broker's PUBACK, and return its reason code."""
        number = self.publish(payload, topic)
        until(lambda: number in self.acked)
        return self.acked[number]

    def hear(self, seconds: float = PATIENCE_S) -> tuple[str, bytes]:
        """Return the next message that comes."""
        return self.got.get(timeout=seconds)

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class World:
    """A broker, its authority, and how to connect to it.

    Args:
        version: of MQTT that devices and consumer speak.
        binds_sessions: a session belongs to a certificate, whatever client id is given.
        forgets_when_killed: what the broker acknowledged and did not deliver is lost by kill -9.
    """

    pki: Pki
    server: Server
    version: int
    binds_sessions: bool
    forgets_when_killed: bool
    files: dict[str, tuple[Path, Path]]
    closing: ExitStack

    def device(self, name: str = "reefer-1", **options: Any) -> Device:
        """Return a connected device."""
        files = options.pop("files", self.files.get(name))
        made = Device(name, self.server.port, files, self.pki.ca, version=self.version, **options)
        self.closing.callback(made.close)
        return made

    def revoke(self, key: tuple[Path, Path], files: dict[str, tuple[Path, Path]]) -> None:
        """Let one key count no more; `files` are those that do."""
        self.pki.write_revoked(key[0])
        keys = {
            name: [certificates.key_name(certificates.read(certificate.read_text()).public_key)]
            for name, (certificate, _) in files.items()
        }
        self.server.reload(self.server.devices, keys)

    def consumer(self, sink: Any, **options: Any) -> Consumer:
        """Return a consumer that is not started."""
        settings: dict[str, Any] = {
            "client_id": "consumer-7f3a",
            "version": self.version,
            "clock": lambda: datetime.now(UTC),
            "draw": lambda: 0.5,
            "bounds": Bounds(first_wait_s=0.05, longest_wait_s=0.5),
        }
        tls = link.context(self.pki.ca, *self.files[topics.CONSUMER])
        address = Address("127.0.0.1", self.server.port, "localhost")
        return Consumer([address], tls, sink, **(settings | options))

    def running(self, sink: Any, **options: Any) -> Consumer:
        """Return a consumer that takes messages in."""
        made = self.closing.enter_context(self.consumer(sink, **options))
        assert made.wait_ready(PATIENCE_S)
        return made


DEVICES = ("reefer-1", "reefer-2")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """One authority for all tests."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def files(pki: Pki) -> dict[str, tuple[Path, Path]]:
    """Certificates and keys of two devices and of the consumer."""
    return {name: pki.client(name) for name in (*DEVICES, topics.CONSUMER)}


def nats_server(folder: Path, pki: Pki, devices: tuple[str, ...] = DEVICES) -> NatsServer:
    """Return a nats-server that is not started. Skips without the binary."""
    broker = nats.Broker(
        "n1", "127.0.0.1", free_port(), free_port(), folder, pki.ca, *pki.server(), redeliver_s=2
    )
    try:
        return NatsServer(broker, devices)
    except InputError as error:
        pytest.skip(error.detail)


def mosquitto_server(folder: Path, pki: Pki, devices: tuple[str, ...] = DEVICES) -> Mosquitto:
    """Return a mosquitto that is not started. Skips without the binary."""
    broker = mosquitto.Broker(
        "127.0.0.1",
        free_port(),
        folder,
        pki.ca,
        *pki.server(),
        getpass.getuser(),
        revoked=pki.write_revoked(),
    )
    try:
        return Mosquitto(broker, devices)
    except InputError as error:
        pytest.skip(error.detail)


@pytest.fixture(params=["nats", "mosquitto", "mosquitto-3.1.1"])
def world(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    pki: Pki,
    files: dict[str, tuple[Path, Path]],
) -> Iterator[World]:
    """The same world around each broker."""
    kind, _, old = str(request.param).partition("-")
    is_nats = kind == "nats"
    made: Server = (nats_server if is_nats else mosquitto_server)(tmp_path / "broker", pki)
    version = 4 if is_nats or old else 5
    with ExitStack() as closing, made:
        yield World(pki, made, version, not is_nats, not is_nats, files, closing)
