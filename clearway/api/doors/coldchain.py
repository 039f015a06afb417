"""Reefers: journeys, readings, alarms, remaining shelf life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import Place, answer, cursor_of, place_of, position_of
from clearway.api.problems import RESPONSES, plain_problem
from clearway.api.work import act, look, perform
from clearway.clearance.actions.begin_journey import begin_journey
from clearway.clearance.actions.receive_readings import receive_readings
from clearway.coldchain import commodities, envelope, tables
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.actions.record_readings import Recorded
from clearway.coldchain.formats import csv, json
from clearway.coldchain.judgement import judge
from clearway.coldchain.model import Alarm, Batch, Forecast, Outlook, RaisedAlarm
from clearway.coldchain.spoilage import forecast
from clearway.coldchain.state import Unit
from clearway.errors import BadTerm
from clearway.identity.model import Actor, ActorKind
from clearway.node.node import Node
from clearway.node.telemetry import Incoming
from clearway.policy.act import Act
from clearway.terms.finding import Finding

router = APIRouter(prefix="/v1", tags=["cold chain"], responses=RESPONSES)


@router.post("/journeys", status_code=201)
async def journeys(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Say which perishable goods went into which container; see docs/design/readings.md."""
    body = await request.body()

    def prepare() -> Callable[[Act], tuple[Alarm, ...]]:
        journey = json.read_journey(body)
        return lambda hand: begin_journey(hand, journey)

    outcome = await perform(node, actor, prepare)
    return answer({"alarms": outcome.result}, status=201)


@router.post("/readings", status_code=201)
async def readings(
    request: Request,
    node: TheNode,
    actor: TheActor,
    container: Annotated[str | None, Query(max_length=20)] = None,
    device: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Take in a batch of readings (JSON), or a logger's file (text/csv with container and device).

    A signed batch (docs/design/device.md) comes as application/cose. Answered when the readings are
    durable; the same batch again is answered the same.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/cose"):
        return await _signed(node, actor, body)
    is_csv = kind.startswith("text/csv")

    def prepare() -> Callable[[Act], tuple[tuple[Recorded, ...], tuple[Finding, ...]]]:
        batches, findings = _read(body, is_csv, container, device)
        for batch in batches:
            node.telemetry.proving.require_entitled(actor, batch)
        return lambda hand: (tuple(receive_readings(hand, batch) for batch in batches), findings)

    outcome = await perform(node, actor, prepare)
    recorded, findings = outcome.result
    counts = {
        "recorded": sum(one.recorded for one in recorded),
        "repeated": sum(one.repeated for one in recorded),
        "differing": sum(one.differing for one in recorded),
    }
    if counts["differing"]:
        return _differing(counts)
    alarms = [alarm for one in recorded for alarm in one.alarms]
    return answer({**counts, "alarms": alarms, "findings": findings}, status=201)


async def _signed(node: Node, actor: Actor, body: bytes) -> Response:
    """Take in a signed batch, from its device or from whoever carries it."""
    sender = actor.id if actor.kind is ActorKind.DEVICE else envelope.read(body).device
    node.policy.require(actor, "coldchain.record_readings", {"device": sender})
    message = Incoming(sender, body, "signed", node.clock())
    receipt = await asyncio.wrap_future(node.telemetry.submit(message))
    counts = {name: getattr(receipt, name) for name in ("recorded", "repeated", "differing")}
    if counts["differing"]:
        return _differing(counts)
    place = {"boot_id": receipt.boot_id, "committed_seq": receipt.committed_seq}
    return answer({**counts, **place}, status=201)


def _differing(counts: dict[str, int]) -> Response:
    return plain_problem(
        "conflicting_readings",
        "Other values for readings on file",
        409,
        f"{counts['differing']} readings are on file with other values; those on file hold and"
        " an alarm was recorded. Number new readings anew; never change one that was sent",
        **counts,
    )


@router.get("/reefers")
async def reefers(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List reefers at the border, those with the least life left first."""
    node.policy.require(actor, "coldchain.read", {})
    position = position_of(cursor, tuple[int, str])
    after = None if position is None else (position[0], position[1])

    def query() -> tuple[Unit, ...]:
        with node.reading() as connection:
            return tables.list_units(connection, after=after, limit=limit)

    units = await look(node, actor, query)
    following = cursor_of(*tables.urgency_of(units[-1])) if len(units) == limit else None
    return answer([summary(unit) for unit in units], following=following)


@router.get("/reefers/{container}")
async def reefer(
    container: str,
    node: TheNode,
    actor: TheActor,
    hours: Annotated[int, Query(ge=1, le=240)] = 48,
) -> Response:
    """Return a reefer's journey, thinned out, and the forecast of the next hours."""
    node.policy.require(actor, "coldchain.read", {"container": container})

    def query() -> dict[str, object]:
        with node.reading() as connection:
            unit = tables.get_unit(connection, container)
            history = tables.get_history(connection, container)
        return {**summary(unit), "history": history, "forecast": outlook(unit, hours)}

    return answer(await look(node, actor, query))


@router.get("/alarms")
async def alarms(
    node: TheNode,
    actor: TheActor,
    standing: bool = True,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List alarms, the newest first; standing ones only unless `standing=false`."""
    node.policy.require(actor, "coldchain.read", {})
    before = place_of(cursor)

    def query() -> tuple[RaisedAlarm, ...]:
        with node.reading() as connection:
            return tables.list_alarms(
                connection, standing_only=standing, before=before, limit=limit
            )

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.post("/alarms/{seq}/acknowledge")
async def acknowledge(
    seq: Place, node: TheNode, actor: TheActor, note: Annotated[str, Query(max_length=1_000)] = ""
) -> Response:
    """Take on an alarm."""
    outcome = await act(node, actor, lambda hand: acknowledge_alarm(hand, seq, note))
    return answer({"alarm": seq, "acknowledged_by": actor.reference, "seq": outcome.result.seq})


def summary(unit: Unit) -> dict[str, object]:
    """Return what a list shows of a reefer."""
    journey, goods = unit.journey, unit.state.goods
    commodity = None if journey is None else commodities.get(journey.commodity)
    return {
        "container": unit.container,
        "commodity": None if commodity is None else commodity.name,
        "set_point_c": unit.state.set_point_c,
        "life": unit.life,
        "judged": None if goods is None or commodity is None else judge(goods, commodity),
        "readings": unit.readings,
        "standing": unit.standing,
        "departed_at": unit.departed_at,
    }


def outlook(unit: Unit, hours: int) -> Forecast | None:
    """Return what becomes of the goods if nothing changes, None without goods or readings."""
    if unit.journey is None or unit.life is None:
        return None
    commodity = commodities.get(unit.journey.commodity)
    return forecast(unit.state, commodity, Outlook.AS_NOW, hours=hours)


def _read(
    body: bytes, is_csv: bool, container: str | None, device: str | None
) -> tuple[tuple[Batch, ...], tuple[Finding, ...]]:
    if is_csv:
        return csv.read(
            body, device=_given("device", device), container=_given("container", container)
        )
    batch, findings = json.read(body)
    return (batch,), findings


def _given(name: str, value: str | None) -> str:
    if not value:
        raise BadTerm(name, value, f"a CSV needs ?{name}=... in the query", field=name)
    return value
