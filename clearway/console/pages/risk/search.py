"""Searching the history by any field: conditions as people write them, pages, export."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from clearway.console.filled import sentence_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.work import study
from clearway.errors import ClearwayError, MalformedMessage
from clearway.insight.history_search import FIELDS, Condition, Found, History, Query, parse
from clearway.node.node import Node

_ROWS = 50
_MOST_CHARACTERS = 2_000
EXAMPLES = ("hs^0302", "origin in CN,VN", "description~leather", "value>=20000", "illicit=yes")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the answer, values by field."""

    values: Mapping[str, object]


async def search(request: Request) -> Response:
    """Show the conditions and a page of what meets them."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    text = request.query_params.get("q", "")[:_MOST_CHARACTERS]
    folder = node.folder.history
    found: Found | None = None
    refusal, status = "", 200
    if any(folder.rglob("*.parquet")):
        try:
            query = Query(_conditions(text), _ROWS, _place(request.query_params.get("before", "")))
            found = await study(node, visitor.actor, lambda: _search(folder, query))
        except ClearwayError as error:
            refusal, status = sentence_of(error), error.status
    return show(
        request,
        visitor,
        "search.html",
        status=status,
        text=text,
        refusal=refusal,
        found=found,
        lines=_rows(found),
        next_page=_next(text, found),
        export=urlencode({"q": text}),
        fields=FIELDS,
        examples=EXAMPLES,
        has_history=any(folder.rglob("*.parquet")),
    )


async def export(request: Request) -> Response:
    """Send what meets the conditions as CSV that no spreadsheet takes for formulas."""
    analyst_of(request)
    node: Node = request.app.state.node
    conditions = _conditions(request.query_params.get("q", "")[:_MOST_CHARACTERS])
    lines = _lines(node.folder.history, Query(conditions))
    headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _conditions(text: str) -> tuple[Condition, ...]:
    """Return the conditions of a text: one a line, or parted by `;`."""
    parts = text.replace(";", "\n").splitlines()
    return tuple(parse(part) for part in parts if part.strip())


def _rows(found: Found | None) -> list[Line]:
    rows = () if found is None else found.rows
    return [Line(dict(zip(FIELDS, row, strict=True))) for row in rows]


def _search(folder: Path, query: Query) -> Found:
    with History(folder) as opened:
        return opened.search(query)


def _lines(folder: Path, query: Query) -> Iterator[str]:
    with History(folder) as opened:
        yield from opened.export(query)


def _next(text: str, found: Found | None) -> str:
    """Return the query of the next page; "": this was the last."""
    if found is None or found.following is None:
        return ""
    at, mrn, item = found.following
    place = json.dumps([at.isoformat(), mrn, item]).encode()
    return urlencode({"q": text, "before": base64.urlsafe_b64encode(place).decode()})


def _place(text: str) -> tuple[datetime, str, int] | None:
    """Return where a page begins. Raises: MalformedMessage: our own pages never wrote this."""
    if not text:
        return None
    try:
        at, mrn, item = json.loads(base64.urlsafe_b64decode(text[:400]))
        return datetime.fromisoformat(at), str(mrn), int(item)
    except (ValueError, TypeError) as error:
        raise MalformedMessage("This page of the search cannot be read; search again") from error


ROUTES = [Route("/risk/search", search), Route("/risk/search.csv", export)]
