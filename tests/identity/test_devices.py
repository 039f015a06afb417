"""Devices: enrolled, certified, renewed, fixed to containers, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select

from clearway.errors import BadTerm, NotFound, Refused, WrongState
from clearway.identity import device_certificates as x509
from clearway.identity import tables, tables_devices
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.revoke_device import revoke_device, revoke_device_key
from clearway.identity.model import ActorKind, Role
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber

HERE, THERE = ContainerNumber("CSQU3054383"), ContainerNumber("MSKU1234565")
OWNER = PartyId("KE0003")


def key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


def issue(house: Any, name: str, number: int) -> x509.Issued:
    ca = x509.make_authority("Customs devices", key(7), bytes(16), house.now)
    public = x509.spki(key(number).public_key())
    serial = number.to_bytes(8, "big") + house.now.day.to_bytes(8, "big")
    return x509.issue_client(name, public, ca, serial, house.now)


@dataclass(frozen=True, slots=True)
class Associated:
    """As the movements room records it."""

    TYPE: ClassVar[str] = "movement.device_associated/1"

    container: ContainerNumber
    office: str
    at: datetime
    device: str
    link: str
    place: str = ""


def fix(house: Any, device: str, container: ContainerNumber, link: str = "ADD") -> None:
    body = Associated(container, "", house.now, device, link)
    house.do(lambda act: act.append(body, subject=f"container:{container}"))


def test_a_device_is_enrolled_with_its_account(house: Any) -> None:
    house.do(enrol_device, "CL-100", maker="Coldlog", container=HERE, party=OWNER)
    device = house.read(tables_devices.get_device, "CL-100")
    assert (device.maker, device.container, device.agency) == ("Coldlog", HERE, "customs")
    assert device.is_valid and device.key is None
    account = house.read(tables.get_account, "CL-100")
    assert (account.kind, account.roles) == (ActorKind.DEVICE, {Role.DEVICE})
    with pytest.raises(WrongState):
        house.do(enrol_device, "CL-100")
    with pytest.raises(NotFound):
        house.read(tables_devices.get_device, "CL-101")
    assert [d.id for d in house.read(tables_devices.list_devices)] == ["CL-100"]


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "#", "clearway.consumer", "-a", "a" * 65, "é"])
def test_a_name_that_is_no_level_of_a_topic_is_refused(house: Any, name: str) -> None:
    with pytest.raises(BadTerm, match="device"):
        house.do(enrol_device, name)


def test_a_renewal_replaces_the_key_and_the_former_one_goes_on_for_a_while(house: Any) -> None:
    house.do(enrol_device, "CL-100")
    first, second = issue(house, "CL-100", 11), issue(house, "CL-100", 12)
    house.do(certify_device, first)
    house.now += timedelta(days=60)
    house.do(certify_device, second)
    device = house.read(tables_devices.get_device, "CL-100")
    assert [one.serial for one in device.keys] == [first.serial, second.serial]
    assert device.key.public_key == second.public_key
    former = device.find_key(device.keys[0].key_id)
    assert former.signs_at(house.now + timedelta(days=89))
    assert not former.signs_at(house.now + timedelta(days=90))
    assert device.key.signs_at(house.now + timedelta(days=900))
    assert device.find_key(bytes(8)) is None
    assert house.read(tables_devices.find_certificate, first.serial) == ("CL-100", first.pem)
    assert house.read(tables_devices.find_certificate, "0") is None


def test_a_key_is_revoked_with_every_certificate_of_it(house: Any) -> None:
    house.do(enrol_device, "CL-100")
    first = issue(house, "CL-100", 11)
    house.do(certify_device, first)
    house.now += timedelta(days=3)
    again = issue(house, "CL-100", 11)
    house.do(certify_device, again)
    house.do(revoke_device_key, "CL-100", first.serial, "key read out")
    device = house.read(tables_devices.get_device, "CL-100")
    assert device.is_valid and not any(one.signs_at(house.now) for one in device.keys)
    assert device.keys[0].signs_at(house.now - timedelta(seconds=1))
    revoked = house.read(tables_devices.list_revoked, house.now)
    assert {serial for serial, _ in revoked} == {first.serial, again.serial}
    assert house.read(tables_devices.list_revoked, house.now + timedelta(days=91)) == []
    with pytest.raises(WrongState, match="was revoked; let the device make a new one"):
        house.do(certify_device, issue(house, "CL-100", 11))
    with pytest.raises(WrongState, match="already"):
        house.do(revoke_device_key, "CL-100", again.serial, "")
    with pytest.raises(NotFound, match="no certificate"):
        house.do(revoke_device_key, "CL-100", "0", "")
    house.do(certify_device, issue(house, "CL-100", 12))
    assert house.read(tables_devices.get_device, "CL-100").key.signs_at(house.now)


def test_a_revoked_device_is_dead_with_its_account_and_its_keys(house: Any) -> None:
    house.do(enrol_device, "CL-100")
    house.do(certify_device, issue(house, "CL-100", 11))
    house.do(revoke_device, "CL-100", "stolen")
    device = house.read(tables_devices.get_device, "CL-100")
    assert device.revoked_at == house.now and not device.key.signs_at(house.now)
    assert not house.read(tables.get_account, "CL-100").is_open
    with pytest.raises(WrongState, match="revoked already"):
        house.do(revoke_device, "CL-100", "")
    with pytest.raises(WrongState, match="enrol another name"):
        house.do(certify_device, issue(house, "CL-100", 12))


def test_a_device_speaks_for_the_container_to_which_it_was_fixed_then(house: Any) -> None:
    start, hour = house.now, timedelta(hours=1)
    house.do(enrol_device, "CL-100")
    fix(house, "stranger", HERE)
    house.now += 5 * hour
    fix(house, "CL-100", HERE)
    house.now += 5 * hour
    fix(house, "CL-100", THERE)  # taken off HERE by this as well
    device = house.read(tables_devices.get_device, "CL-100")
    assert device.container == THERE
    assert device.is_fixed_to(HERE, start + 6 * hour, start + 8 * hour)
    assert device.is_fixed_to(HERE, start + 6 * hour, start + 11 * hour)
    assert not device.is_fixed_to(HERE, start + 12 * hour, start + 13 * hour)
    assert not device.is_fixed_to(HERE, start, start + 3 * hour)
    assert not device.is_fixed_to(THERE, start + 6 * hour, start + 8 * hour)
    house.now += hour
    fix(house, "CL-100", HERE, "DELETE")  # of where it is not: nothing changes
    assert house.read(tables_devices.get_device, "CL-100").container == THERE
    fix(house, "CL-100", THERE, "DELETE")
    assert house.read(tables_devices.get_device, "CL-100").container is None


def test_a_device_enrolled_with_a_container_speaks_for_it_at_any_time(house: Any) -> None:
    house.do(enrol_device, "CL-100", container=HERE)
    device = house.read(tables_devices.get_device, "CL-100")
    long_ago = house.now - timedelta(days=300)
    assert device.is_fixed_to(HERE, long_ago, long_ago)
    assert not device.is_fixed_to(THERE, house.now, house.now)


def test_many_devices_are_found_at_once_and_strangers_are_absent(house: Any) -> None:
    for number in range(3):
        house.do(enrol_device, f"CL-{number}")
        house.do(certify_device, issue(house, f"CL-{number}", 20 + number))
    names = [f"CL-{number}" for number in range(450)]
    found = house.read(tables_devices.find_devices, names)
    assert sorted(found) == ["CL-0", "CL-1", "CL-2"]
    assert all(len(one.keys) == 1 for one in found.values())


def test_only_administrators_enrol_certify_and_revoke(house: Any) -> None:
    house.do(enrol_device, "CL-100")
    device = tables.actor_of
    who = house.read(lambda c: device(c, tables.get_account(c, "CL-100"), house.now))
    for action, args in [
        (enrol_device, ("CL-101",)),
        (certify_device, (issue(house, "CL-100", 11),)),
        (revoke_device, ("CL-100", "")),
        (revoke_device_key, ("CL-100", "0", "")),
    ]:
        with pytest.raises(Refused):
            house.do(action, *args, by=who)


def test_replaying_the_facts_makes_the_same_tables_of_devices(house: Any) -> None:
    for number, name in enumerate(["CL-100", "CL-101"]):
        house.do(enrol_device, name, container=HERE)
        house.do(certify_device, issue(house, name, 30 + number))
    house.now += timedelta(days=1)
    house.do(certify_device, issue(house, "CL-100", 40))
    fix(house, "CL-100", THERE)
    house.do(revoke_device, "CL-101", "lost")
    with house.engine.begin() as connection:
        before = [connection.execute(select(one)).fetchall() for one in tables_devices.TABLES]
        for table in tables_devices.TABLES:
            connection.execute(delete(table))
        for fact in house.facts:
            for project in tables_devices.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        after = [connection.execute(select(one)).fetchall() for one in tables_devices.TABLES]
    assert after == before
    assert all(before)
