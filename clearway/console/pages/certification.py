"""Certificates that this node issues: apply, examine, approve, issue, print, withdraw."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.refuse import refuse
from clearway.certificates.actions.send_back import send_back
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import desk, form, tables
from clearway.certificates.issuing.course import STATES, Step
from clearway.certificates.issuing.model import Application, Result, ResultKind
from clearway.certificates.model import Key
from clearway.console import certification_form
from clearway.console.filled import Fields
from clearway.console.permission import is_trader
from clearway.console.render import page
from clearway.console.visitor import Visitor, sealed_form, visitor_of
from clearway.console.words import CERTIFICATE_KINDS
from clearway.console.work import do, look
from clearway.errors import BadTerm, InputError, NotFound, Refused, RuleViolation
from clearway.identity.model import Actor
from clearway.node import drafting, issuing
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.terms.finding import Finding
from clearway.terms.places import Country

_ON_A_PAGE: Final = 50
# Steps that a person takes on the page, in the order of the buttons.
HANDS_ON: Final = (
    Step.RECORD_RESULT, Step.APPROVE, Step.ISSUE, Step.SEND_BACK, Step.CANCEL, Step.REFUSE,
    Step.WITHDRAW,
)  # fmt: skip


async def applications(request: Request) -> Response:
    """List applications and certificates of ours; traders see those of their own party."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    party = visitor.actor.party
    node.policy.require(visitor.actor, "application.read", {"party": party} if party else {})
    wanted = request.query_params.get("state", "")
    state = wanted if wanted in STATES else None
    rows = await look(
        node,
        lambda connection: tables.list_applications(
            connection, state=state, party=party, limit=_ON_A_PAGE
        ),
    )
    return page(
        request, visitor, "applications.html", rows=rows, states=STATES, state=state or "",
        kinds={code: profile_of(code).name for code in CERTIFICATE_KINDS},
    )  # fmt: skip


async def blank(request: Request) -> Response:
    """Show the form of a new application, or one filled from an earlier certificate."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields: dict[str, str] = {}
    if earlier := request.query_params.get("from"):
        actor, key = visitor.actor, Key.parse(earlier)
        fields = certification_form.filled(
            await look(node, lambda _: drafting.copy(node, actor, key))
        )
    return _form(request, visitor, fields)


async def lodge(request: Request) -> Response:
    """File an application; what rules refuse brings the form back with a finding for each field."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    country = Country(node.settings.country)
    party = visitor.actor.party or fields.get("party", "").strip()
    try:
        asked = form.read(certification_form.document(fields, party=party), country=country)
        done = await do(node, visitor.actor, lambda act: apply(act, asked, country))
    except InputError as error:
        findings = error.findings if isinstance(error, RuleViolation) else ()
        return _form(
            request, visitor, fields, refusal=error.detail, findings=findings, status=error.status
        )
    return RedirectResponse(f"/console/certification/{done.number}", 303)


def _form(
    request: Request,
    visitor: Visitor,
    fields: Mapping[str, str],
    *,
    refusal: str = "",
    findings: tuple[Finding, ...] = (),
    status: int = 200,
) -> Response:
    return page(
        request,
        visitor,
        "application_form.html",
        status=status,
        fields=Fields(fields),
        lines=range(1, certification_form.LINES + 1),
        kinds={code: profile_of(code).name for code in CERTIFICATE_KINDS},
        refusal=refusal,
        findings=findings,
    )


async def application(request: Request) -> Response:
    """Show one application, or the certificate that became of it, and what may be done with it."""
    return await _show(request, visitor_of(request))


async def _show(
    request: Request, visitor: Visitor, *, refusal: str = "", status: int = 200
) -> Response:
    node: Node = request.app.state.node
    number = request.path_params["number"]
    held = await look(node, lambda connection: _seen(node, visitor.actor, connection, number))
    steps = {one.step: one for one in desk.possible_steps(held, visitor.actor, node.policy)}
    return page(
        request,
        visitor,
        "application.html",
        status=status,
        held=held,
        profile=profile_of(held.type_code),
        steps=[steps[step] for step in HANDS_ON if step in steps],
        kinds=tuple(ResultKind),
        refusal=refusal,
    )


async def step(request: Request) -> Response:
    """Take a step with an application; a mistake is told on its page."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    number, name = request.path_params["number"], request.path_params["step"]
    try:
        action = await look(node, lambda _: _action(node, visitor.actor, number, name, fields))
        await do(node, visitor.actor, action)
    except (InputError, Refused) as error:
        return await _show(request, visitor, refusal=error.detail, status=error.status)
    return RedirectResponse(f"/console/certification/{number}", 303)


def _action(
    node: Node, actor: Actor, number: str, name: str, fields: Mapping[str, str]
) -> Callable[[Act], Any]:
    """Return what a button asks for. Raises: NotFound: there is no such step."""
    reason = fields.get("reason", "").strip()
    if name == Step.ISSUE:
        return issuing.prepare(node, actor, number, fields.get("place", "").strip())
    if name == Step.RECORD_RESULT:
        result = _result(node, fields)
        return lambda act: record_result(act, number, result)
    simple: dict[str, Callable[[Act], Any]] = {
        Step.APPROVE: lambda act: approve(act, number),
        Step.SEND_BACK: lambda act: send_back(act, number, reason),
        Step.CANCEL: lambda act: cancel(act, number, reason),
        Step.REFUSE: lambda act: refuse(act, number, reason),
        Step.WITHDRAW: lambda act: withdraw_issued(act, _key(act, number), reason),
    }
    if name not in simple:
        raise NotFound(f"There is no step {name[:40]!r} with an application")
    return simple[name]


def _result(node: Node, fields: Mapping[str, str]) -> Result:
    """Return the result that a form holds. Raises: BadTerm: no such kind, or no words."""
    kind, text = fields.get("kind", ""), fields.get("text", "").strip()
    if kind not in tuple(ResultKind):
        raise BadTerm("Kind of result", kind, "choose one of the list", field="kind")
    if not text:
        raise BadTerm("What was found", text, "say it in a sentence", field="text")
    conforms = fields.get("conforms") == "yes"
    declaration = fields.get("declaration", "").strip()
    place = fields.get("place", "").strip()
    return Result(ResultKind(kind), conforms, node.clock(), place, text, declaration=declaration)


def _key(act: Act, number: str) -> Key:
    held = tables.get_application(act.connection, number)
    if held.key is None:
        raise NotFound(f"No certificate became of application {number} yet")
    return held.key


def _seen(node: Node, actor: Actor, connection: Connection, number: str) -> Application:
    """Return an application that the actor may see; to traders another's is not there."""
    held = tables.get_application(connection, number)
    try:
        desk.require_read(node.policy, actor, held)
    except Refused as refused:
        if is_trader(actor):
            raise NotFound(f"There is no application {number}") from refused
        raise
    return held


async def paper(request: Request) -> Response:
    """Give the certificate as it is printed, or its signed document."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    number, kind = request.path_params["number"], request.path_params["kind"]
    language = request.query_params.get("language", visitor.language)

    def query(connection: Connection) -> bytes:
        held = _seen(node, visitor.actor, connection, number)
        if kind == "pdf":
            return base64.b64decode(drafting.printed(node, held, language)["pdf"])
        return base64.b64decode(drafting.papers(node, held)["xml"])

    content = await look(node, query)
    named = {"Content-Disposition": f'attachment; filename="{number}.{kind}"'}
    return Response(content, 200, named, f"application/{kind}")


ROUTES = [
    Route("/certification", applications),
    Route("/certification/new", blank, methods=["GET"]),
    Route("/certification/new", lodge, methods=["POST"]),
    Route("/certification/{number}", application),
    Route("/certification/{number}/paper.{kind:str}", paper),
    Route("/certification/{number}/{step}", step, methods=["POST"]),
]
