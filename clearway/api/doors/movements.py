"""Movements: arrivals, gates, weights, seals, handovers, devices; and where seals may be opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, position_of
from clearway.api.movement_bodies import MOVEMENT
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent
from clearway.api.strict import StrictRoute
from clearway.api.task_forms import PlaceIn, WhyIn
from clearway.api.work import act, look, perform
from clearway.clearance.actions.receive_movement import receive_movement
from clearway.clearance.event_sight import BEFORE_LODGING, goods_of
from clearway.identity.model import Actor, ActorKind
from clearway.movements import tables
from clearway.movements.actions.authorise_place import authorise_place, withdraw_place
from clearway.movements.formats import json
from clearway.movements.model import Whereabouts
from clearway.policy.act import Act

router = APIRouter(prefix="/v1", tags=["movements"], responses=RESPONSES, route_class=StrictRoute)


Code = Annotated[str, Path(max_length=35)]


@router.post("/movements", status_code=201, openapi_extra=MOVEMENT)
async def movements(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Tell of a container: arrived, departed, gate, seal, weight, handover, device.

    At arrival, what was decided before takes effect: `released` names what may go. A seal or
    a weight that is not as declared or authorised makes an alarm, a task and an examination.
    """
    body = await request.body()

    def prepare() -> Callable[[Act], object]:
        movement = json.read(body)
        return lambda hand: receive_movement(hand, movement)

    outcome = await perform(node, actor, prepare)
    return answer(outcome.result, status=201)


@router.get("/movements")
async def here(
    node: TheNode,
    actor: TheActor,
    office: Annotated[str, Query(min_length=2, max_length=17)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the containers that are at an office's place, the longest waiting first."""
    node.policy.require(actor, "movement.read", {"office": office})
    after = position_of(cursor, tuple[datetime, str])

    def query() -> tuple[Whereabouts, ...]:
        with node.reading() as connection:
            return tables.list_here(connection, office, after=after, limit=limit)

    found = await look(node, actor, query)
    last = found[-1] if len(found) == limit else None
    following = None
    if last is not None and last.since is not None:
        following = cursor_of(last.since.isoformat(), str(last.container))
    return answer(found, following=following)


@router.get("/movements/{container}")
async def container(
    container: Annotated[str, Path(max_length=20)], node: TheNode, actor: TheActor
) -> Response:
    """Return where a container is, who held it when, its seals, devices and alarms."""

    def query() -> dict[str, Any]:
        with node.reading() as connection:
            party, since = _whose(connection, actor, container, node.clock())
            with as_absent(actor, f"movement of container {container}"):
                node.policy.require(actor, "movement.read", {"container": container, **party})
            alarms = tables.list_alarms(connection, container=container, standing_only=False)
            return {
                "whereabouts": tables.get(connection, container),
                "custody": tables.custody_spans(connection, container, since=since),
                "seals": [one for one in tables.seals_on(connection, container) if one.at >= since],
                "devices": [
                    {"device": device, "since": at}
                    for device, at in tables.devices_on(connection, container)
                ],
                "alarms": [one for one in alarms if one.alarm.at >= since],
            }

    return answer(await look(node, actor, query))


@router.get("/places")
async def places(
    node: TheNode, actor: TheActor, office: Annotated[str, Query(max_length=17)] = ""
) -> Response:
    """List the places where seals may be opened, with their hours."""
    node.policy.require(actor, "movement.read", {"office": office})

    def query() -> object:
        with node.reading() as connection:
            return tables.list_places(connection, office)

    return answer(await look(node, actor, query))


@router.put("/places/{code}")
async def authorise(code: Code, body: PlaceIn, node: TheNode, actor: TheActor) -> Response:
    """Authorise a place; it replaces what was authorised under its code."""
    place = body.place(code)
    outcome = await act(node, actor, lambda hand: authorise_place(hand, place))
    return answer({"place": place, "seq": outcome.result.seq})


@router.post("/places/{code}/withdraw")
async def withdraw(code: Code, body: WhyIn, node: TheNode, actor: TheActor) -> Response:
    """Authorise nothing at a place any more."""
    outcome = await act(node, actor, lambda hand: withdraw_place(hand, code, body.reason))
    return answer({"place": code, "seq": outcome.result.seq})


def _whose(
    connection: Connection, actor: Actor, container: str, now: datetime
) -> tuple[dict[str, str], datetime]:
    """Return the party whose goods are in a container now, if it is theirs, and since when to tell.

    The same box carried another's goods before, and will again: a firm is told of this voyage only.
    """
    if actor.kind is not ActorKind.TRADER:
        return {}, datetime.min.replace(tzinfo=UTC)
    found = goods_of(connection, actor.represents, container, now)
    if found is None:
        return {}, now - BEFORE_LODGING
    party, stay = found
    return {"party": party}, stay.lodged_at - BEFORE_LODGING
