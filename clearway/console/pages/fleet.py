"""All reefers at the border: a picture of thousands, and a table of the most urgent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clearway.clearance.stays import container_stays
from clearway.coldchain import fleet, tables
from clearway.coldchain.fleet import FleetCount, FleetPoint, Tone
from clearway.console.permission import is_trader, may, sees_container
from clearway.console.render import page
from clearway.console.sparkline import Sparkline, draw
from clearway.console.visitor import Visitor, visitor_of
from clearway.console.work import look
from clearway.identity.model import Actor
from clearway.node.node import Node

_PAGE = 50
_MOST_STAYS = 1_000
_SPAN = timedelta(hours=24)
_LONGEST_SEARCH = 40
_FURTHEST_DAYS = 30.0  # a longer life hurries nobody: it stands at the edge of the picture
_LAST_PAGE = fleet.MOST_POINTS // _PAGE


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the fleet somebody wants to see; `page` counts from 0."""

    search: str
    show: str
    page: int

    @staticmethod
    def of(query: QueryParams) -> Asked:
        """Read it from an address; what cannot be read counts as not asked for."""
        show, text = query.get("show", ""), query.get("page", "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
        search = query.get("search", "")[:_LONGEST_SEARCH].strip()
        return Asked(search, show if show in set(Tone) else "", min(number, _LAST_PAGE))

    def wants(self, point: FleetPoint) -> bool:
        """Return whether a reefer is among those asked for."""
        words = f"{point.container} {point.commodity}".casefold()
        if self.search.casefold() not in words:
            return False
        return self.show in ("", point.tone) or (self.show == Tone.ALARM and bool(point.alarms))


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A reefer as a line of the table."""

    point: FleetPoint
    line: Sparkline


async def show(request: Request) -> Response:
    """Show the fleet."""
    return await _show(request, visitor_of(request), "fleet.html")


async def rows(request: Request) -> Response:
    """Show numbers and table alone, for the live refresh."""
    return await _show(request, visitor_of(request), "fleet_rows.html")


async def points(request: Request) -> Response:
    """Return the picture's points: days of life left, degrees above the limit, number, goods."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    _require(node, visitor.actor)
    found = await look(node, lambda connection: _seen(node, visitor.actor, connection))
    return JSONResponse({tone.value: _dots(found, tone) for tone in Tone})


async def _show(request: Request, visitor: Visitor, template: str) -> Response:
    node: Node = request.app.state.node
    _require(node, visitor.actor)
    asked = Asked.of(request.query_params)

    def query(connection: Connection) -> tuple[FleetCount, int, list[FleetRow]]:
        seen = _seen(node, visitor.actor, connection)
        wanted = [one for one in seen if asked.wants(one)]
        shown = wanted[asked.page * _PAGE : (asked.page + 1) * _PAGE]
        return fleet.count(seen), len(wanted), [_row(connection, one) for one in shown]

    counts, wanted, found = await look(node, query)
    return page(
        request,
        visitor,
        template,
        counts=counts,
        wanted=wanted,
        rows=found,
        asked=asked,
        has_more=(asked.page + 1) * _PAGE < wanted,
        per_page=_PAGE,
    )


def _require(node: Node, actor: Actor) -> None:
    party = {"party": actor.party} if is_trader(actor) and actor.party else {}
    node.policy.require(actor, "coldchain.read", party)


def _seen(node: Node, actor: Actor, connection: Connection) -> list[FleetPoint]:
    """Return what of the fleet the actor may see: an officer all, a trader those of own goods."""
    points = list(fleet.list_points(connection))
    if not points or may(node, actor, "coldchain.read", container=points[0].container):
        return points
    own = {
        str(stay.container) for stay in container_stays(connection, actor.represents, _MOST_STAYS)
    }
    return [
        one
        for one in points
        if one.container in own and sees_container(node, actor, connection, one.container)
    ]


def _row(connection: Connection, point: FleetPoint) -> FleetRow:
    if point.at is None:
        return FleetRow(point, Sparkline("", None, None, None))
    readings = tables.get_readings(connection, point.container, since=point.at - _SPAN)
    return FleetRow(point, draw(readings, point.at, _SPAN, point.limit_c))


def _dots(found: list[FleetPoint], tone: Tone) -> list[list[Any]]:
    return [
        [
            round(min(max(one.life_low_days, 0.0), _FURTHEST_DAYS), 2),
            round(one.pulp_c - one.limit_c, 2),
            one.container,
            one.commodity,
        ]
        for one in found
        if one.tone is tone
        and one.life_low_days is not None
        and one.pulp_c is not None
        and one.limit_c is not None
    ]


ROUTES = [
    Route("/reefers", show),
    Route("/reefers/rows", rows),
    Route("/data/fleet", points),
]
