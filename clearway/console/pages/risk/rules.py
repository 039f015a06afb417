"""Rules: which are in force, and the editor of one with a check while it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may
from clearway.console.risk_words import EXAMPLES, FIELD_WORDS
from clearway.console.visitor import Visitor, sealed_form
from clearway.console.work import look
from clearway.errors import BadTerm, InputError, NotFound
from clearway.identity.model import AGENCIES
from clearway.node.node import Node
from clearway.risk.model import CUSTOMS, Channel, Profile
from clearway.risk.profiles import tables
from clearway.risk.profiles.model import State, Version
from clearway.risk.rules import MOST_CHARACTERS, Profiles
from clearway.terms.period import Period

LANES = (Channel.RED, Channel.YELLOW, Channel.BLUE)
_LONGEST_TEXT = 300
_MOST_SHOWN = 200
_LONGEST_ID = 40
_ANY = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as it stands in the form; nothing of it need be right."""

    id: str = ""
    text: str = ""
    expression: str = ""
    lane: str = Channel.YELLOW.value
    agency: str = CUSTOMS
    owner: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """The rules in force, each with the number of its version, and the drafts.

    Args:
        in_force: rules, whether their period runs, and their version; None: shipped as a sample.
    """

    in_force: Sequence[tuple[Profile, bool, int | None]]
    version: str
    drafts: Sequence[Version]


async def rules(request: Request) -> Response:
    """Show the rules in force, and the drafts."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    now = node.clock()
    view = await look(node, lambda connection: _view(connection, now))
    return show(
        request,
        visitor,
        "rules.html",
        view=view,
        can_draft=may(node, visitor.actor, "risk.draft_rule"),
    )


def _view(connection: Connection, now: datetime) -> View:
    known = tables.rules_in_force(connection)
    own = tables.list_versions(connection, state=State.ACTIVE, limit=_MOST_SHOWN)
    numbers = {one.profile.id: one.version for one in own}
    rows = [(one, one.period.contains(now), numbers.get(one.id)) for one in known.profiles]
    drafts = tables.list_versions(connection, state=State.DRAFT, limit=_MOST_SHOWN)
    return View(rows[:_MOST_SHOWN], known.version, drafts)


async def editor(request: Request) -> Response:
    """Show the editor: empty, or with the newest version of a rule in it."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id = request.path_params.get("id", "")
    draft = Draft() if not id else await look(node, lambda connection: _draft(connection, id))
    return show_editor(request, visitor, draft, draft.id)


def _draft(connection: Connection, id: str) -> Draft:
    """Return the newest version of a rule. Raises: NotFound: there is no such rule."""
    number = tables.latest(connection, id)
    if number:
        return _draft_of(tables.get(connection, id, number).profile)
    for one in tables.rules_in_force(connection).profiles:
        if one.id == id:
            return _draft_of(one)
    raise NotFound(f"There is no rule {id[:40]}")


async def check(request: Request) -> Response:
    """Say whether the expression can be used; asked while somebody writes."""
    visitor = analyst_of(request)
    draft = draft_of(await sealed_form(request, visitor))
    refusal = "" if not draft.expression.strip() else _refusal(draft.expression)
    return show(request, visitor, "rule_check.html", expression=draft.expression, refusal=refusal)


def draft_of(fields: Mapping[str, str]) -> Draft:
    """Return what a form holds."""
    names = Draft.__dataclass_fields__
    return Draft(**{name: fields[name].strip() for name in names if name in fields})


def profile_of(draft: Draft, now: datetime) -> Profile:
    """Return the rule that a form holds.

    Raises: BadTerm: a field is not what it should be. RuleViolation: its expression is no use.
    """
    if not draft.id or len(draft.id) > _LONGEST_ID:
        rule = f"is a short name of at most {_LONGEST_ID} characters, such as GW-0302-01"
        raise BadTerm("Name of the rule", draft.id, rule, field="id")
    if not draft.text or len(draft.text) > _LONGEST_TEXT:
        rule = f"says in one sentence of at most {_LONGEST_TEXT} characters what the officer reads"
        raise BadTerm("Reason", draft.text, rule, field="text")
    if draft.lane not in LANES:
        raise BadTerm("Lane", draft.lane, "is red, yellow or blue", field="lane")
    if draft.agency not in AGENCIES:
        raise BadTerm("Agency", draft.agency, "is one of the list", field="agency")
    profile = Profile(
        id=draft.id,
        text=draft.text,
        expression=draft.expression,
        lane=Channel(draft.lane),
        agency=draft.agency,
        mandatory=False,
        period=Period(now),
        owner=draft.owner,
    )
    Profiles([profile])
    return profile


def _draft_of(profile: Profile) -> Draft:
    return Draft(
        profile.id,
        profile.text,
        profile.expression,
        profile.lane.value,
        profile.agency,
        profile.owner,
    )


def _refusal(expression: str) -> str:
    """Return why an expression cannot be used; "" where it can."""
    probe = Profile(
        "here", "", expression, Channel.YELLOW, CUSTOMS, mandatory=False, period=Period(_ANY)
    )
    try:
        Profiles([probe])
    except InputError as error:
        return error.detail.removeprefix("The expression of profile here ").rstrip(".") + "."
    return ""


def show_editor(
    request: Request,
    visitor: Visitor,
    draft: Draft,
    title: str,
    *,
    refusal: str = "",
    status: int = 200,
) -> Response:
    """Show the editor as it was filled in."""
    node: Node = request.app.state.node
    return show(
        request,
        visitor,
        "rule.html",
        status=status,
        draft=draft,
        title=title,
        refusal=refusal,
        lanes=LANES,
        agencies=AGENCIES,
        fields=FIELD_WORDS,
        examples=EXAMPLES,
        most=MOST_CHARACTERS,
        can_draft=may(node, visitor.actor, "risk.draft_rule"),
    )


ROUTES = [
    Route("/risk/rules", rules),
    Route("/risk/rules/new", editor),
    Route("/risk/rules/check", check, methods=["POST"]),
    Route("/risk/rules/{id}", editor),
]
