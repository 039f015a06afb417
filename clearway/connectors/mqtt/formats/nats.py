"""Configuration of nats-server 2.10 and later as an MQTT broker, written; pure.

Each key of a device is one user, known by its name in the certificate. It may publish its own two
topics and subscribe to its own two answers, by MQTT only. A user that is taken out of the list is
disconnected at the next reload.

A topic `a/b` is the subject `a.b` (docs.nats.io, MQTT). `sync_interval: always` writes each message
through before the broker acknowledges it: the default, two minutes, lost everything in a power cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from clearway.connectors.mqtt.formats.quoting import host, key_name, plain, port, word
from clearway.connectors.mqtt.model import LARGEST_MESSAGE, Denial
from clearway.connectors.mqtt.topics import ANSWERS, CONSUMER, FORMS, ROOT, require_device

Keys = Mapping[str, Collection[str]]
NO_KEYS: Final[Keys] = MappingProxyType({})
_SUBJECT = ROOT.replace("/", ".")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One of several servers that hold every message together.

    Args:
        name: of the cluster, the same for all.
        port: where the others reach this one.
        routes: (host, port) of every member.
        authority, certificate, key: PEM files by which members know each other.
    """

    name: str
    host: str
    port: int
    routes: tuple[tuple[str, int], ...]
    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Broker:
    """What a nats-server needs to know.

    Args:
        name: of this server, unique in a cluster.
        host, port: where devices reach it.
        client_port: for NATS' own protocol, on the loopback only; nobody uses it but operators.
        folder: its data.
        authority: PEM file of the authorities that sign devices' certificates.
        certificate, key: PEM files that the broker shows to devices.
        replicas: how many servers hold each message: 1, or 3 in a cluster.
        in_flight: messages that one subscription may have unacknowledged.
        redeliver_s: after this time without acknowledgement a message is sent again.
        disk_bytes: most that it keeps.
    """

    name: str
    host: str
    port: int
    client_port: int
    folder: Path
    authority: Path
    certificate: Path
    key: Path
    connections: int = 10_000
    replicas: int = 1
    in_flight: int = 16_384
    redeliver_s: int = 30
    disk_bytes: int = 8 * 1024**3
    cluster: Cluster | None = field(default=None)


def config(broker: Broker, devices: Iterable[str], keys: Keys = NO_KEYS) -> str:
    """Return the configuration file, in the JSON form that nats-server reads.

    Args:
        keys: names of the keys of each device that count, as its certificates bear them
            (`device_certificates.key_name`). nats-server knows no revocation lists, and takes up
            nothing of TLS without a restart; so each key is a user, and one that is left out is
            disconnected at the next reload. A device that is not here is known by its name alone.

    Raises: BadTerm: a name, path, host or port that cannot stand.
    """
    settings: dict[str, Any] = {
        "server_name": word(broker.name),
        "listen": f"127.0.0.1:{port(broker.client_port)}",
        "max_payload": LARGEST_MESSAGE,
        "max_connections": broker.connections,
        "log_file": plain(broker.folder / "nats.log"),
        "logfile_size_limit": 16 * 1024**2,
        "logfile_max_num": 4,
        "jetstream": {
            "store_dir": plain(broker.folder / "store"),
            "max_memory_store": 16 * 1024**2,
            "max_file_store": broker.disk_bytes,
            "sync_interval": "always",
        },
        "mqtt": _mqtt(broker),
        "authorization": {"timeout": 5, "users": _users(devices, keys)},
    }
    if broker.cluster is not None:
        settings["cluster"] = _cluster(broker.cluster)
    return json.dumps(settings, indent=1) + "\n"


def _mqtt(broker: Broker) -> dict[str, Any]:
    return {
        "listen": f"{host(broker.host)}:{port(broker.port)}",
        "tls": _tls(broker.authority, broker.certificate, broker.key) | {"verify_and_map": True},
        "ack_wait": f"{broker.redeliver_s}s",
        "max_ack_pending": broker.in_flight,
        "stream_replicas": broker.replicas,
        "reject_qos2_publish": True,
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "name": word(cluster.name),
        "listen": f"{host(cluster.host)}:{port(cluster.port)}",
        "routes": [f"nats-route://{host(at)}:{port(number)}" for at, number in cluster.routes],
        "tls": _tls(cluster.authority, cluster.certificate, cluster.key) | {"verify": True},
    }


def _tls(authority: Path, certificate: Path, key: Path) -> dict[str, Any]:
    return {
        "ca_file": plain(authority),
        "cert_file": plain(certificate),
        "key_file": plain(key),
        "timeout": 5,
    }


def _users(devices: Iterable[str], keys: Keys) -> list[Mapping[str, Any]]:
    users = [
        _user(
            f"CN={CONSUMER}",
            [f"{_SUBJECT}.*.{leaf}" for leaf in ANSWERS],
            [f"{_SUBJECT}.*.{leaf}" for leaf in FORMS],
        )
    ]
    for device in sorted({require_device(name) for name in devices}):
        mine = f"{_SUBJECT}.{device}"
        publish = [f"{mine}.{leaf}" for leaf in FORMS]
        subscribe = [f"{mine}.{leaf}" for leaf in ANSWERS]
        known_by = sorted(map(key_name, keys[device])) if device in keys else [f"CN={device}"]
        users += [_user(name, publish, subscribe) for name in known_by]
    return users


def _user(name: str, publish: list[str], subscribe: list[str]) -> Mapping[str, Any]:
    return {
        "user": name,
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {"allow": publish},
            "subscribe": {"allow": subscribe},
        },
    }


_DENIED = re.compile(
    rb'mid:\d+ - "(?P<client>[^"\n]{0,256})" - Publish Violation - Subject'
    rb' "(?P<subject>[^"\n]{0,512})"$',
    re.MULTILINE,
)


def denials(log: bytes) -> Iterator[Denial]:
    """Yield what whole lines of the log say of dropped messages.

    A client is called what it called itself at CONNECT; nats-server does not log its certificate.
    """
    for found in _DENIED.finditer(log):
        client, subject = (found[name].decode(errors="replace") for name in ("client", "subject"))
        yield Denial(client, subject.replace(".", "/"))
