"""Configuration and access list of mosquitto 2.0, written; its log of denials, read; pure.

Each device is one user: the common name of its certificate. It may write its own two topics and
read its own two answers; a device that is not in the list may do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clearway.connectors.mqtt.formats.quoting import host, plain, port, word
from clearway.connectors.mqtt.model import LARGEST_MESSAGE, Denial
from clearway.connectors.mqtt.topics import ANSWERS, CONSUMER, FORMS, ROOT, require_device

LARGEST_PACKET = LARGEST_MESSAGE + 1_024
"""Bytes: the payload, a topic, and what MQTT 5 puts before them."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What a mosquitto needs to know.

    Args:
        folder: its data; access list and log lie there.
        authority: PEM file of the authorities that sign devices' certificates.
        certificate, key: PEM files that the broker shows to devices.
        user: account that the broker runs as when it is started by root.
        connections: most devices connected at once.
        revoked: PEM file of revoked certificates (RFC 5280); past its next update nobody is let in.
        in_flight: messages that one client may have unacknowledged.
        queued, queued_bytes: kept for one client that is away or slow; more is dropped, and devices
            send it again.
    """

    host: str
    port: int
    folder: Path
    authority: Path
    certificate: Path
    key: Path
    user: str
    connections: int = 10_000
    in_flight: int = 16_384
    revoked: Path | None = None
    queued: int = 1_000_000
    queued_bytes: int = 512 * 1024**2


def config(broker: Broker) -> str:
    """Return the configuration file. Raises: BadTerm: a path, host or port that cannot stand."""
    return "\n".join((*_listener(broker), *_limits(broker), *_keeping(broker), ""))


def _listener(broker: Broker) -> tuple[str, ...]:
    return (
        "per_listener_settings false",
        f"user {word(broker.user)}",
        f"listener {port(broker.port)} {host(broker.host)}",
        "protocol mqtt",
        f"cafile {plain(broker.authority)}",
        f"certfile {plain(broker.certificate)}",
        f"keyfile {plain(broker.key)}",
        *((f"crlfile {plain(broker.revoked)}",) if broker.revoked else ()),
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        # A session belongs to a certificate: nobody ends another's by using its name.
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {plain(broker.folder / 'access.list')}",
    )


def _limits(broker: Broker) -> tuple[str, ...]:
    return (
        f"max_connections {broker.connections}",
        f"max_packet_size {LARGEST_PACKET}",
        # 20, the default, would starve the consumer; 0, no bound, would keep all in memory.
        f"max_inflight_messages {broker.in_flight}",
        f"max_queued_messages {broker.queued}",
        f"max_queued_bytes {broker.queued_bytes}",
        # QoS 2 that its sender never finishes is kept without a bound.
        "max_qos 1",
        "max_keepalive 300",
        "persistent_client_expiration 30d",
    )


def _keeping(broker: Broker) -> tuple[str, ...]:
    return (
        "persistence true",
        f"persistence_location {plain(broker.folder)}/",
        "autosave_interval 5",
        "sys_interval 10",
        f"log_dest file {plain(broker.folder / 'mosquitto.log')}",
        "log_timestamp false",
        "connection_messages true",
        # Denials are told at the level debug only.
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_type debug",
    )


def access_list(devices: Iterable[str]) -> str:
    """Return the access list: the consumer, then each device. Raises: BadTerm: no device's name."""
    lines = [f"user {CONSUMER}", f"topic read {ROOT}/+/+"]
    lines += [f"topic write {ROOT}/+/{leaf}" for leaf in ANSWERS]
    for device in sorted({require_device(name) for name in devices}):
        lines.append(f"user {device}")
        lines += [f"topic write {ROOT}/{device}/{leaf}" for leaf in FORMS]
        lines += [f"topic read {ROOT}/{device}/{leaf}" for leaf in ANSWERS]
    return "\n".join((*lines, ""))


_DENIED = re.compile(
    rb"^Denied PUBLISH from (?P<client>.{0,256}?)"
    rb" \(d[01], q[012], r[01], m\d{1,5}, '(?P<topic>.{0,512}?)', \.\.\. \(\d+ bytes\)\)$",
    re.MULTILINE,
)


def denials(log: bytes) -> Iterator[Denial]:
    """Yield what whole lines of the log say of dropped messages; clients bear devices' names."""
    for found in _DENIED.finditer(log):
        client, topic = (found[name].decode(errors="replace") for name in ("client", "topic"))
        yield Denial(client, topic)
