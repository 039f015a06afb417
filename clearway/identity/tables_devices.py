"""Devices, their keys, and the containers to which they were fixed, as tables.

Projections of this room's facts, and of `movement.device_associated/1`: what a gate or an EPCIS
AssociationEvent told of a device and a container decides for which container it may speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    select,
    update,
)

from clearway.errors import NotFound
from clearway.identity.facts import (
    DeviceCertified,
    DeviceEnrolled,
    DeviceKeyRevoked,
    DeviceRevoked,
)
from clearway.identity.model import Device, DeviceKey, Placement
from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber

device = Table(
    "identity_device",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("container", Text),
    Column("party", Text),
    Column("enrolled_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

device_key = Table(
    "identity_device_key",
    METADATA,
    Column("serial", Text, primary_key=True),
    Column("device", Text, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("replaced_at", Instant),
    Column("revoked_at", Instant),
    Index("identity_device_key_by_device", "device", "issued_at"),
    Index("identity_device_key_by_revocation", "revoked_at"),
)

# Where a device was fixed; `since` is NULL for what its enrolment said.
placement = Table(
    "identity_device_placement",
    METADATA,
    Column("device", Text, nullable=False),
    Column("container", Text, nullable=False),
    Column("since", Instant),
    Column("until", Instant),
    Index("identity_device_placement_by_device", "device", "since"),
    Index("identity_device_placement_by_container", "container"),
)

TABLES: tuple[Table, ...] = (device, device_key, placement)

_DEVICES, _KEYS, _PLACEMENTS = Rows(device), Rows(device_key), Rows(placement)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Associated:
    """What counts here of `movement.device_associated/1`."""

    container: ContainerNumber
    at: datetime
    device: str
    link: str


def _enrolled(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeviceEnrolled)
    row = {
        "id": body.device,
        "agency": body.agency,
        "maker": body.maker,
        "container": body.container,
        "party": body.party,
        "enrolled_at": fact.occurred_at,
    }
    _DEVICES.add(connection, [row])
    if body.container is not None:
        _PLACEMENTS.add(connection, [{"device": body.device, "container": body.container}])


def _certified(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeviceCertified)
    connection.execute(
        update(device_key)
        .where(device_key.c.device == body.device, device_key.c.replaced_at.is_(None))
        .values(replaced_at=fact.occurred_at)
    )
    row = {
        "serial": body.serial,
        "device": body.device,
        "key_id": sha256(body.public_key).digest()[:8],
        "public_key": body.public_key,
        "certificate": body.certificate,
        "not_before": body.not_before,
        "not_after": body.not_after,
        "issued_at": fact.occurred_at,
    }
    _KEYS.add(connection, [row])


def _key_revoked(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeviceKeyRevoked)
    of_serial = select(device_key.c.key_id).where(device_key.c.serial == body.serial)
    same_key = device_key.c.key_id.in_(of_serial)  # a renewal may have certified it once more
    _revoke(connection, fact, same_key & (device_key.c.device == body.device))


def _revoked(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeviceRevoked)
    connection.execute(
        update(device).where(device.c.id == body.device).values(revoked_at=fact.occurred_at)
    )
    _revoke(connection, fact, device_key.c.device == body.device)


def _revoke(connection: Connection, fact: Fact, which: ColumnElement[bool]) -> None:
    connection.execute(
        update(device_key)
        .where(which, device_key.c.revoked_at.is_(None))
        .values(revoked_at=fact.occurred_at)
    )


def _associated(connection: Connection, fact: Fact) -> None:
    """Fix an enrolled device to a container, or take it off; others are none of our devices."""
    body = decode(fact.body, _Associated)
    known = connection.execute(select(device.c.id).where(device.c.id == body.device)).first()
    if known is None:
        return
    container = str(body.container)
    is_added = body.link == "ADD"
    still = (placement.c.device == body.device, placement.c.until.is_(None))
    ended = still if is_added else (*still, placement.c.container == container)
    connection.execute(update(placement).where(*ended).values(until=body.at))
    if is_added:
        row = {"device": body.device, "container": container, "since": body.at}
        _PLACEMENTS.add(connection, [row])
    where = [device.c.id == body.device]
    if not is_added:
        where.append(device.c.container == container)
    connection.execute(
        update(device).where(*where).values(container=container if is_added else None)
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    DeviceEnrolled.TYPE: (_enrolled,),
    DeviceCertified.TYPE: (_certified,),
    DeviceKeyRevoked.TYPE: (_key_revoked,),
    DeviceRevoked.TYPE: (_revoked,),
    "movement.device_associated/1": (_associated,),
}


def find_device(connection: Connection, name: str) -> Device | None:
    """Return the device with its keys and placements, revoked or not, or None."""
    return find_devices(connection, (name,)).get(name)


def get_device(connection: Connection, name: str) -> Device:
    """Return the device. Raises: NotFound."""
    found = find_device(connection, name)
    if found is None:
        raise NotFound(f"No device {name!r} is enrolled on this node")
    return found


def find_devices(connection: Connection, names: Iterable[str]) -> dict[str, Device]:
    """Return devices by their names; names that nobody enrolled are absent."""
    found: dict[str, Device] = {}
    wanted = list(dict.fromkeys(names))
    for low in range(0, len(wanted), _AT_ONCE):
        some = wanted[low : low + _AT_ONCE]
        rows = connection.execute(select(device).where(device.c.id.in_(some)))
        found |= _devices(connection, rows.mappings().all())
    return found


def list_devices(connection: Connection, *, after: str = "", limit: int = 100) -> list[Device]:
    """Return devices in order of their names, from the one after `after`."""
    query = select(device).where(device.c.id > after).order_by(device.c.id).limit(limit)
    return list(_devices(connection, connection.execute(query).mappings().all()).values())


def find_certificate(connection: Connection, serial: str) -> tuple[str, str] | None:
    """Return device and certificate (PEM) of a serial number, or None."""
    query = select(device_key.c.device, device_key.c.certificate)
    row = connection.execute(query.where(device_key.c.serial == serial)).first()
    return None if row is None else (row.device, row.certificate)


def list_revoked(connection: Connection, now: datetime) -> list[tuple[str, datetime]]:
    """Return serial and instant of revoked certificates that have not ended by themselves."""
    query = (
        select(device_key.c.serial, device_key.c.revoked_at)
        .where(device_key.c.revoked_at.is_not(None), device_key.c.not_after > now)
        .order_by(device_key.c.revoked_at, device_key.c.serial)
    )
    return [(row.serial, row.revoked_at) for row in connection.execute(query)]


def _devices(connection: Connection, rows: Sequence[Any]) -> dict[str, Device]:
    names = [row["id"] for row in rows]
    keys: dict[str, list[DeviceKey]] = {name: [] for name in names}
    places: dict[str, list[Placement]] = {name: [] for name in names}
    asked = select(device_key).where(device_key.c.device.in_(names))
    for one in connection.execute(asked.order_by(device_key.c.issued_at, device_key.c.not_after)):
        keys[one.device].append(
            DeviceKey(
                one.key_id,
                one.public_key,
                one.serial,
                one.not_before,
                one.not_after,
                one.replaced_at,
                one.revoked_at,
            )
        )
    for one in connection.execute(select(placement).where(placement.c.device.in_(names))):
        container = ContainerNumber(one.container)
        places[one.device].append(Placement(container, one.since, one.until))
    return {
        row["id"]: Device(
            id=row["id"],
            agency=row["agency"],
            maker=row["maker"],
            container=None if row["container"] is None else ContainerNumber(row["container"]),
            party=None if row["party"] is None else PartyId(row["party"]),
            enrolled_at=row["enrolled_at"],
            revoked_at=row["revoked_at"],
            keys=tuple(keys[row["id"]]),
            placements=tuple(places[row["id"]]),
        )
        for row in rows
    }
