"""Rules: which are in force, and the editor of one with a check while it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.risk_words import EXAMPLES, FIELD_WORDS
from clearway.console.visitor import Visitor, sealed_form
from clearway.errors import BadTerm, InputError, NotFound
from clearway.identity.model import AGENCIES
from clearway.node.node import Node
from clearway.risk.model import CUSTOMS, Channel, Profile
from clearway.risk.rules import MOST_CHARACTERS, Profiles
from clearway.terms.period import Period

LANES = (Channel.RED, Channel.YELLOW, Channel.BLUE)
_LONGEST_TEXT = 300
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


async def rules(request: Request) -> Response:
    """Show the rules in force."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    now = node.clock()
    known = node.rulebook.selectivity.profiles
    rows = [(one, one.period.contains(now)) for one in known.profiles]
    return show(request, visitor, "rules.html", rows=rows, version=known.version)


async def editor(request: Request) -> Response:
    """Show the editor: empty, or with one of the rules in it."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id = request.path_params.get("id", "")
    draft = _draft_of(_known(node, id)) if id else Draft()
    return _show(request, visitor, draft, draft.id)


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


def _known(node: Node, id: str) -> Profile:
    for one in node.rulebook.selectivity.profiles.profiles:
        if one.id == id:
            return one
    raise NotFound(f"There is no rule {id[:40]}")


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


def _show(
    request: Request,
    visitor: Visitor,
    draft: Draft,
    title: str,
    *,
    refusal: str = "",
    status: int = 200,
) -> Response:
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
    )


ROUTES = [
    Route("/risk/rules", rules),
    Route("/risk/rules/new", editor),
    Route("/risk/rules/check", check, methods=["POST"]),
    Route("/risk/rules/{id}", editor),
]
