"""Devices at the doors: enrolled at a running node, sending over HTTP, renewing, revoked."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.coldchain import tables
from clearway.coldchain.formats import json as plain
from clearway.coldchain.formats import signed
from clearway.identity import device_certificates as certificates
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.renewal import write_renewal
from clearway.node.clock import entropy
from clearway.simulator.device_links import HttpLink
from clearway.simulator.device_run import Bench, Plan, Tampering, tampered
from clearway.terms.transport import ContainerNumber
from tests.api.test_epcis import document

HERE = ContainerNumber("CSQU3054383")
OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))
KEYS = [ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12, 13)]
COSE = {"Content-Type": "application/cose"}


def token(border: Any, name: str) -> None:
    made = border.node.act(OWNER, lambda hand: issue_token(hand, name, entropy(32)))
    border.tokens[name] = made.result().result


@pytest.fixture
def house(border: Any) -> Any:
    """A border with an administrator and a device, `reefer-1`, fixed to a container."""
    border.node.act(
        OWNER,
        lambda hand: open_account(
            hand, "admin", ActorKind.OFFICER, "customs", {Role.ADMINISTRATOR}, name="admin"
        ),
    ).result()
    token(border, "admin")
    answer = enrol(border, "reefer-1", KEYS[0])
    assert answer.status_code == 201, answer.text
    token(border, "reefer-1")
    return border


def enrol(border: Any, name: str, key: Any, who: str = "admin", **changes: Any) -> Any:
    form = {"device": name, "container": str(HERE), "request": certificates.request(name, key)}
    return border.ask("POST", "/v1/devices", who, json=form | changes)


def test_an_administrator_enrols_a_device_at_a_running_node(house: Any) -> None:
    (listed,) = house.ask("GET", "/v1/devices", "admin").json()["data"]
    assert (listed["device"], listed["container"]) == ("reefer-1", str(HERE))
    made = enrol(house, "gate-3", KEYS[1], container=None).json()["data"]
    issued = certificates.read(made["certificate"])
    assert issued.name == "gate-3"
    certificates.verify_client(made["certificate"], made["authority"], issued.not_before)
    assert enrol(house, "gate-3", KEYS[1]).status_code == 409
    assert enrol(house, "gate-4", KEYS[1], request="x").status_code == 400
    other = certificates.request("gate-5", KEYS[1])
    assert enrol(house, "gate-4", KEYS[1], request=other).status_code == 422
    for who in ("carrier", "auditor", "reefer-1"):
        assert enrol(house, "gate-4", KEYS[1], who=who).status_code == 403
    assert house.ask("GET", "/v1/devices", "carrier").status_code == 403
    page = house.ask("GET", "/v1/devices?limit=1", "admin").json()
    assert [one["device"] for one in page["data"]] == ["gate-3"]


def test_a_device_sends_signed_batches_over_http(house: Any, tmp_path: Path) -> None:
    link = HttpLink("http://testserver", house.tokens["reefer-1"], house.http._transport)
    bench = Bench("reefer-1", HERE, KEYS[0], tmp_path / "d.db", link, time.monotonic)
    report = bench.run(Plan(readings=48, cuts=(30,)), house.clock() - timedelta(days=1))
    assert (report.waiting, report.refused, report.lost) == (0, [], 6)
    with house.node.reading() as connection:
        assert len(tables.get_readings(connection, HERE)) == 42
    last = bench.device.last
    bench.close()
    again = house.ask("POST", "/v1/readings", "carrier", content=last, headers=COSE)
    assert (again.status_code, again.json()["data"]["repeated"]) == (201, 6)
    forged = tampered(last, Tampering.REWRITE, KEYS[0])
    answer = house.ask("POST", "/v1/readings", "reefer-1", content=forged, headers=COSE)
    assert (answer.status_code, answer.json()["differing"]) == (409, 6)
    for how in (Tampering.BIT, Tampering.KEY):
        forged = tampered(last, how, KEYS[0])
        answer = house.ask("POST", "/v1/readings", "reefer-1", content=forged, headers=COSE)
        assert answer.status_code in (400, 422), answer.text
    forged = tampered(last, Tampering.NAME, KEYS[0])
    for who, status in (("reefer-1", 403), ("carrier", 403), ("acme", 403)):
        answer = house.ask("POST", "/v1/readings", who, content=forged, headers=COSE)
        assert answer.status_code == status, answer.text
    unsigned = plain.write(signed.read(last).batch)
    answer = house.ask("POST", "/v1/readings", "carrier", content=unsigned)
    assert answer.status_code == 403 and "signs its batches" in answer.json()["detail"]


def test_nobody_else_sends_unsigned_readings_of_a_device_with_a_key(house: Any) -> None:
    body = {
        "device": "reefer-1",
        "container": str(HERE),
        "boot_id": "a",
        "readings": [{"seq": 0, "at": "2026-07-14T05:00:00Z", "return_c": 4.0}],
    }
    answer = house.ask("POST", "/v1/readings", "carrier", json=body)
    assert answer.status_code == 403, answer.text
    assert "a key of its own" in answer.json()["detail"]


def test_a_device_renews_itself_with_the_key_that_it_has(house: Any) -> None:
    path = "/v1/devices/reefer-1/renewals"

    def renew(body: bytes, who: str = "reefer-1") -> Any:
        return house.ask("POST", path, who, content=body, headers=COSE)

    by_thief = write_renewal("reefer-1", KEYS[1], KEYS[2])  # has the token, not the key
    assert renew(by_thief).status_code == 403
    assert renew(write_renewal("other", KEYS[1], KEYS[0])).status_code == 422
    assert renew(b"nothing").status_code == 400
    broken = bytearray(write_renewal("reefer-1", KEYS[1], KEYS[0]))
    broken[-1] ^= 1
    assert renew(bytes(broken)).status_code == 422
    good = write_renewal("reefer-1", KEYS[1], KEYS[0])
    assert renew(good, "carrier").status_code == 403
    answer = renew(good)
    assert answer.status_code == 201, answer.text
    made = certificates.read(answer.json()["data"]["certificate"])
    assert made.public_key == certificates.spki(KEYS[1].public_key())
    assert renew(good).status_code == 403  # the first key is no longer the present one


def test_a_revoked_device_is_heard_no_more_and_stands_on_the_list(house: Any) -> None:
    path = "/v1/devices/reefer-1/revocations"
    assert house.ask("POST", path, "carrier", json={"reason": "no"}).status_code == 403
    answer = house.ask("POST", path, "admin", json={"reason": "stolen"})
    assert answer.status_code == 201, answer.text
    listed = x509.load_pem_x509_crl((house.node.folder.root / "device-ca.crl").read_bytes())
    assert len(list(listed)) == 1
    (told,) = house.ask("GET", "/v1/devices", "admin").json()["data"]
    assert told["revoked_at"] is not None
    answer = house.ask("POST", "/v1/readings", "reefer-1", content=b"x", headers=COSE)
    assert answer.status_code == 401
    assert house.ask("POST", path, "admin", json={"reason": "stolen"}).status_code == 409
    missing = house.ask("POST", "/v1/devices/none/revocations", "admin", json={"reason": "x"})
    assert missing.status_code == 404


def test_a_device_tells_of_its_own_container_and_fixes_itself_to_no_other(house: Any) -> None:
    other = str(ContainerNumber.build("TSKU000999"))
    at = (house.clock() - timedelta(minutes=5)).isoformat()
    enrol(house, "gate-3", KEYS[1], container=None)
    token(house, "gate-3")

    def tell(who: str, event: str, container: str, **own: Any) -> int:
        said = {"event": event, "container": container, "at": at, **own}
        status: int = house.ask("POST", "/v1/movements", who, json=said).status_code
        return status

    opened = {"seal": "EC-4711", "state": "opened"}
    assert tell("reefer-1", "seal_reported", str(HERE), **opened) == 201
    assert tell("reefer-1", "seal_reported", other, **opened) == 403
    assert tell("reefer-1", "arrived", other, office="XAPRT", vessel="MV AURORA") == 403
    assert tell("gate-3", "seal_reported", other, **opened) == 201, "a gate is fixed to none"
    for who, device, container in (
        ("reefer-1", "reefer-1", other),
        ("reefer-1", "gate-3", str(HERE)),
        ("gate-3", "gate-3", other),
    ):
        fixed = {"device": device, "action": "ADD", "place": "yard"}
        assert tell(who, "device_associated", container, **fixed) == 403, (who, device)
    batch = {
        "device": "reefer-1",
        "container": other,
        "boot_id": "1",
        "readings": [{"seq": 0, "at": at}],
    }
    assert house.ask("POST", "/v1/readings", "reefer-1", json=batch).status_code == 403
    event = {
        "eventTime": at, "eventTimeZoneOffset": "+00:00", "type": "AssociationEvent",
        "action": "ADD", "parentID": f"urn:epc:id:bic:{other}",
        "childEPCs": ["urn:clearway:device:reefer-1"], "bizStep": "installing",
    }  # fmt: skip
    told = house.ask("POST", "/v1/epcis/capture", "reefer-1", json=document(event))
    assert told.status_code == 403, told.text
    seen = {
        "eventTime": at, "eventTimeZoneOffset": "+00:00", "type": "ObjectEvent",
        "action": "OBSERVE", "bizStep": "inspecting", "disposition": "damaged",
    }  # fmt: skip
    for container, status in ((other, 403), (str(HERE), 202)):
        one = {**seen, "epcList": [f"urn:epc:id:bic:{container}"]}
        told = house.ask("POST", "/v1/epcis/capture", "reefer-1", json=document(one))
        assert told.status_code == status, told.text
    zoneless = {"event": "arrived", "container": other, "office": "XAPRT", "at": at[:19]}
    assert house.ask("POST", "/v1/movements", "reefer-1", json=zoneless).status_code == 422
