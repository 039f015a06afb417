"""Devices' messages over MQTT: the broker that this node starts or uses, and what it reads there.

    with devices_served(node) as intake:
        intake.address           # where devices connect, if the broker is ours

A device that is enrolled or revoked is let in or shut out within a second: the broker gets a new
list, and the consumer asks the same list of every message. What the broker acknowledged to a device
and dropped is counted, and kept as a finding.
"""

from __future__ import annotations

import getpass
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection

from clearway.connectors.mqtt import link
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import Denial
from clearway.connectors.mqtt.servers import Mosquitto, NatsServer, Server, free_port
from clearway.connectors.mqtt.topics import CONSUMER, require_device
from clearway.connectors.mqtt.watching import Watch
from clearway.errors import BadTerm, ClearwayError, InputError
from clearway.identity import tables_devices
from clearway.identity.model import Device
from clearway.ledger.fact import Fact
from clearway.node import device_authority
from clearway.node.node import Node
from clearway.settings import Settings
from clearway.terms.finding import Area, Finding, Level

logger = structlog.get_logger()
NONE, EMBEDDED, MOSQUITTO = "none", "embedded", "mosquitto"
_SCHEME: Final = "mqtts"
_PAGE: Final = 1_000
_TURN_S: Final = 0.5
_FINDINGS: Final = 200
_DEFAULT_PORT: Final = 8883


class DevicesIntake:
    """The intake of one open node; use as a context manager."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._running = ExitStack()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="devices", daemon=True)
        self._admitted = self._listed()
        self._findings: deque[Finding] = deque(maxlen=_FINDINGS)
        self._watch: Watch | None = None
        files = _Files(node)
        self.server = _server(node.settings, files, self._admitted)
        self.consumer = Consumer(
            self._addresses(),
            link.context(files.broker_authority, *files.consumer),
            node.telemetry,
            client_id=_client_id(files.consumer[1]),
            version=max(self.server.versions) if self.server else 4,
            clock=node.clock,
            draw=node.draw,
            admits=lambda device: device in self._admitted,
        )

    def __enter__(self) -> DevicesIntake:
        with ExitStack() as starting:
            if self.server is not None:
                starting.enter_context(self.server)
                self._watch = starting.enter_context(Watch(self.server, self._denied))
            starting.enter_context(self.consumer)
            self._running = starting.pop_all()
        self._node.on_commit(self._hear)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._running.close()

    @property
    def address(self) -> str:
        """Where devices connect to the broker of this node; empty if it uses another one."""
        return "" if self.server is None else f"mqtts://{self.server.host}:{self.server.port}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The last messages that the broker acknowledged and dropped."""
        return tuple(self._findings)

    @property
    def dropped(self) -> int:
        """How many messages the broker acknowledged and dropped since it was started."""
        return 0 if self._watch is None else self._watch.dropped

    def _addresses(self) -> tuple[Address, ...]:
        if self.server is not None:
            return (Address(_reachable(self.server.host), self.server.port, "localhost"),)
        return addresses(self._node.settings.broker)

    def _hear(self, facts: Sequence[Fact]) -> None:
        """Called by the writer at each commit: only note that the list may have changed."""
        if any(fact.type.startswith("identity.device") for fact in facts):
            self._changed.set()

    def _listed(self) -> frozenset[str]:
        with self._node.reading() as connection:
            return admitted(connection)

    def _follow(self) -> None:
        while not self._ended.is_set():
            if self._changed.wait(_TURN_S) and not self._ended.is_set():
                self._changed.clear()
                self._renew()

    def _renew(self) -> None:
        """Take up who may send now; the consumer first, it needs no broker for that."""
        try:
            self._admitted = self._listed()
            if self.server is not None:
                self.server.reload(self._admitted)
        except (ClearwayError, OSError) as error:
            self._changed.set()  # tried again at the next turn
            logger.exception("devices_not_renewed", detail=str(error))
            self._ended.wait(_TURN_S)

    def _denied(self, denial: Denial) -> None:
        logger.warning("mqtt_denied", client=denial.client[:64], topic=denial.topic[:128])
        self._findings.append(
            Finding(
                "MQ_R01",
                Area.RULE,
                Level.WARNING,
                denial.topic[:128],
                f"{denial.client[:64]!r} published where it may not; the broker acknowledged the"
                " message and dropped it. Publish under the device's own topics only",
            )
        )


@contextmanager
def devices_served(node: Node) -> Iterator[DevicesIntake | None]:
    """Take devices' messages in while a node serves, if its settings name a broker.

    Raises: InputError: the settings name no broker that there is. TryLater: it does not start.
    """
    if node.settings.broker == NONE:
        yield None
        return
    with DevicesIntake(node) as intake:
        yield intake


def addresses(setting: str) -> tuple[Address, ...]:
    """Return where the broker of a setting listens: `mqtts://host:port`, or several with commas.

    Raises: InputError: it names none, or a connection without TLS.
    """
    found = []
    for text in setting.split(","):
        try:
            url = urlsplit(text.strip())
            port = url.port or _DEFAULT_PORT
        except ValueError as error:
            raise InputError(f"The setting broker: {text!r} is no address: {error}") from error
        if url.scheme != _SCHEME or not url.hostname or url.path or url.username:
            raise InputError(
                f"The setting broker cannot be {text!r}: {NONE}, {EMBEDDED}, {MOSQUITTO}, or"
                " mqtts://host:port, several separated by commas"
            )
        found.append(Address(url.hostname, port))
    return tuple(found)


class _Files:
    """Certificates that the intake shows and trusts."""

    def __init__(self, node: Node) -> None:
        chosen, folder, now = node.settings, node.folder, node.wall()
        name = chosen.agency_name or chosen.node_name
        authority = device_authority.open_device_authority(folder, name, node.entropy, now)
        # "localhost" is what our own consumer asks for.
        hosts = list(dict.fromkeys((*chosen.broker_names, "localhost")))
        self.folder = folder.root.resolve() / "broker"
        self.authority = device_authority.authority_certificate(folder).resolve()
        self.broker_authority = (
            Path(chosen.broker_authority) if chosen.broker_authority else self.authority
        )
        self.broker = _absolute(
            device_authority.broker_files(folder, authority, hosts, node.entropy, now)
        )
        self.consumer = _absolute(
            device_authority.consumer_files(folder, authority, CONSUMER, node.entropy, now)
        )


def _absolute(files: tuple[Path, Path]) -> tuple[Path, Path]:
    return files[0].resolve(), files[1].resolve()


def _server(settings: Settings, files: _Files, devices: frozenset[str]) -> Server | None:
    """Return the broker that this node starts, or None if it uses one that is there."""
    if settings.broker not in (EMBEDDED, MOSQUITTO):
        return None
    port = settings.broker_port or free_port(settings.broker_host)
    host, certificates = settings.broker_host, (files.authority, *files.broker)
    if settings.broker == EMBEDDED:
        broker = nats.Broker(
            "clearway", host, port, free_port(), files.folder / "nats", *certificates
        )
        return NatsServer(broker, devices, settings.broker_path)
    folder, user = files.folder / "mosquitto", getpass.getuser()
    return Mosquitto(
        mosquitto.Broker(host, port, folder, *certificates, user), devices, settings.broker_path
    )


def _reachable(host: str) -> str:
    """Return where we reach a broker of ours: one that listens everywhere, on the loopback."""
    return "127.0.0.1" if host == "0.0.0.0" else host


def _client_id(key: Path) -> str:
    """Return the id of the consumer's session: a secret, and the same after a restart."""
    return "c" + sha256(b"clearway mqtt session\0" + key.read_bytes()).hexdigest()[:22]


def admitted(connection: Connection) -> frozenset[str]:
    """Return the devices that may send now."""
    names: list[str] = []
    after = ""
    while page := tables_devices.list_devices(connection, after=after, limit=_PAGE):
        names += [device.id for device in page if _may_send(device)]
        after = page[-1].id
    return frozenset(names)


def _may_send(device: Device) -> bool:
    """Whether a device is not revoked, has a key that is not, and a name that a topic can bear."""
    try:
        require_device(device.id)
    except BadTerm:
        return False  # enrolled before certificates were issued; it sends over HTTP
    return device.revoked_at is None and any(key.revoked_at is None for key in device.keys)
