"""Alarms of the cold chain: what stands, taking one on; below them the reefers at the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.coldchain import commodities, tables
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.model import RaisedAlarm
from clearway.coldchain.state import Unit
from clearway.console.permission import is_trader, may, sees_container
from clearway.console.render import page
from clearway.console.visitor import Visitor, sealed_form, visitor_of
from clearway.console.work import do, look
from clearway.identity.model import Actor
from clearway.node.node import Node

_LEVELS = {"notice": "info", "warning": "warning", "critical": "critical"}
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


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A reefer as a line of a table, or the head of its page."""

    container: str
    commodity: str
    pulp_c: float | None
    set_point_c: float | None
    limit_c: float | None
    life_days: float | None
    life_low: float | None
    life_high: float | None
    at: datetime | None


async def alarms(request: Request) -> Response:
    """Show standing alarms and the reefers, least life first."""
    return await _show(request, visitor_of(request), "alarms.html")


async def rows(request: Request) -> Response:
    """Show both tables alone, for the live refresh."""
    return await _show(request, visitor_of(request), "alarms_rows.html")


async def _show(request: Request, visitor: Visitor, template: str) -> Response:
    node: Node = request.app.state.node
    actor = visitor.actor
    party = {"party": actor.party} if is_trader(actor) and actor.party else {}
    node.policy.require(actor, "coldchain.read", party)

    def query(connection: Connection) -> tuple[list[AlarmRow], list[UnitRow]]:
        units = tables.list_units(connection, limit=_MOST)
        return alarm_rows(node, actor, connection), [
            unit_row(unit)
            for unit in units
            if sees_container(node, actor, connection, unit.container)
        ]

    found, units = await look(node, query)
    return page(request, visitor, template, alarms=found, units=units)


async def count(request: Request) -> Response:
    """Show how many alarms stand, for the navigation of every page."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "coldchain.read", {})
    standing = await look(node, lambda c: tables.list_alarms(c, limit=tables.MOST_LISTED))
    open_ones = [raised for raised in standing if not raised.acknowledged_by]
    return page(
        request,
        visitor,
        "alarm_count.html",
        number=len(open_ones),
        newest=open_ones[0].alarm if open_ones else None,
        newest_seq=open_ones[0].seq if open_ones else 0,
    )


async def acknowledge(request: Request) -> Response:
    """Take on an alarm, and go back to where that was done."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    seq = int(request.path_params["seq"])
    await do(
        node, visitor.actor, lambda act: acknowledge_alarm(act, seq, fields.get("note", "").strip())
    )
    back = fields.get("container", "")
    is_container = back.isascii() and back.isalnum()
    return RedirectResponse(f"/console/reefers/{back}" if is_container else "/console/alarms", 303)


def alarm_rows(
    node: Node, actor: Actor, connection: Connection, container: str | None = None
) -> list[AlarmRow]:
    """Return the standing alarms that the actor may see, the newest first."""
    found = tables.list_alarms(connection, container=container, limit=_MOST)
    return [
        _alarm_row(node, actor, raised)
        for raised in found
        if sees_container(node, actor, connection, raised.alarm.container)
    ]


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


def unit_row(unit: Unit) -> UnitRow:
    """Return what a table shows of a reefer."""
    life = unit.life
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    return UnitRow(
        unit.container,
        "" if commodity is None else commodity.name,
        None if life is None else life.pulp_c,
        unit.state.told_c,
        None if commodity is None else commodity.limit_c,
        None if life is None else life.remaining_days_q50,
        None if life is None else life.remaining_days_q10,
        None if life is None else life.remaining_days_q90,
        unit.state.at,
    )


ROUTES = [
    Route("/alarms", alarms),
    Route("/alarms/rows", rows),
    Route("/alarms/count", count),
    Route("/alarms/{seq:int}/acknowledge", acknowledge, methods=["POST"]),
]
