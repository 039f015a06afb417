"""The broker of a node: its files, who may use it, and where it is.

Who may send is asked of the identity room: devices that are not revoked, and the keys of theirs
that are not. nats-server is given those keys, mosquitto the list of revoked
certificates (RFC 5280), which is signed anew each day.
"""

from __future__ import annotations

import getpass
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.servers import Mosquitto, NatsServer, Server, free_port
from clearway.connectors.mqtt.topics import CONSUMER, require_device
from clearway.errors import BadTerm, InputError
from clearway.identity import device_certificates as certificates
from clearway.identity import tables_devices
from clearway.identity.model import Device
from clearway.node import device_authority
from clearway.node.node import Node
from clearway.settings import Settings

NONE, EMBEDDED, MOSQUITTO = "none", "embedded", "mosquitto"
LIST_LIFE: Final = timedelta(days=1)
"""After this time the list of revoked certificates is signed anew; it holds for a week."""

_SCHEME: Final = "mqtts"
_PAGE: Final = 1_000
_DEFAULT_PORT: Final = 8883


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may send.

    Args:
        keys: names of those keys of each that count (`device_certificates.key_name`).
    """

    keys: Mapping[str, frozenset[str]]

    @property
    def devices(self) -> Collection[str]:
        """Their names."""
        return self.keys.keys()


def admitted(connection: Connection) -> Admitted:
    """Return the devices that may send now, and their keys."""
    keys: dict[str, frozenset[str]] = {}
    after = ""
    while page := tables_devices.list_devices(connection, after=after, limit=_PAGE):
        keys |= {device.id: _keys(device) for device in page if _may_send(device)}
        after = page[-1].id
    return Admitted(keys)


def _keys(device: Device) -> frozenset[str]:
    valid = (key.public_key for key in device.keys if key.revoked_at is None)
    return frozenset(map(certificates.key_name, valid))


def _may_send(device: Device) -> bool:
    """Whether a device is not revoked, has a key that is not, and a name that a topic can bear."""
    try:
        require_device(device.id)
    except BadTerm:
        return False  # enrolled before certificates were issued; it sends over HTTP
    return device.revoked_at is None and any(key.revoked_at is None for key in device.keys)


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


class Files:
    """Certificates that the broker and the node's consumer show and trust."""

    def __init__(self, node: Node) -> None:
        chosen, folder, now = node.settings, node.folder, node.wall()
        name = chosen.agency_name or chosen.node_name
        authority = device_authority.open_device_authority(folder, name, node.entropy, now)
        self._node, self._signer = node, authority
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

    def write_revoked(self) -> Path:
        """Sign the list of revoked certificates anew, and return where it lies."""
        now = self._node.wall()
        with self._node.reading() as connection:
            revoked = tables_devices.list_revoked(connection, now)
        signed = device_authority.write_revocations(self._node.folder, self._signer, revoked, now)
        return signed.resolve()


def _absolute(files: tuple[Path, Path]) -> tuple[Path, Path]:
    return files[0].resolve(), files[1].resolve()


def server_of(settings: Settings, files: Files, who: Admitted) -> Server | None:
    """Return the broker that this node starts, or None if it uses one that is there."""
    if settings.broker not in (EMBEDDED, MOSQUITTO):
        return None
    port = settings.broker_port or free_port(settings.broker_host)
    host, shown = settings.broker_host, (files.authority, *files.broker)
    if settings.broker == EMBEDDED:
        broker = nats.Broker("clearway", host, port, free_port(), files.folder / "nats", *shown)
        return NatsServer(broker, who.devices, settings.broker_path, who.keys)
    folder, user = files.folder / "mosquitto", getpass.getuser()
    made = mosquitto.Broker(host, port, folder, *shown, user, revoked=files.write_revoked())
    return Mosquitto(made, who.devices, settings.broker_path)


def reachable(host: str) -> str:
    """Return where we reach a broker of ours: one that listens everywhere, on the loopback."""
    return "127.0.0.1" if host == "0.0.0.0" else host


def client_id(key: Path) -> str:
    """Return the id of the consumer's session: a secret, and the same after a restart."""
    return "c" + sha256(b"clearway mqtt session\0" + key.read_bytes()).hexdigest()[:22]
