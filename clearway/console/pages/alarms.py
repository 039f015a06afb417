"""Cold chain: alarms, reefers, one reefer's curve."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from clearway.coldchain import commodities, tables
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.model import ForecastPoint, HistoryPoint, Outlook, RaisedAlarm
from clearway.coldchain.spoilage import forecast
from clearway.coldchain.state import Unit
from clearway.console.render import page
from clearway.console.visitor import sealed_form, visitor_of
from clearway.node.node import Node

_LEVELS = {"notice": "info", "warning": "warning", "critical": "critical"}
_MOST = 100
_FORECAST_H = 48


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as a line of a table."""

    id: int
    level: str
    container: str
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A reefer as a line of a table, or the head of its page."""

    container: str
    commodity: str
    pulp_c: float | None
    set_point_c: float | None
    life_days: float | None
    life_low: float | None
    life_high: float | None
    at: datetime | None


async def alarms(request: Request) -> Response:
    """Show standing alarms and the reefers, least life first."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "coldchain.read", {})
    with node.reading() as connection:
        rows = alarm_rows(connection)
        units = [unit_row(unit) for unit in tables.list_units(connection, limit=_MOST)]
    return page(request, visitor, "alarms.html", alarms=rows, units=units)


async def rows(request: Request) -> Response:
    """Show the table of alarms alone, for the live refresh."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "coldchain.read", {})
    with node.reading() as connection:
        found = alarm_rows(connection)
    return page(request, visitor, "alarm_rows.html", alarms=found)


async def reefer(request: Request) -> Response:
    """Show one reefer."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    container = request.path_params["container"]
    node.policy.require(visitor.actor, "coldchain.read", {"container": container})
    with node.reading() as connection:
        unit = unit_row(tables.get_unit(connection, container))
        found = alarm_rows(connection, container)
    return page(request, visitor, "reefer.html", unit=unit, alarms=found)


async def curve(request: Request) -> Response:
    """Return the curve of one reefer for its chart."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    container = request.path_params["container"]
    node.policy.require(visitor.actor, "coldchain.read", {"container": container})
    return JSONResponse(await asyncio.to_thread(_curve, node, container))


async def acknowledge(request: Request) -> Response:
    """Take on an alarm."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    await sealed_form(request, visitor)
    seq = int(request.path_params["seq"])
    await asyncio.wrap_future(node.act(visitor.actor, lambda act: acknowledge_alarm(act, seq)))
    return RedirectResponse("/console/alarms", 303)


def alarm_rows(connection: Connection, container: str | None = None) -> list[AlarmRow]:
    """Return standing alarms, the newest first."""
    found = tables.list_alarms(connection, container=container, limit=_MOST)
    return [_alarm_row(raised) for raised in found]


def _alarm_row(raised: RaisedAlarm) -> AlarmRow:
    alarm = raised.alarm
    return AlarmRow(
        raised.seq,
        _LEVELS[alarm.level],
        alarm.container,
        alarm.at,
        alarm.limit_at,
        alarm.message,
        alarm.advice,
        raised.acknowledged_by,
    )


def unit_row(unit: Unit) -> UnitRow:
    """Return what a table shows of a reefer."""
    life = unit.life
    name = "" if unit.journey is None else commodities.get(unit.journey.commodity).name
    return UnitRow(
        unit.container,
        name,
        None if life is None else life.pulp_c,
        unit.state.set_point_c,
        None if life is None else life.remaining_days_q50,
        None if life is None else life.remaining_days_q10,
        None if life is None else life.remaining_days_q90,
        unit.state.at,
    )


def _curve(node: Node, container: str) -> dict[str, Any]:
    with node.reading() as connection:
        unit = tables.get_unit(connection, container)
        history = tables.get_history(connection, container)
        raised = tables.list_alarms(
            connection, container=container, standing_only=False, limit=_MOST
        )
    points = _forecast(unit)
    limit = None if unit.journey is None else commodities.get(unit.journey.commodity).limit_c
    return {
        "supply": [(_ms(one.at), one.supply_c) for one in history],
        "return": [(_ms(one.at), one.return_c) for one in history],
        "pulp": [(_ms(one.at), _round(one.pulp_c_q50)) for one in history],
        "forecast": {
            "low": [(_ms(one.at), _round(one.pulp_c_q10)) for one in points],
            "high": [(_ms(one.at), _round(one.pulp_c_q90)) for one in points],
        }
        if points
        else None,
        "limit_c": limit,
        "now": _now(history),
        "alarms": [{"at": _ms(one.alarm.at), "kind": one.alarm.kind} for one in raised],
    }


def _forecast(unit: Unit) -> tuple[ForecastPoint, ...]:
    if unit.journey is None or unit.life is None:
        return ()
    commodity = commodities.get(unit.journey.commodity)
    return forecast(unit.state, commodity, Outlook.AS_NOW, hours=_FORECAST_H).points


def _now(history: tuple[HistoryPoint, ...]) -> float | None:
    return _ms(history[-1].at) if history else None


def _ms(instant: datetime) -> float:
    return instant.timestamp() * 1000


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


ROUTES = [
    Route("/alarms", alarms),
    Route("/alarms/rows", rows),
    Route("/alarms/{seq:int}/acknowledge", acknowledge, methods=["POST"]),
    Route("/reefers/{container}", reefer),
    Route("/data/reefers/{container}", curve),
]
