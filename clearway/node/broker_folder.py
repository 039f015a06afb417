"""What a broker on another machine needs, written into a folder: configuration and certificates.

    write(Wanted("mosquitto", folder, ("broker.example",), 8883, "mosquitto"), ...)

The folder is to lie under the same path there. It is written anew when devices were enrolled or
revoked, and at least once a week, and the broker is sent SIGHUP.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.errors import InputError, StorageFailure
from clearway.identity import device_certificates as certificates
from clearway.identity.device_certificates import DeviceAuthority
from clearway.node.clock import Entropy
from clearway.node.device_authority import private_key
from clearway.node.devices_broker import Admitted
from clearway.node.files import write_durably

_CLIENT_PORT: Final = 4222
_EVERYWHERE: Final = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A broker to be configured.

    Args:
        kind: `nats` or `mosquitto`.
        folder: where the files go, and lie when the broker runs.
        names: names and addresses under which devices reach it.
        port: where it listens.
        account: that a mosquitto started by root runs as.
    """

    kind: str
    folder: Path
    names: tuple[str, ...]
    port: int
    account: str


def write(
    wanted: Wanted,
    who: Admitted,
    revoked: Iterable[tuple[str, datetime]],
    authority: DeviceAuthority,
    entropy: Entropy,
    now: datetime,
) -> list[Path]:
    """Write what the broker needs; return the files.

    Args:
        who: devices, and their keys that count.
        revoked: as `identity.tables_devices.list_revoked`; the list holds for a week.

    Raises: InputError: no such kind, or a name, path or port that cannot stand in a configuration.
    StorageFailure: the folder cannot be written.
    """
    folder = wanted.folder.resolve()
    if wanted.kind not in _KINDS:
        raise InputError(f"No broker {wanted.kind!r} is known: {', '.join(_KINDS)}")
    texts = _KINDS[wanted.kind](wanted, folder, who)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = private_key(folder / "broker.key", entropy)
        shown = certificates.issue_server(
            wanted.names,
            certificates.spki(key.public_key()),
            authority,
            entropy(certificates.SERIAL_SIZE),
            now,
        )
        number = int(now.timestamp())
        texts |= {
            "device-ca.crt": authority.certificate,
            "device-ca.crl": certificates.revocation_list(authority, revoked, number, now),
            "broker.crt": shown.pem,
        }
        for name, text in texts.items():
            write_durably(folder / name, text.encode(), mode=0o600)
    except OSError as error:
        raise StorageFailure(f"{folder} cannot be written: {error.strerror}") from error
    return [folder / name for name in (*texts, "broker.key")]


def _mosquitto(wanted: Wanted, folder: Path, who: Admitted) -> dict[str, str]:
    broker = mosquitto.Broker(
        _host(wanted),
        wanted.port,
        folder,
        *_certificates(folder),
        wanted.account,
        revoked=folder / "device-ca.crl",
    )
    return {
        "mosquitto.conf": mosquitto.config(broker),
        "access.list": mosquitto.access_list(who.devices),
    }


def _nats(wanted: Wanted, folder: Path, who: Admitted) -> dict[str, str]:
    broker = nats.Broker(
        "clearway", _host(wanted), wanted.port, _CLIENT_PORT, folder, *_certificates(folder)
    )
    return {"nats.conf": nats.config(broker, who.devices, who.keys)}


_KINDS: Final[dict[str, Callable[[Wanted, Path, Admitted], dict[str, str]]]] = {
    "nats": _nats,
    "mosquitto": _mosquitto,
}


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "device-ca.crt", folder / "broker.crt", folder / "broker.key"


def _host(wanted: Wanted) -> str:
    """Return where to listen: an address if that is all the broker is known by, else everywhere."""
    if len(wanted.names) == 1:
        try:
            return str(ipaddress.IPv4Address(wanted.names[0]))
        except ValueError:
            return _EVERYWHERE
    return _EVERYWHERE
