"""Alarms of the cold chain: what stands, and taking one on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.coldchain import tables
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.model import RaisedAlarm
from clearway.console.permission import is_trader, may, sees_container
from clearway.console.render import page
from clearway.console.visitor import Visitor, place_in_log, sealed_form, visitor_of
from clearway.console.work import do, look
from clearway.identity.model import Actor
from clearway.node.node import Node

_LEVELS = {"notice": "info", "warning": "warning", "critical": "critical"}
_GRAVITY = ("info", "warning", "critical")
_MOST = 100


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as a line of a table.

    Args:
        id: place of its fact in the log.
        tone: `info`, `warning` or `critical`, for its colour.
        level: as the cold chain calls it.
    """

    id: int
    tone: str
    level: str
    kind: str
    container: str
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    acknowledged_by: str
    can_acknowledge: bool


async def alarms(request: Request) -> Response:
    """Show standing alarms, the gravest first."""
    return await _show(request, visitor_of(request), "alarms.html")


async def rows(request: Request) -> Response:
    """Show the table alone, for the live refresh."""
    return await _show(request, visitor_of(request), "alarms_rows.html")


async def _show(request: Request, visitor: Visitor, template: str) -> Response:
    node: Node = request.app.state.node
    actor = visitor.actor
    party = {"party": actor.party} if is_trader(actor) and actor.party else {}
    node.policy.require(actor, "coldchain.read", party)

    found = await look(node, lambda connection: alarm_rows(node, actor, connection))
    return page(request, visitor, template, alarms=found)


async def count(request: Request) -> Response:
    """Show how many alarms stand, for the navigation of every page."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "coldchain.read", {})
    number, newest = await look(node, count_open)
    return page(request, visitor, "alarm_count.html", number=number, newest=newest)


async def acknowledge(request: Request) -> Response:
    """Take on an alarm, and go back to where that was done."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    seq = place_in_log(request)
    await do(
        node, visitor.actor, lambda act: acknowledge_alarm(act, seq, fields.get("note", "").strip())
    )
    back = fields.get("container", "")
    is_container = back.isascii() and back.isalnum()
    return RedirectResponse(f"/console/reefers/{back}" if is_container else "/console/alarms", 303)


def alarm_rows(
    node: Node, actor: Actor, connection: Connection, container: str | None = None
) -> list[AlarmRow]:
    """Return the standing alarms that the actor may see.

    Those that nobody took on come first, the gravest of them first, the newest first.
    """
    found = tables.list_alarms(connection, container=container, limit=_MOST)
    rows = [
        _alarm_row(node, actor, raised)
        for raised in found
        if sees_container(node, actor, connection, raised.alarm.container)
    ]
    return sorted(rows, key=lambda row: (bool(row.acknowledged_by), -_GRAVITY.index(row.tone)))


def count_open(connection: Connection) -> tuple[int, RaisedAlarm | None]:
    """Return how many standing alarms nobody took on, and the newest of them."""
    standing = tables.list_alarms(connection, limit=tables.MOST_LISTED)
    open_ones = [raised for raised in standing if not raised.acknowledged_by]
    return len(open_ones), open_ones[0] if open_ones else None


def _alarm_row(node: Node, actor: Actor, raised: RaisedAlarm) -> AlarmRow:
    alarm = raised.alarm
    can = may(node, actor, "coldchain.acknowledge_alarm", container=alarm.container)
    return AlarmRow(
        raised.seq,
        _LEVELS[alarm.level],
        alarm.level.value,
        alarm.kind.value,
        alarm.container,
        alarm.at,
        alarm.limit_at,
        alarm.message,
        alarm.advice,
        raised.acknowledged_by.partition(":")[2],
        can and not raised.acknowledged_by,
    )


ROUTES = [
    Route("/alarms", alarms),
    Route("/alarms/rows", rows),
    Route("/alarms/count", count),
    Route("/alarms/{seq:int}/acknowledge", acknowledge, methods=["POST"]),
]
