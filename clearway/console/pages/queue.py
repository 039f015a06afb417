"""The examination queue: what comes next and why, what is being examined, how the day stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.clearance import tables as clearance
from clearway.clearance.model import Examination, QueueEntry
from clearway.clearance.priority import explain
from clearway.console import tables
from clearway.console.pages.alarms import count_open
from clearway.console.pages.session import landing
from clearway.console.permission import may
from clearway.console.render import page
from clearway.console.visitor import Visitor, visitor_of
from clearway.console.work import look
from clearway.identity.model import AGENCIES, Actor
from clearway.node.node import Node

URGENT_H = 8.0
"""An examination that must begin within one shift is counted as urgent."""

_MOST_SHOWN = 100
_MOST_STARTED = 50
EVERY = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """An examination that waits, as a line of the queue."""

    examination: str
    mrn: str
    rank: int
    goods: str
    slack_h: float
    is_perishable: bool
    is_mandatory: bool
    why: str
    agencies: tuple[str, ...]
    can_begin: bool


@dataclass(frozen=True, slots=True)
class Started:
    """An examination that has begun."""

    id: str
    mrn: str
    goods: str
    waiting_for: tuple[str, ...]
    started_at: datetime
    can_report: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How the day stands."""

    waiting: int
    urgent: int
    started: int
    released: int
    alarms: int


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows; `hidden` entries wait further down than it shows."""

    now: datetime
    agency: str
    entries: Sequence[Row]
    hidden: int
    started: Sequence[Started]
    counts: Counts


async def queue(request: Request) -> Response:
    """Show the queue; whoever may not see it gets to the first page that is theirs."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    if not may(node, visitor.actor, "clearance.read"):
        elsewhere = landing(node, visitor.actor)
        if elsewhere != "/console/":
            return RedirectResponse(elsewhere, 303)
    return await _show(request, visitor, "queue.html")


async def rows(request: Request) -> Response:
    """Show the queue alone, for the live refresh."""
    return await _show(request, visitor_of(request), "queue_rows.html")


async def _show(request: Request, visitor: Visitor, template: str) -> Response:
    node: Node = request.app.state.node
    actor = visitor.actor
    node.policy.require(actor, "clearance.read", {})
    agency = _agency(request, actor)
    view = await look(node, lambda connection: _view(node, actor, connection, agency))
    return page(request, visitor, template, view=view, agencies=AGENCIES)


def _agency(request: Request, actor: Actor) -> str:
    """Return whose queue is shown: the chosen one, else the officer's own; customs has all."""
    chosen = request.query_params.get("agency", "")
    if chosen == EVERY:
        return ""
    if chosen in AGENCIES:
        return chosen
    return "" if actor.agency == "customs" else actor.agency


def _view(node: Node, actor: Actor, connection: Connection, agency: str) -> View:
    now = node.clock()
    waiting = clearance.queue(connection, now, agency=agency)
    open_ones = clearance.list_examinations(connection, agency=agency, limit=clearance.MOST_LISTED)
    started = [one for _, one in open_ones if one.started_at is not None]
    can_examine = may(node, actor, "clearance.examine", agency=actor.agency)
    shown = waiting[:_MOST_SHOWN]
    return View(
        now,
        agency,
        [_row(entry, actor, can_examine) for entry in shown],
        len(waiting) - len(shown),
        [_started(connection, one, actor, can_examine) for one in started[:_MOST_STARTED]],
        Counts(
            waiting=len(waiting),
            urgent=sum(entry.slack_h < URGENT_H for entry in waiting),
            started=len(started),
            released=tables.count_released(connection, midnight(now)),
            alarms=count_open(connection)[0],
        ),
    )


def midnight(now: datetime) -> datetime:
    """Return the beginning of the day (UTC)."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _row(entry: QueueEntry, actor: Actor, can_examine: bool) -> Row:
    goods = entry.waiting.goods
    return Row(
        entry.examination,
        str(entry.mrn),
        entry.rank,
        goods,
        entry.slack_h,
        entry.is_perishable,
        entry.is_mandatory,
        explain(entry).text.removeprefix(f"{goods}: "),
        entry.waiting.agencies,
        can_examine and actor.agency in entry.waiting.agencies,
    )


def _started(connection: Connection, one: Examination, actor: Actor, can_examine: bool) -> Started:
    return Started(
        one.id,
        str(one.mrn),
        clearance.get(connection, one.mrn).goods,
        one.waiting_for,
        one.started_at or one.ordered_at,
        can_examine and actor.agency in one.waiting_for,
    )


ROUTES = [Route("/", queue), Route("/queue/rows", rows)]
