"""What each office can do in a day and has used, held greens to stop, and the audit list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.clearance.actions.stop_green import stop_green
from clearway.clearance.lanes import tables as lanes
from clearway.clearance.lanes.tables import AuditEntry, Held
from clearway.clearance.model import Scope
from clearway.console.filled import EMPTY, Filled
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may, seen_declaration
from clearway.console.visitor import Visitor, sealed_form
from clearway.console.work import do, look
from clearway.errors import BadTerm, InputError
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.risk import tables
from clearway.risk.history import day_of
from clearway.risk.model import Capacity
from clearway.risk.tables import OfficeDay
from clearway.terms.identifiers import Mrn

_DAYS = 7
_MOST_SHOWN = 100
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Row:
    """An office on a day, beside what it can do."""

    done: OfficeDay
    room: Capacity


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows.

    Args:
        rows: offices by day.
        held: greens that may still be stopped, the next to go first; None: not for this visitor.
        audits: released goods to be audited, the latest first.
    """

    rows: Sequence[Row]
    held: Sequence[Held] | None
    audits: Sequence[AuditEntry]


async def capacity(request: Request) -> Response:
    """Show the last days, newest first."""
    return await _show(request, analyst_of(request), EMPTY)


async def _show(request: Request, visitor: Visitor, filled: Filled) -> Response:
    node: Node = request.app.state.node
    view = await look(node, lambda connection: _view(node, visitor.actor, connection))
    return show(
        request,
        visitor,
        "capacity.html",
        view=view,
        scopes=Scope,
        can_stop=may(node, visitor.actor, "clearance.stop"),
        **filled.shown,
    )


async def stop(request: Request) -> Response:
    """Stop a green declaration while it is held; a mistake brings the form back."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    mrn, reason = fields.get("mrn", ""), fields.get("reason", "")[:_LONGEST_REASON]
    await look(node, lambda connection: seen_declaration(node, visitor.actor, connection, mrn))
    try:
        scope = _scope(fields.get("scope", ""))
        await do(node, visitor.actor, lambda act: stop_green(act, Mrn(mrn), scope, reason))
    except InputError as error:
        return await _show(request, visitor, Filled(fields, error))
    return RedirectResponse(f"/console/declarations/{mrn}", 303)


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError as error:
        raise BadTerm("What is looked at", text, "is documents or goods", field="scope") from error


def _view(node: Node, actor: Actor, connection: Connection) -> View:
    held = lanes.list_held(connection, limit=lanes.MOST_LISTED)
    waiting = [one for one in held if one.until > node.clock()]
    return View(
        _rows(node, connection),
        waiting if may(node, actor, "clearance.read") else None,
        lanes.list_audits(connection, limit=_MOST_SHOWN),
    )


def _rows(node: Node, connection: Connection) -> Sequence[Row]:
    capacities = node.rulebook.selectivity.capacities
    today = day_of(node.clock())
    found = (tables.list_days(connection, today - back) for back in range(_DAYS))
    return [Row(one, capacities.of(one.office)) for days in found for one in days]


ROUTES = [
    Route("/risk/capacity", capacity, methods=["GET"]),
    Route("/risk/capacity/stop", stop, methods=["POST"]),
]
