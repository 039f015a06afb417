"""Movements: arrivals, gates, weights, seals, handovers, devices; and where seals may be opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
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
from clearway.clearance.stays import container_stays
from clearway.identity.model import Actor, ActorKind
from clearway.movements import tables
from clearway.movements.actions.authorise_place import authorise_place, withdraw_place
from clearway.movements.formats import json
from clearway.movements.model import Whereabouts
from clearway.policy.act import Act

router = APIRouter(prefix="/v1", tags=["movements"], responses=RESPONSES, route_class=StrictRoute)

MOST_STAYS = 1_000
"""The newest containers of a party; older ones are asked for at the declarations themselves."""

VOYAGE = timedelta(days=92)
"""How far back firms see who held a container: before that it carried another's goods."""

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

    is_official = actor.kind is not ActorKind.TRADER
    since = None if is_official else node.clock() - VOYAGE

    def query() -> dict[str, Any]:
        with node.reading() as connection:
            with as_absent(actor, f"movement of container {container}"):
                stated = _stated(connection, actor, container)
                node.policy.require(actor, "movement.read", stated)
            return {
                "whereabouts": tables.get(connection, container),
                "custody": tables.custody_spans(connection, container, since=since),
                "seals": tables.seals_on(connection, container),
                "devices": [
                    {"device": device, "since": since}
                    for device, since in tables.devices_on(connection, container)
                ],
                "alarms": tables.list_alarms(connection, container=container, standing_only=False),
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


def _stated(connection: Connection, actor: Actor, container: str) -> dict[str, str]:
    """Return what policy is told: the container, and whose goods are in it, if they are theirs."""
    named = {"container": container}
    for party in sorted(actor.represents):
        stays = container_stays(connection, (party,), MOST_STAYS)
        if any(stay.container == container for stay in stays):
            return {**named, "party": party}
    return named
