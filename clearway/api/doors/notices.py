"""Notices: where somebody wants to be told of tasks, and what became of what was sent."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent
from clearway.api.strict import StrictRoute
from clearway.api.task_forms import AddressIn, WhyIn
from clearway.api.work import act, look
from clearway.connectors.notices import tables
from clearway.connectors.notices.actions.set_address import set_address, stated, withdraw_address
from clearway.connectors.notices.model import Address, Channel, Notice, Progress
from clearway.errors import Refused
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.node.notifying import webhook_secret

router = APIRouter(
    prefix="/v1/notices", tags=["notices"], responses=RESPONSES, route_class=StrictRoute
)

Name = Annotated[str, Path(max_length=64)]


def _may_manage(node: Node, actor: Actor, address: Address) -> bool:
    try:
        _require(node, actor, address)
    except Refused:
        return False
    return True


def _require(node: Node, actor: Actor, address: Address) -> None:
    node.policy.require(actor, "notice.manage", stated(address))


@router.get("/addresses")
async def addresses(node: TheNode, actor: TheActor) -> Response:
    """List the addresses that you may manage."""

    def query() -> list[Address]:
        with node.reading() as connection:
            known = tables.list_addresses(connection)
        return [one for one in known if _may_manage(node, actor, one)]

    return answer(await look(node, actor, query))


@router.put("/addresses/{name}")
async def put_address(name: Name, body: AddressIn, node: TheNode, actor: TheActor) -> Response:
    """Say where you want to be told; a webhook's secret is in the answer."""
    wanted = body.address(name, actor.agency)
    action = partial(set_address, address=wanted, renew_secret=body.renew_secret)
    outcome = await act(node, actor, action)
    made = outcome.result
    return answer({"address": made, "secret": _secret(node, made)})


@router.get("/addresses/{name}")
async def get_address(name: Name, node: TheNode, actor: TheActor) -> Response:
    """Return one of your addresses, with its secret."""

    def query() -> Address:
        with node.reading() as connection:
            found = tables.get_address(connection, name)
        with as_absent(actor, f"address {name}"):
            _require(node, actor, found)
        return found

    found = await look(node, actor, query)
    return answer({"address": found, "secret": _secret(node, found)})


@router.post("/addresses/{name}/withdraw")
async def drop_address(name: Name, body: WhyIn, node: TheNode, actor: TheActor) -> Response:
    """Be told there no more; what waits is cancelled."""
    outcome = await act(node, actor, lambda hand: withdraw_address(hand, name, body.reason))
    return answer({"address": name, "seq": outcome.result.seq})


@router.get("")
async def sent(
    node: TheNode,
    actor: TheActor,
    address: Annotated[str, Query(max_length=64)],
    progress: Progress | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List what was to be sent to one of your addresses, the newest first."""
    before = place_of(cursor)

    def query() -> tuple[Notice, ...]:
        with node.reading() as connection:
            known = tables.get_address(connection, address)
            with as_absent(actor, f"address {address}"):
                _require(node, actor, known)
            return tables.list_notices(
                connection, address=address, progress=progress, before=before, limit=limit
            )

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer([_shown(notice) for notice in found], following=following)


def _secret(node: Node, address: Address) -> str | None:
    return webhook_secret(node, address) if address.channel is Channel.WEBHOOK else None


def _shown(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "event": notice.event,
        "about": notice.about,
        "posted_at": notice.posted_at,
        "due_at": notice.due_at,
        "attempts": notice.attempts,
        "progress": notice.progress,
        "detail": notice.detail,
        "title": notice.title,
    }
