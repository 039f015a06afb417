"""Rendering: one Jinja environment, everything escaped, every text through the translator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from clearway import __version__
from clearway.console.translate import RIGHT_TO_LEFT, translator
from clearway.console.visitor import Visitor, language_of
from clearway.identity.model import AGENCIES
from clearway.node.node import Node


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of the navigation; `key` goes there after `g`."""

    path: str
    label: str
    key: str


NAVIGATION = (
    Page("/console/", "Queue", "q"),
    Page("/console/declarations", "Declarations", "d"),
    Page("/console/alarms", "Alarms", "a"),
    Page("/console/insight", "Release times", "r"),
    Page("/console/map", "Map", "m"),
)
CHART_WORDS = (
    "Supply air",
    "Return air",
    "Pulp",
    "Forecast",
    "Limit",
    "Now",
    "Median",
    "9 of 10 within",
    "lodged",
    "released",
    "examined",
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request, visitor: Visitor | None, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page, or a part of one, in the visitor's language."""
    node: Node = request.app.state.node
    language = visitor.language if visitor else language_of(request)
    t = translator(language)
    text = (
        _environment()
        .get_template(template)
        .render(
            t=t,
            language=language,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            actor=visitor.actor if visitor else None,
            seal=visitor.seal if visitor else "",
            here=request.url.path,
            navigation=NAVIGATION,
            agency_names=AGENCIES,
            origin=node.log.origin,
            version=__version__,
            chart_words={word: t(word) for word in CHART_WORDS},
            **values,
        )
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})
