"""Watch lists: what is kept and why, making one, and putting entries on and taking them off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.filled import EMPTY, Filled
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may
from clearway.console.risk_words import SUBJECT_EXAMPLES, SUBJECT_NAMES
from clearway.console.visitor import Visitor, sealed_form
from clearway.console.work import do, look
from clearway.errors import BadTerm, InputError
from clearway.node.node import Node
from clearway.risk.lists import tables
from clearway.risk.lists.actions.change import change
from clearway.risk.lists.actions.keep import keep
from clearway.risk.lists.model import OF_GOODS, Subject, WatchList, key_of
from clearway.terms.period import Period

_PAGE = 100
_MOST_SHOWN = 200
_MOST_ENTRIES = 900
_LONGEST, _LONGEST_REASON = 200, 500
_FIELDS = ("name", "subject", "owner", "source", "reason", "until")


@dataclass(frozen=True, slots=True)
class View:
    """A list and a page of its entries.

    Args:
        entries: as people write them, in order.
        following: of the last one, where more come after it; "" otherwise.
        is_over: whether it counts no more.
    """

    list: WatchList
    entries: Sequence[str]
    following: str
    is_over: bool

    @property
    def is_of_goods(self) -> bool:
        """Whether rules ask an item for it, not the declaration."""
        return self.list.subject in OF_GOODS


async def lists(request: Request) -> Response:
    """Show all lists, and the form of a new one."""
    return await _show_lists(request, analyst_of(request), EMPTY)


async def _show_lists(request: Request, visitor: Visitor, filled: Filled) -> Response:
    node: Node = request.app.state.node
    kept = await look(node, lambda connection: tables.list_lists(connection, limit=_MOST_SHOWN))
    return show(
        request,
        visitor,
        "lists.html",
        lists=kept,
        now=node.clock(),
        **filled.shown,
        subjects=SUBJECT_NAMES,
        can_keep=may(node, visitor.actor, "risk.keep_list"),
    )


async def make(request: Request) -> Response:
    """Keep a list, or change what is said of one; a mistake brings the form back."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    try:
        made = _list_of(fields, node.clock())
        await do(node, visitor.actor, lambda act: keep(act, made))
    except InputError as error:
        return await _show_lists(request, visitor, Filled(fields, error))
    return RedirectResponse(f"/console/risk/lists/{made.name}", 303)


async def entries(request: Request) -> Response:
    """Show a list."""
    return await _show_list(request, analyst_of(request), EMPTY)


async def _show_list(request: Request, visitor: Visitor, filled: Filled) -> Response:
    node: Node = request.app.state.node
    name, after = request.path_params["name"], request.query_params.get("after", "")[:_LONGEST]
    view = await look(node, lambda connection: _view(connection, name, after, node.clock()))
    return show(
        request,
        visitor,
        "list.html",
        view=view,
        **filled.shown,
        example=SUBJECT_EXAMPLES[view.list.subject.value],
        subjects=SUBJECT_NAMES,
        can_keep=may(node, visitor.actor, "risk.keep_list", subject=name),
    )


def _view(connection: Connection, name: str, after: str, now: datetime) -> View:
    one = tables.get(connection, name)
    start = key_of(one.subject, after) if after else ""
    keys = tables.list_entries(connection, name, after=start, limit=_PAGE + 1)
    shown = [key.partition(":")[2] for key in keys[:_PAGE]]
    is_over = one.period.end is not None and one.period.end <= now
    return View(one, shown, shown[-1] if len(keys) > _PAGE else "", is_over)


async def add(request: Request) -> Response:
    """Put entries on a list, one a line."""
    return await _change(request, is_added=True)


async def take_off(request: Request) -> Response:
    """Take one entry, or several of one a line, off a list."""
    return await _change(request, is_added=False)


async def _change(request: Request, *, is_added: bool) -> Response:
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    name = str(request.path_params["name"])
    try:
        found = _lines(fields.get("entries", ""))
        why = fields.get("why", "").strip()[:_LONGEST_REASON]
        come, gone = (found, ()) if is_added else ((), found)
        await do(
            node, visitor.actor, lambda act: change(act, name, add=come, remove=gone, reason=why)
        )
    except InputError as error:
        return await _show_list(request, visitor, Filled(fields, error))
    return RedirectResponse(f"/console/risk/lists/{name}", 303)


def _list_of(fields: Mapping[str, str], now: datetime) -> WatchList:
    """Return the list that a form holds. Raises: BadTerm: a field is not what it should be."""
    held = {name: fields.get(name, "").strip() for name in _FIELDS}
    if held["subject"] not in SUBJECT_NAMES:
        raise BadTerm("What it lists", held["subject"], "choose one of the list", field="subject")
    for name, most in (("owner", _LONGEST), ("source", _LONGEST), ("reason", _LONGEST_REASON)):
        if not held[name] or len(held[name]) > most:
            raise BadTerm(name, held[name][:40], f"has 1 to {most} characters", field=name)
    return WatchList(
        held["name"],
        Subject(held["subject"]),
        held["owner"],
        held["reason"],
        held["source"],
        Period(now, _end_of(held["until"], now)),
    )


def _end_of(text: str, now: datetime) -> datetime | None:
    """Return the first moment after a day. Raises: BadTerm: it is no day, or a past one."""
    if not text:
        return None
    rule = "is a day to come such as 2027-12-31, or empty"
    try:
        end = datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError as error:
        raise BadTerm("Last day", text, rule, field="until") from error
    if end <= now:
        raise BadTerm("Last day", text, rule, field="until")
    return end


def _lines(text: str) -> tuple[str, ...]:
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not found or len(found) > _MOST_ENTRIES:
        rule = f"are 1 to {_MOST_ENTRIES} at once, one a line"
        raise BadTerm("Entries", f"{len(found)} lines", rule, field="entries")
    return found


ROUTES = [
    Route("/risk/lists", lists, methods=["GET"]),
    Route("/risk/lists", make, methods=["POST"]),
    Route("/risk/lists/{name}", entries),
    Route("/risk/lists/{name}/add", add, methods=["POST"]),
    Route("/risk/lists/{name}/remove", take_off, methods=["POST"]),
]
