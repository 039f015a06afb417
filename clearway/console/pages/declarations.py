"""Declarations: the list, one consignment, the receipts of its facts, release by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.clearance import tables as clearance
from clearway.clearance.actions.release import release
from clearway.console import tables
from clearway.console.consignment import gather, is_confidential
from clearway.console.permission import (
    is_trader,
    may,
    seen_declaration,
    sees_container,
)
from clearway.console.render import page
from clearway.console.visitor import Visitor, place_in_log, sealed_form, visitor_of
from clearway.console.work import do, look
from clearway.declarations import tables as declarations
from clearway.declarations.lifecycle import Status
from clearway.declarations.record import Filter, Summary
from clearway.errors import InputError, NotFound
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.terms.identifiers import Mrn

_PAGE = 50
_LONGEST_SEARCH = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A declaration as a line of the list."""

    mrn: str
    status: str
    channel: str
    goods: str
    dispatch: str
    importer: str
    accepted_at: datetime | None


async def listing(request: Request) -> Response:
    """Show declarations, the latest first; traders see those of parties they represent."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    actor, asked = visitor.actor, request.query_params
    party = {"party": actor.party} if is_trader(actor) and actor.party else {}
    node.policy.require(actor, "declaration.read", party)
    search, status = asked.get("search", "")[:_LONGEST_SEARCH].strip(), asked.get("status", "")
    criteria = Filter(
        statuses=frozenset({Status(status)} if status in set(Status) else ()),
        visible_to=actor.represents if is_trader(actor) else None,
        text=search,
    )
    before = int(text) if (text := asked.get("cursor", "")).isdecimal() and len(text) < 16 else None
    shows_channel = may(node, actor, "risk.read")

    def query(connection: Connection) -> tuple[list[Row], int | None]:
        found = declarations.list_declarations(connection, criteria, limit=_PAGE, before=before)
        return [_row(connection, one, shows_channel) for one in found.items], found.next

    rows, following = await look(node, query)
    return page(
        request,
        visitor,
        "declarations.html",
        rows=rows,
        following=following,
        search=search,
        chosen=status,
        statuses=list(Status),
        shows_channel=shows_channel,
    )


def _row(connection: Connection, summary: Summary, shows_channel: bool) -> Row:
    goods = clearance.find(connection, summary.mrn)
    return Row(
        str(summary.mrn),
        summary.status.value,
        goods.channel if goods and shows_channel else "",
        goods.goods if goods else "",
        summary.country_of_dispatch.name,
        summary.trader_name or str(summary.trader or ""),
        summary.at.get(Status.ACCEPTED) or summary.at.get(Status.REJECTED),
    )


async def one(request: Request) -> Response:
    """Show one consignment."""
    return await _show(request, visitor_of(request))


async def _show(
    request: Request, visitor: Visitor, *, refusal: str = "", reason: str = "", status: int = 200
) -> Response:
    node: Node = request.app.state.node
    mrn = request.path_params["mrn"]
    view = await look(node, lambda connection: gather(node, visitor.actor, connection, mrn))
    return page(
        request,
        visitor,
        "consignment.html",
        status=status,
        view=view,
        refusal=refusal,
        reason=reason,
    )


async def release_by_hand(request: Request) -> Response:
    """Release what the rules hold, with the officer's reason."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    mrn, reason = request.path_params["mrn"], fields.get("reason", "")
    await look(node, lambda connection: seen_declaration(node, visitor.actor, connection, mrn))
    try:
        await do(node, visitor.actor, lambda act: release(act, Mrn(mrn), reason))
    except InputError as error:
        return await _show(
            request, visitor, refusal=error.detail, reason=reason, status=error.status
        )
    return RedirectResponse(f"/console/declarations/{mrn}", 303)


async def receipt(request: Request) -> Response:
    """Hand out the receipt of a fact whose subject the visitor may see."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    seq = place_in_log(request)
    node.policy.require(visitor.actor, "ledger.read", {})

    def query(connection: Connection) -> bytes:
        event = tables.event_at(connection, seq)
        if event is None or not _may_see(node, visitor.actor, connection, event):
            raise NotFound(f"There is no fact {seq} that you may see")
        return node.stored_receipt(seq)

    content = await look(node, query)
    name = f'attachment; filename="receipt-{seq}.json"'
    return Response(content, 200, {"Content-Disposition": name}, "application/json")


def _may_see(node: Node, actor: Actor, connection: Connection, event: tables.Event) -> bool:
    """Return whether the actor may see what a fact holds: its noun's `read`, and its subject's."""
    kind, _, id = event.subject.partition(":")
    if kind in ("declaration", "examination"):
        mrn = id if kind == "declaration" else id.rpartition("-")[0]
        summary = seen_declaration(node, actor, connection, mrn)
        known = summary.policy_attributes
        if is_confidential(connection, event, summary.mrn) and not may(node, actor, "risk.read"):
            return False
    elif kind == "container":
        return sees_container(node, actor, connection, id)
    else:
        known = {}
    return may(node, actor, f"{event.type.partition('.')[0]}.read", **known)


ROUTES = [
    Route("/declarations", listing),
    Route("/declarations/{mrn}", one),
    Route("/declarations/{mrn}/release", release_by_hand, methods=["POST"]),
    Route("/receipts/{seq:int}", receipt),
]
