"""One version of a rule: what its back-test found, and the way from a draft into force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.filled import sentence_of
from clearway.console.pages.risk.rules import draft_of, profile_of, show_editor
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may
from clearway.console.visitor import sealed_form
from clearway.console.work import do, look
from clearway.errors import InputError, NotFound
from clearway.insight.figures import wilson
from clearway.node.node import Node
from clearway.risk.profiles import tables
from clearway.risk.profiles.actions.activate import activate
from clearway.risk.profiles.actions.draft import draft
from clearway.risk.profiles.actions.retire import retire
from clearway.risk.profiles.model import Version

_LONGEST_REASON = 500
_HIGHEST = 1_000_000


@dataclass(frozen=True, slots=True)
class View:
    """A version and its sisters, newest first.

    Args:
        precision: share not conform of the examined hits of its back-test, with its interval.
    """

    one: Version
    sisters: Sequence[Version]
    precision: tuple[float, float, float] | None


async def propose(request: Request) -> Response:
    """Record what stands in the editor as a draft; a mistake brings the form back."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    held = draft_of(fields)
    try:
        profile = profile_of(held, node.clock())
        await do(node, visitor.actor, lambda act: draft(act, profile, held.reason))
    except InputError as error:
        return show_editor(
            request, visitor, held, held.id, refusal=sentence_of(error), status=error.status
        )
    number = await look(node, lambda connection: tables.latest(connection, held.id))
    return RedirectResponse(f"/console/risk/rules/{held.id}/{number}", 303)


async def version(request: Request) -> Response:
    """Show a version."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id, number = _place(request)
    view = await look(node, lambda connection: _view(connection, id, number))
    actor, one = visitor.actor, view.one
    return show(
        request,
        visitor,
        "version.html",
        view=view,
        can_draft=may(node, actor, "risk.draft_rule"),
        can_activate=may(node, actor, "risk.activate_rule", drafted_by=one.author),
        can_retire=may(
            node, actor, "risk.retire_rule", drafted_by=one.author if one.approver else ""
        ),
        is_mine=one.author == actor.reference,
    )


async def approve(request: Request) -> Response:
    """Bring a draft into force, in the name of another person than its author."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    id, number = _place(request)
    reason = _reason(fields.get("reason", ""))
    await do(node, visitor.actor, lambda act: activate(act, id, number, reason))
    return RedirectResponse(request.url.path.removesuffix("/activate"), 303)


async def end(request: Request) -> Response:
    """Retire a version, or give up a draft."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    id, number = _place(request)
    reason = _reason(fields.get("reason", ""))
    await do(node, visitor.actor, lambda act: retire(act, id, number, reason))
    return RedirectResponse(request.url.path.removesuffix("/retire"), 303)


def _place(request: Request) -> tuple[str, int]:
    number = int(request.path_params["number"])
    if number > _HIGHEST:
        raise NotFound("There is no such version of a rule")
    return str(request.path_params["id"]), number


def _reason(text: str) -> str:
    return text.strip()[:_LONGEST_REASON]


def _view(connection: Connection, id: str, number: int) -> View:
    one = tables.get(connection, id, number)
    tested = one.tested
    precision = None
    if tested is not None and tested.examined:
        low, high = wilson(tested.found, tested.examined)
        precision = (tested.found / tested.examined, low, high)
    return View(one, tables.list_versions(connection, id=id), precision)


ROUTES = [
    Route("/risk/rules/propose", propose, methods=["POST"]),
    Route("/risk/rules/{id}/{number:int}", version),
    Route("/risk/rules/{id}/{number:int}/activate", approve, methods=["POST"]),
    Route("/risk/rules/{id}/{number:int}/retire", end, methods=["POST"]),
]
