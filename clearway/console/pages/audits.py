"""Audits after clearance: what an agency found in the books once the goods had left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.clearance import tables as clearance
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.model import Result
from clearway.clearance.record import State
from clearway.console.consignment import assessment_of
from clearway.console.filled import EMPTY, Filled
from clearway.console.pages.examinations import FINDINGS, currency_of, result_of
from clearway.console.permission import may, seen_declaration
from clearway.console.render import page
from clearway.console.visitor import Visitor, sealed_form, visitor_of
from clearway.console.words import DISCREPANCIES
from clearway.console.work import do, look
from clearway.declarations import tables as declarations
from clearway.declarations.model import Item
from clearway.declarations.record import Summary
from clearway.errors import BadTerm, InputError
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.risk.looking import CODE as LOOK_FOR
from clearway.risk.tables import StoredAssessment
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Currency


@dataclass(frozen=True, slots=True)
class View:
    """What the form shows beside its fields.

    Args:
        released_at: when the goods left, aware UTC; None: they have not.
        results: audits reported so far.
        can_report: whether the actor's agency may report one now.
        assessment: why risk chose this one, for those who may read it.
    """

    summary: Summary
    items: tuple[Item, ...]
    currency: Currency
    released_at: datetime | None
    results: Sequence[Result]
    can_report: bool
    assessment: StoredAssessment | None


async def form(request: Request) -> Response:
    """Show the form of an audit, or what was reported."""
    return await _show(request, visitor_of(request), EMPTY)


async def _show(request: Request, visitor: Visitor, filled: Filled) -> Response:
    node: Node = request.app.state.node
    mrn = request.path_params["mrn"]
    view = await look(node, lambda connection: _view(node, visitor.actor, connection, mrn))
    return page(
        request,
        visitor,
        "audit.html",
        view=view,
        today=node.clock().date(),
        kinds=DISCREPANCIES,
        look_for=LOOK_FOR,
        lines=range(1, FINDINGS + 1),
        **filled.shown,
    )


def _view(node: Node, actor: Actor, connection: Connection, mrn: str) -> View:
    summary = seen_declaration(node, actor, connection, mrn)
    known = summary.policy_attributes | {"agency": actor.agency}
    node.policy.require(actor, "clearance.examine", known)
    goods = clearance.find(connection, summary.mrn)
    results = clearance.audits_of(connection, summary.mrn)
    declared = declarations.get(connection, summary.mrn).declaration
    is_released = goods is not None and goods.state is State.RELEASED
    return View(
        summary,
        declared.items,
        currency_of(declared),
        goods.released_at if goods is not None and is_released else None,
        results,
        is_released and actor.agency not in {one.agency for one in results},
        assessment_of(node, actor, connection, summary.mrn)
        if may(node, actor, "risk.read")
        else None,
    )


async def record(request: Request) -> Response:
    """Record what was found; a mistake brings the form back as it was filled in."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    mrn = request.path_params["mrn"]
    await look(node, lambda connection: _view(node, visitor.actor, connection, mrn))
    try:
        await do(node, visitor.actor, lambda act: _record(act, Mrn(mrn), fields))
    except InputError as error:
        return await _show(request, visitor, Filled(fields, error))
    return RedirectResponse(f"/console/audits/{mrn}", 303)


def _record(act: Act, mrn: Mrn, fields: Mapping[str, str]) -> Fact:
    released_at = clearance.get(act.connection, mrn).released_at
    currency = currency_of(declarations.get(act.connection, mrn).declaration)
    began = _begun(fields.get("begun", ""), released_at, act.now)
    return record_audit(act, mrn, result_of(fields, act, began, currency))


def _begun(text: str, released_at: datetime | None, now: datetime) -> datetime:
    """Return when an audit began. Raises: BadTerm: no day from the release to today."""
    rule = "is a day from the release to today, such as 2026-07-15"
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadTerm("Begun on", text, rule, field="begun") from error
    earliest = now if released_at is None else released_at
    if not earliest.date() <= day <= now.date():
        raise BadTerm("Begun on", text, rule, field="begun")
    return max(earliest, datetime.combine(day, time.min, UTC))


ROUTES = [
    Route("/audits/{mrn}", form, methods=["GET"]),
    Route("/audits/{mrn}", record, methods=["POST"]),
]
