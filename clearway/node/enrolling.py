"""Devices' certificates issued by an open node, with the key of its authority."""

from __future__ import annotations

from clearway.identity import device_certificates as certificates
from clearway.identity import tables_devices
from clearway.identity.device_certificates import DeviceAuthority, Issued
from clearway.node import device_authority
from clearway.node.node import Node


def open_authority(node: Node) -> DeviceAuthority:
    """Return the authority for devices of a node. Raises: StorageFailure: its files are broken."""
    name = node.settings.agency_name or node.settings.node_name
    return device_authority.open_device_authority(node.folder, name, node.entropy, node.wall())


def issue(node: Node, name: str, public_key: bytes) -> Issued:
    """Return a new certificate; it counts once `certify_device` recorded it."""
    serial = node.entropy(certificates.SERIAL_SIZE)
    return certificates.issue_client(name, public_key, open_authority(node), serial, node.wall())


def write_revocations(node: Node) -> None:
    """Write the list of revoked certificates anew, for brokers."""
    now = node.wall()
    with node.reading() as connection:
        revoked = tables_devices.list_revoked(connection, now)
    device_authority.write_revocations(node.folder, open_authority(node), revoked, now)
