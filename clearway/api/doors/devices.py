"""Devices: enrolled by an administrator, renewed by themselves, revoked; docs/design/device.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, position_of
from clearway.api.forms import Form
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look, perform
from clearway.coldchain import clock, links
from clearway.errors import BadTerm
from clearway.identity import device_certificates as certificates
from clearway.identity import renewal, tables_devices
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.renew_device import renew_device
from clearway.identity.actions.revoke_device import revoke_device, revoke_device_key
from clearway.identity.device_certificates import Issued
from clearway.identity.model import Device
from clearway.ledger.fact import Fact
from clearway.node import enrolling
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber

router = APIRouter(
    prefix="/v1/devices", tags=["devices"], responses=RESPONSES, route_class=StrictRoute
)

Pem = Annotated[str, Field(min_length=1, max_length=certificates.MOST_PEM)]
Text = Annotated[str, Field(max_length=100)]


class DeviceIn(Form):
    """A device to be enrolled; its request is signed with the key that it made."""

    device: Annotated[str, Field(max_length=64)]
    request: Pem
    container: Annotated[str | None, Field(max_length=20)] = None
    maker: Text = ""
    party: Annotated[str | None, Field(max_length=20)] = None


class RevocationIn(Form):
    """Why, and of which certificate's key; without one, the whole device."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    serial: Annotated[str | None, Field(max_length=40)] = None


@router.post("", status_code=201)
async def enrol(form: DeviceIn, node: TheNode, actor: TheActor) -> Response:
    """Enrol a device and issue its certificate."""
    node.policy.require(actor, "identity.manage", {"what": "device"})

    def prepare() -> Callable[[Act], Issued]:
        issued = enrolling.issue(node, form.device, _asked(form))
        container = None if form.container is None else ContainerNumber.read(form.container)
        party = None if form.party is None else PartyId(form.party)

        def record(hand: Act) -> Issued:
            enrol_device(hand, form.device, maker=form.maker, container=container, party=party)
            certify_device(hand, issued)
            return issued

        return record

    outcome = await perform(node, actor, prepare)
    return answer(_certificate(node, outcome.result), status=201)


@router.post("/{device}/renewals", status_code=201)
async def renew(device: str, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Issue the next certificate, asked for in the body (application/cose) with the present key."""
    node.policy.require(actor, "identity.renew_device", {"device": device})
    body = await request.body()

    def prepare() -> Callable[[Act], Issued]:
        with node.reading() as connection:
            known = tables_devices.get_device(connection, device)
        issued = enrolling.issue(node, device, renewal.verify_renewal(body, known, node.clock()))

        def record(hand: Act) -> Issued:
            renew_device(hand, issued)
            return issued

        return record

    outcome = await perform(node, actor, prepare)
    return answer(_certificate(node, outcome.result), status=201)


@router.post("/{device}/revocations", status_code=201)
async def revoke(device: str, form: RevocationIn, node: TheNode, actor: TheActor) -> Response:
    """Revoke a device for good, or one of its keys."""

    def record(hand: Act) -> Fact:
        if form.serial is None:
            return revoke_device(hand, device, form.reason)
        return revoke_device_key(hand, device, form.serial, form.reason)

    outcome = await act(node, actor, record)
    await look(node, actor, lambda: enrolling.write_revocations(node))
    return answer({"device": device, "serial": form.serial, "seq": outcome.result.seq}, status=201)


@router.get("")
async def devices(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List devices with their certificates and clocks, in order of their names."""
    node.policy.require(actor, "identity.read", {})
    after = position_of(cursor, tuple[str])

    def query() -> list[dict[str, Any]]:
        with node.reading() as connection:
            found = tables_devices.list_devices(
                connection, after=after[0] if after else "", limit=limit
            )
            return [
                {
                    **_told(one, links.list_stamps(connection, one.id), node.clock()),
                    "batches_missing": links.count_gaps(connection, one.id),
                }
                for one in found
            ]

    found = await look(node, actor, query)
    following = cursor_of(found[-1]["device"]) if len(found) == limit else None
    return answer(found, following=following)


def _asked(form: DeviceIn) -> bytes:
    name, public_key = certificates.read_request(form.request)
    if name != form.device:
        raise BadTerm("request", name, f"its common name must be {form.device}", field="request")
    return public_key


def _certificate(node: Node, issued: Issued) -> dict[str, Any]:
    return {
        "device": issued.name,
        "serial": issued.serial,
        "not_after": issued.not_after,
        "certificate": issued.pem,
        "authority": enrolling.open_authority(node).certificate,
    }


def _told(device: Device, stamps: Sequence[clock.Stamp], now: datetime) -> dict[str, Any]:
    key, found = device.key, clock.estimate(stamps)
    return {
        "device": device.id,
        "container": device.container,
        "maker": device.maker,
        "enrolled_at": device.enrolled_at,
        "revoked_at": device.revoked_at,
        "serial": None if key is None else key.serial,
        "not_after": None if key is None else key.not_after,
        "clock_ahead_s": None if found is None else round(found.ahead_at(now), 1),
        "drift_s_per_day": None if found is None else round(found.drift_s_per_day, 2),
        "clock_jumps": [{"at": one.at, "by_s": round(one.by_s)} for one in clock.jumps(stamps)],
    }
