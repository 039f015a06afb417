"""Devices from the command line: enrolled, certified and revoked by the machine's owner."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from clearway.cli.setup import with_node
from clearway.cli.store import opened
from clearway.coldchain import clock, links
from clearway.errors import BadTerm, InputError, StorageFailure, WrongState
from clearway.identity import device_certificates as certificates
from clearway.identity import tables_devices
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.revoke_device import revoke_device, revoke_device_key
from clearway.identity.device_certificates import DeviceAuthority, Issued
from clearway.identity.model import Device
from clearway.node import device_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder, write_durably
from clearway.policy.act import Act
from clearway.settings import Settings, load
from clearway.simulator.device import Link
from clearway.simulator.device_links import HttpLink, MqttLink
from clearway.simulator.device_run import Bench, Plan, Report, Tampering
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber

_MOST_LISTED = 1_000
_DEFAULT_PORT = 8883


@dataclass(frozen=True, slots=True)
class Wanted:
    """A device to be enrolled.

    Args:
        request: PEM file of its certificate request; None: its key is made here.
        out: folder for what the device must have.
    """

    name: str
    container: str | None
    maker: str
    party: str | None
    request: Path | None
    out: Path


def enrol(file: Path | None, wanted: Wanted) -> dict[str, Any]:
    """Enrol a device, issue its certificate and write what it needs; return what was made."""
    settings = load(file)
    container = None if wanted.container is None else ContainerNumber.read(wanted.container)
    party = None if wanted.party is None else PartyId(wanted.party)
    public_key = _public_key(wanted.name, wanted.request, wanted.out / "device.key")
    authority = _authority(settings)
    issued = _issue(wanted.name, public_key, authority)

    def action(act: Act) -> None:
        enrol_device(act, wanted.name, maker=wanted.maker, container=container, party=party)
        certify_device(act, issued)

    with_node(settings, action)
    return _hand_out(wanted.out, issued, authority, container)


def renew(file: Path | None, name: str, request: Path | None, out: Path) -> dict[str, Any]:
    """Issue a new certificate for an enrolled device, for a new key; return what was made."""
    settings = load(file)
    next_key = out / "device.next.key"
    next_key.unlink(missing_ok=True)  # of a renewal that did not come to its end
    public_key = _public_key(name, request, next_key)
    authority = _authority(settings)
    issued = _issue(name, public_key, authority)
    with_node(settings, lambda act: certify_device(act, issued))
    if request is None:
        next_key.rename(out / "device.key")
    with opened(file) as (_, _, connection):
        container = tables_devices.get_device(connection, name).container
    return _hand_out(out, issued, authority, container)


def revoke(file: Path | None, name: str, serial: str | None, reason: str) -> Path:
    """Revoke a device, or one key of it; return where the new revocation list lies."""
    settings = load(file)
    if serial is None:
        with_node(settings, lambda act: revoke_device(act, name, reason))
    else:
        with_node(settings, lambda act: revoke_device_key(act, name, serial, reason))
    now = utc_now()
    with opened(file) as (folder, _, connection):
        revoked = tables_devices.list_revoked(connection, now)
        return device_authority.write_revocations(folder, _authority(settings), revoked, now)


def listed(file: Path | None) -> list[dict[str, Any]]:
    """Return the devices of a node with their keys, clocks and missing batches."""
    now = utc_now()
    with opened(file) as (_, _, connection):
        return [
            _told(
                device,
                now,
                links.list_stamps(connection, device.id),
                links.count_gaps(connection, device.id),
            )
            for device in tables_devices.list_devices(connection, limit=_MOST_LISTED)
        ]


def simulate(
    folder: Path, broker: str, url: str, token: str, plan: Plan, tamper: Tampering | None
) -> tuple[Report, str]:
    """Run the device of a folder; return what became of it, and what a thief was told."""
    who = json.loads((folder / "device.json").read_bytes())
    name, key = who["device"], _private_key(folder / "device.key")
    link: Link
    if broker:
        files = folder / "authority.crt", folder / "device.crt", folder / "device.key"
        link = MqttLink(name, _address(broker), *files)
    elif token:
        link = HttpLink(url, token)
    else:
        raise InputError(
            "Say how the device sends: --broker mqtts://host:port, or --token for HTTP"
        )
    if who["container"] is None:
        raise WrongState(f"The device {name} is fixed to no container; enrol it with --container")
    container = ContainerNumber(who["container"])
    bench = Bench(name, container, key, folder / "journal.db", link, time.monotonic)
    try:
        start = utc_now() - timedelta(seconds=(plan.readings - 1) * plan.every_s)
        report = bench.run(plan, start)
        said = "" if tamper is None else _attack(bench, tamper)
    finally:
        bench.close()
    return report, said


def _attack(bench: Bench, how: Tampering) -> str:
    try:
        word = bench.attack(how)
    except OSError as error:
        return f"not reached: {error}"
    return "no word, as after a repeat" if word is None else str(word)


def _authority(settings: Settings) -> DeviceAuthority:
    folder = Folder.of(settings)
    folder.signer()  # there is a node here
    name = settings.agency_name or settings.node_name
    return device_authority.open_device_authority(folder, name, entropy, utc_now())


def _issue(name: str, public_key: bytes, authority: DeviceAuthority) -> Issued:
    serial = entropy(certificates.SERIAL_SIZE)
    return certificates.issue_client(name, public_key, authority, serial, utc_now())


def _public_key(name: str, request: Path | None, path: Path) -> bytes:
    """Return the key of a request, or of one that is made in a file of the device's folder."""
    if request is not None:
        asked, key = certificates.read_request(request.read_text(encoding="utf-8"))
        if asked != name:
            raise BadTerm("request", asked, f"its common name must be {name}", field="request")
        return key
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        raise WrongState(f"{path} is there already; choose another --out, or renew the device")
    return certificates.spki(device_authority.private_key(path, entropy).public_key())


def _hand_out(
    out: Path, issued: Issued, authority: DeviceAuthority, container: ContainerNumber | None
) -> dict[str, Any]:
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(out / "device.crt", issued.pem.encode("ascii"))
    write_durably(out / "authority.crt", authority.certificate.encode("ascii"))
    who = {"device": issued.name, "container": None if container is None else str(container)}
    write_durably(out / "device.json", json.dumps(who).encode())
    return {**who, "serial": issued.serial, "not_after": issued.not_after, "folder": str(out)}


def _told(
    device: Device, now: datetime, stamps: Sequence[clock.Stamp], gaps: int
) -> dict[str, Any]:
    key, found = device.key, clock.estimate(stamps)
    return {
        "device": device.id,
        "container": device.container,
        "maker": device.maker,
        "state": _state(device, now),
        "serial": None if key is None else key.serial,
        "not_after": None if key is None else key.not_after,
        "clock_ahead_s": None if found is None else round(found.ahead_at(now), 1),
        "drift_s_per_day": None if found is None else round(found.drift_s_per_day, 2),
        "clock_jumps": [{"at": one.at, "by_s": round(one.by_s)} for one in clock.jumps(stamps)],
        "batches_missing": gaps,
    }


def _state(device: Device, now: datetime) -> str:
    key = device.key
    if not device.is_valid:
        return "revoked"
    if key is None:
        return "no certificate"
    if key.revoked_at is not None:
        return "key revoked"
    if key.not_after <= now:
        return "certificate ended"
    if key.not_after - certificates.RENEW_BEFORE <= now:
        return "renew soon"
    return "valid"


def _private_key(path: Path) -> certificates.PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise StorageFailure(f"{path} holds no key of P-256 or Ed25519")


def _address(broker: str) -> tuple[str, int]:
    found = urlsplit(broker)
    if found.scheme != "mqtts" or not found.hostname:
        raise BadTerm("broker", broker, "must be mqtts://host:port", field="broker")
    return found.hostname, found.port or _DEFAULT_PORT
