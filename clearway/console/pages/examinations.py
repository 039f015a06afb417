"""Examinations: begin, and record what an agency found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.clearance import tables as clearance
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.model import Conformity, Discrepancy, Examination, Extent, Result
from clearway.clearance.rules import CONFIDENTIAL
from clearway.console.consignment import assessment_of, without_risk
from clearway.console.filled import EMPTY, Filled
from clearway.console.pages.risk.past import cases_in, history_of
from clearway.console.permission import may, seen_declaration
from clearway.console.render import page
from clearway.console.visitor import Visitor, sealed_form, visitor_of
from clearway.console.words import DISCREPANCIES
from clearway.console.work import do, look
from clearway.declarations import tables as declarations
from clearway.declarations.model import Declaration, Item
from clearway.declarations.record import Summary
from clearway.errors import BadTerm, InputError, WrongState
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.risk.goods import party_key
from clearway.risk.history import day_of
from clearway.risk.looking import CODE as LOOK_FOR
from clearway.risk.precedents import tables as precedents
from clearway.risk.precedents.model import Likeness, Precedent
from clearway.risk.precedents.rules import closest
from clearway.risk.tables import StoredAssessment
from clearway.terms.money import Currency, Money
from clearway.terms.reason import Reason

FINDINGS = 4
"""Lines of findings that the form offers; empty ones are not sent on."""

_LONGEST_DETAIL = 500
_MOST_LINES = 5
_MOST_CASES = 6
_LONGEST_NOTE = 1_000
_MOST_REVENUE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class View:
    """What the form shows beside its fields.

    Args:
        assessment: why risk chose this one, for those who may read it.
        cases: what was found in comparable goods before, closest first, for the same.
    """

    examination: Examination
    summary: Summary
    items: tuple[Item, ...]
    currency: Currency
    containers: tuple[str, ...]
    can_report: bool
    assessment: StoredAssessment | None
    cases: Sequence[Precedent]

    @property
    def look_for(self) -> Sequence[Reason]:
        """What to look for: a kind of fraud and a line."""
        reasons = () if self.assessment is None else self.assessment.assessment.reasons
        return [reason for reason in reasons if reason.code == LOOK_FOR]

    @property
    def why(self) -> Sequence[Reason]:
        """Why this one: all other sentences."""
        reasons = () if self.assessment is None else self.assessment.assessment.reasons
        return [reason for reason in reasons if reason.code != LOOK_FOR]


async def form(request: Request) -> Response:
    """Show the form of a result."""
    return await _show(request, visitor_of(request), EMPTY)


async def _show(request: Request, visitor: Visitor, filled: Filled) -> Response:
    node: Node = request.app.state.node
    id = request.path_params["id"]
    view = await look(node, lambda connection: _view(node, visitor.actor, connection, id))
    return page(
        request,
        visitor,
        "examination.html",
        view=view,
        kinds=DISCREPANCIES,
        lines=range(1, FINDINGS + 1),
        told_by_risk=CONFIDENTIAL,
        **filled.shown,
    )


def _view(node: Node, actor: Actor, connection: Connection, id: str) -> View:
    node.policy.require(actor, "clearance.read", {"examination": id})
    order = clearance.get_examination(connection, id)
    summary = seen_declaration(node, actor, connection, order.mrn)
    known = summary.policy_attributes | {"agency": actor.agency}
    can_report = (
        order.is_open
        and actor.agency in order.waiting_for
        and may(node, actor, "clearance.examine", **known)
    )
    declared = declarations.get(connection, order.mrn).declaration
    boxes = tuple(str(box.number) for box in declared.containers)
    assessment = assessment_of(node, actor, connection, summary.mrn)
    return View(
        without_risk(node, actor, order),
        summary,
        declared.items,
        currency_of(declared),
        boxes,
        can_report,
        assessment,
        () if assessment is None else _cases(node, connection, declared, assessment.at),
    )


def _cases(
    node: Node, connection: Connection, declared: Declaration, at: datetime
) -> Sequence[Precedent]:
    """Return comparable past cases of all lines, each once, those with a find first."""
    history = history_of(node)
    exporter = declared.exporter
    who = party_key(declared.importer.id, declared.importer.name)
    whence = "" if exporter is None else party_key(exporter.id, exporter.name)
    found: dict[tuple[str, int], Precedent] = {}
    for item in declared.items[:_MOST_LINES]:
        goods = Likeness(who, whence, str(item.hs), str(item.origin), day_of(at))
        own = precedents.find(connection, goods)
        before = () if history is None else cases_in(history, goods, at)
        for case in closest(goods, [*own, *before]):
            found.setdefault((case.mrn, case.item), case)
    ranked = sorted(found.values(), key=lambda case: (not case.found, -case.examined_day))
    return ranked[:_MOST_CASES]


def currency_of(declared: Declaration) -> Currency:
    """Return the currency of duties: the administration's where stated, else the invoice's."""
    stated = next((one.statistical_value for one in declared.items if one.statistical_value), None)
    return (stated or declared.invoice).currency


async def start(request: Request) -> Response:
    """Begin an examination and show the form of its result."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    await sealed_form(request, visitor)
    id = request.path_params["id"]
    await do(node, visitor.actor, lambda act: start_examination(act, id))
    return RedirectResponse(f"/console/examinations/{id}", 303)


async def record(request: Request) -> Response:
    """Record the result; a mistake brings the form back as it was filled in."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    id = request.path_params["id"]
    try:
        await do(node, visitor.actor, lambda act: _record(act, id, fields))
    except InputError as error:
        return await _show(request, visitor, Filled(fields, error))
    mrn = id.rpartition("-")[0]
    return RedirectResponse(f"/console/declarations/{mrn}", 303)


def _record(act: Act, id: str, fields: Mapping[str, str]) -> Fact:
    order = clearance.get_examination(act.connection, id)
    if order.started_at is None:
        raise WrongState("Begin the examination first; its time counts from then")
    currency = currency_of(declarations.get(act.connection, order.mrn).declaration)
    result = result_of(fields, act, order.started_at, currency)
    return record_examination(act, id, result)


def result_of(
    fields: Mapping[str, str], act: Act, started_at: datetime, currency: Currency
) -> Result:
    """Return the result that a form holds; whether it can be one is for the rules.

    Raises: BadTerm: a field is not what it should be; names it.
    """
    try:
        outcome = Conformity(fields.get("outcome", ""))
    except ValueError as error:
        raise BadTerm(
            "Outcome", fields.get("outcome", ""), "say whether the goods conform", field="outcome"
        ) from error
    found = tuple(_findings(fields, currency))
    return Result(
        agency=act.actor.agency,
        outcome=outcome,
        discrepancies=found,
        extra_revenue=_whole(fields, found, currency),
        started_at=started_at,
        ended_at=max(act.now, started_at),
        extent=_extent(fields.get("extent", ""), outcome),
        hours=_hours(fields.get("hours", "")),
        note=fields.get("note", "").strip()[:_LONGEST_NOTE],
    )


def _extent(text: str, outcome: Conformity) -> Extent:
    """Return how much was shown; a form of one line alone means all of it."""
    if outcome is Conformity.CONFORM:
        return Extent.NOTHING
    try:
        return Extent(text or Extent.FULL.value)
    except ValueError as error:
        raise BadTerm("Extent", text, "is partial or full", field="extent") from error


def _hours(text: str) -> float | None:
    plain = text.strip().replace(",", ".")
    if not plain:
        return None
    try:
        return float(plain)
    except ValueError as error:
        rule = "is a number of hours such as 1.5, or empty"
        raise BadTerm("Hours of work", text, rule, field="hours") from error


def _whole(
    fields: Mapping[str, str], found: Sequence[Discrepancy], currency: Currency
) -> Money | None:
    """Return the revenue of the whole: as it was told, else that of the lines together."""
    told = _revenue(fields.get("extra_revenue", ""), "extra_revenue")
    parts = sum((one.revenue.amount for one in found if one.revenue is not None), Decimal(0))
    amount = told or parts
    return Money(amount, currency) if amount else None


def _findings(fields: Mapping[str, str], currency: Currency) -> Iterator[Discrepancy]:
    for line in range(1, FINDINGS + 1):
        kind = fields.get(f"kind-{line}", "")
        detail = fields.get(f"detail-{line}", "").strip()
        item = fields.get(f"item-{line}", "").strip()
        revenue = _revenue(fields.get(f"revenue-{line}", ""), f"revenue-{line}")
        if not (kind or detail or item or revenue):
            continue
        if kind not in DISCREPANCIES:
            raise BadTerm("What was found", kind, "choose one of the list", field=f"kind-{line}")
        if not detail or len(detail) > _LONGEST_DETAIL:
            rule = f"say it in one sentence of at most {_LONGEST_DETAIL} characters"
            raise BadTerm("What was found", detail, rule, field=f"detail-{line}")
        yield Discrepancy(
            kind, _item(item, line), detail, Money(revenue, currency) if revenue else None
        )


def _item(text: str, line: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 3):
        rule = "is the number of a line of the declaration, or empty"
        raise BadTerm("Item", text, rule, field=f"item-{line}")
    return int(text)


def _revenue(text: str, field: str) -> Decimal:
    plain = text.strip().replace(",", ".").replace(" ", "")
    try:
        amount = Decimal(plain or "0")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < _MOST_REVENUE or amount != round(amount, 2):
        rule = "is an amount such as 1250.50, without a currency"
        raise BadTerm("Extra revenue", text, rule, field=field)
    return amount


ROUTES = [
    Route("/examinations/{id}", form, methods=["GET"]),
    Route("/examinations/{id}", record, methods=["POST"]),
    Route("/examinations/{id}/start", start, methods=["POST"]),
]
