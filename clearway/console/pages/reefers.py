"""One refrigerated container: its alarms, its curve, what is to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clearway.clearance import tables as clearance
from clearway.coldchain import commodities, tables
from clearway.coldchain.actions_ahead import Ahead
from clearway.coldchain.curve import get_curve
from clearway.coldchain.custody import Attribution
from clearway.coldchain.faults import FaultKind, FaultSpan
from clearway.coldchain.model import Forecast, HistoryPoint, Outlook
from clearway.coldchain.spoilage import forecast
from clearway.coldchain.state import Unit
from clearway.console import translate
from clearway.console.container import EventRow, ahead_of, events_of, loss_of
from clearway.console.pages.alarms import AlarmRow, alarm_rows
from clearway.console.permission import is_trader, sees_container, sees_declaration
from clearway.console.render import page
from clearway.console.rows import UnitRow, unit_row
from clearway.console.translate import Translate
from clearway.console.visitor import visitor_of
from clearway.console.words import plain
from clearway.console.work import look
from clearway.errors import NotFound
from clearway.identity.model import Actor
from clearway.node.node import Node

_FORECAST_H = 48

_GRAVE = frozenset(
    {FaultKind.POWER_OFF, FaultKind.DOOR_OPEN, FaultKind.CHILLING, FaultKind.FREEZING}
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """All that the page of one reefer shows; `loss` and `ahead` None: nothing tells."""

    unit: UnitRow
    alarms: list[AlarmRow]
    to_come: Forecast | None
    mrns: tuple[str, ...]
    events: tuple[EventRow, ...]
    ahead: Ahead | None
    loss: Attribution | None


async def reefer(request: Request) -> Response:
    """Show one reefer."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    container = request.path_params["container"]

    def query(connection: Connection) -> _Shown:
        found = _seen(node, visitor.actor, connection, container)
        return _Shown(
            unit_row(found),
            alarm_rows(node, visitor.actor, connection, container),
            outlook(found),
            _declared(node, visitor.actor, connection, container),
            events_of(connection, node.policy, visitor.actor, container),
            ahead_of(found),
            loss_of(connection, found, node.clock()),
        )

    shown = await look(node, query)
    return page(
        request,
        visitor,
        "reefer.html",
        shown=shown,
        unit=shown.unit,
        alarms=shown.alarms,
        to_come=shown.to_come,
        mrns=shown.mrns,
    )


async def curve(request: Request) -> Response:
    """Return the curve of one reefer for its chart."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    container = request.path_params["container"]
    t = translate.translator(visitor.language)

    def query(connection: Connection) -> dict[str, Any]:
        return _curve(node, visitor.actor, connection, container, t)

    return JSONResponse(await look(node, query))


def _seen(node: Node, actor: Actor, connection: Connection, container: str) -> Unit:
    """Return a unit that the actor may see. Raises: NotFound: none, or none that it may see."""
    found = tables.find_unit(connection, container)
    if found is None or not sees_container(node, actor, connection, container):
        raise NotFound(f"There are no readings of container {container[:20]} that you may see")
    return found


def _declared(node: Node, actor: Actor, connection: Connection, container: str) -> tuple[str, ...]:
    """Return the declarations of what is in a container; to a trader only those that they see."""
    return tuple(
        mrn
        for mrn in clearance.in_container(connection, container)
        if not is_trader(actor) or sees_declaration(node, actor, connection, mrn)
    )


def outlook(unit: Unit) -> Forecast | None:
    """Return what becomes of the goods if nothing changes; None when nothing tells."""
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    if commodity is None or unit.life is None:
        return None
    return forecast(unit.state, commodity, Outlook.AS_NOW, hours=_FORECAST_H)


def _curve(
    node: Node, actor: Actor, connection: Connection, container: str, t: Translate
) -> dict[str, Any]:
    unit = _seen(node, actor, connection, container)
    drawn = get_curve(connection, unit)
    history = drawn.points
    to_come = outlook(unit)
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    return {
        "supply": [(_ms(one.at), _round(one.supply_c)) for one in history],
        "return": [(_ms(one.at), _round(one.return_c)) for one in history],
        "pulp": [(_ms(one.at), _round(one.pulp_c_q50)) for one in history],
        "pulp_low": [(_ms(one.at), _round(one.pulp_c_q10)) for one in history],
        "pulp_high": [(_ms(one.at), _round(one.pulp_c_q90)) for one in history],
        "probe": [(_ms(one.at), _round(one.probe_c)) for one in history if one.probe_c is not None],
        "forecast": None if to_come is None else _band(to_come),
        "limit_c": None if commodity is None else commodity.limit_c,
        "now": _ms(history[-1].at) if history else None,
        "spans": [_span(one, t) for one in drawn.faults],
        "events": [
            {"at": _ms(one.at), "name": t(plain(one.step or one.disposition or one.kind))}
            for one in events_of(connection, node.policy, actor, container)
        ],
        "until": None if to_come is None or not to_come.points else _ms(to_come.points[-1].at),
        "since": _since(history),
    }


def _span(fault: FaultSpan, t: Translate) -> dict[str, Any]:
    """Return when a fault showed, and its name in the visitor's language."""
    calm = "notice" if fault.kind is FaultKind.DEFROST else "warning"
    return {
        "name": t(plain(fault.kind.value)),
        "level": "critical" if fault.kind in _GRAVE else calm,
        "since": _ms(fault.since),
        "until": _ms(fault.until),
    }


def _band(to_come: Forecast) -> dict[str, list[tuple[float, float | None]]]:
    points = to_come.points
    return {
        "low": [(_ms(one.at), _round(one.pulp_c_q10)) for one in points],
        "middle": [(_ms(one.at), _round(one.pulp_c_q50)) for one in points],
        "high": [(_ms(one.at), _round(one.pulp_c_q90)) for one in points],
    }


def _since(history: tuple[HistoryPoint, ...]) -> float | None:
    return _ms(history[0].at) if history else None


def _ms(instant: datetime) -> float:
    return instant.timestamp() * 1000


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


ROUTES = [Route("/reefers/{container}", reefer), Route("/data/reefers/{container}", curve)]
