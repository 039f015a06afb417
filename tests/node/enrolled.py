"""Devices enrolled on an open node, with certificates of its own authority."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.identity import device_certificates as certificates
from clearway.identity import tables_devices
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.revoke_device import revoke_device, revoke_device_key
from clearway.identity.device_certificates import Issued
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node import device_authority
from clearway.node.node import Node
from clearway.terms.transport import ContainerNumber

ADMIN = Actor(ActorKind.OFFICER, "admin", "customs", frozenset({Role.ADMINISTRATOR}))


def certified(
    node: Node, folder: Path, name: str, serial: bytes
) -> tuple[Issued, tuple[Path, Path]]:
    """Return a certificate of a new key, not on record yet, and its files."""
    folder.mkdir(exist_ok=True)
    authority = device_authority.open_device_authority(
        node.folder, "customs", node.entropy, node.wall()
    )
    key = ec.generate_private_key(ec.SECP256R1())
    issued = certificates.issue_client(
        name, certificates.spki(key.public_key()), authority, serial, node.wall()
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_text(issued.pem)
    files[1].write_bytes(certificates.private_pem(key))
    return issued, files


def enrol(
    node: Node, folder: Path, devices: Mapping[str, ContainerNumber]
) -> dict[str, tuple[Path, Path]]:
    """Enrol devices in containers and certify a key of each; return their files by name."""
    files, last = {}, None
    for name, box in devices.items():
        serial = hashlib.sha256(name.encode()).digest()[:16]
        issued, files[name] = certified(node, folder, name, serial)
        node.act(ADMIN, partial(enrol_device, device=name, container=box))
        last = node.act(ADMIN, partial(certify_device, issued=issued))
    assert last is not None
    last.result(30)
    return files


def revoke(node: Node, name: str) -> None:
    """Let a device count no more."""
    node.act(ADMIN, lambda act: revoke_device(act, name, "stolen")).result(30)


def replace_key(node: Node, folder: Path, name: str) -> tuple[Path, Path]:
    """Certify another key of a device, and revoke the one that it had."""
    with node.reading() as connection:
        (former,) = tables_devices.get_device(connection, name).keys
    issued, files = certified(node, folder, name, hashlib.sha256(b"next").digest()[:16])
    node.act(ADMIN, partial(certify_device, issued=issued)).result(30)
    revoked = partial(revoke_device_key, device=name, serial=former.serial, reason="stolen")
    node.act(ADMIN, revoked).result(30)
    return files
