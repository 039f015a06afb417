"""Rendering: one Jinja environment, everything escaped, every text through the translator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse

from clearway import __version__
from clearway.console import translate
from clearway.console.permission import may
from clearway.console.visitor import Visitor, language_of
from clearway.console.words import CHART_WORDS, MODES, STEPS_OF_LIFE, plain
from clearway.identity.model import AGENCIES, Actor
from clearway.node.node import Node


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of the navigation; `key` goes there after `g`.

    Args:
        action: of the policy, that whoever opens it must be allowed.
        is_own: whether a trader sees it too, with what concerns the own party.
    """

    path: str
    label: str
    key: str
    action: str
    is_own: bool = False

    def is_open_to(self, node: Node, actor: Actor) -> bool:
        """Return whether the policy lets this actor open it."""
        resource = {"party": actor.party} if self.is_own and actor.party else {}
        return may(node, actor, self.action, **resource)


NAVIGATION = (
    Page("/console/", "Queue", "q", "clearance.read"),
    Page("/console/declarations", "Declarations", "d", "declaration.read", is_own=True),
    Page("/console/certification", "Certificates", "c", "application.read", is_own=True),
    Page("/console/tasks", "Tasks", "t", "task.read", is_own=True),
    Page("/console/alarms", "Alarms", "a", "coldchain.read", is_own=True),
    Page("/console/reefers", "Reefers", "f", "coldchain.read", is_own=True),
    Page("/console/risk", "Risk", "k", "risk.read"),
    Page("/console/insight", "Release times", "r", "insight.read"),
    Page("/console/map", "Map", "m", "insight.read"),
    Page("/console/ledger", "Ledger", "l", "ledger.read"),
)


def open_to(node: Node, actor: Actor) -> tuple[Page, ...]:
    """Return the pages that the policy lets this actor open."""
    return tuple(entry for entry in NAVIGATION if entry.is_open_to(node, actor))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(num=_num, moment=_moment, day=_day, words=plain)
    environment.globals.update(
        agency_names=AGENCIES, mode_names=MODES, life_words=STEPS_OF_LIFE, version=__version__
    )
    return environment


@pass_context
def _num(context: Context, value: float, digits: int = 0) -> str:
    return translate.number(context["language"], value, digits)


@pass_context
def _day(context: Context, number: int) -> str:
    return translate.day(context["language"], number)


@pass_context
def _moment(context: Context, instant: datetime, with_year: bool = False) -> str:
    return translate.moment(context["language"], instant, with_year=with_year)


def page(
    request: Request, visitor: Visitor | None, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page, or a part of one, in the visitor's language."""
    node: Node = request.app.state.node
    language = visitor.language if visitor else language_of(request)
    t = translate.translator(language)
    text = (
        _environment()
        .get_template(template)
        .render(
            t=t,
            language=language,
            languages=translate.language_names(),
            direction="rtl" if language in translate.RIGHT_TO_LEFT else "ltr",
            actor=visitor.actor if visitor else None,
            seal=visitor.seal if visitor else "",
            here=request.url.path,
            navigation=open_to(node, visitor.actor) if visitor else (),
            origin=node.log.origin,
            chart_words={word: t(word) for word in CHART_WORDS},
            **values,
        )
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})
