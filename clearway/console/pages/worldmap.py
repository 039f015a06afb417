"""Where goods come from: a lane on the map for each country of dispatch, and a table beside it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clearway.console import tables
from clearway.console.centroids import PLACES, SAMPLE_COUNTRY
from clearway.console.render import page
from clearway.console.translate import Translate
from clearway.console.visitor import visitor_of
from clearway.console.work import look
from clearway.node.node import Node
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class Row:
    """A lane as a line of the table."""

    name: str
    code: str
    count: int
    selected: int
    not_conform: int


async def worldmap(request: Request) -> Response:
    """Show the map and its numbers."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "insight.read", {})
    lanes = await look(node, tables.lanes)
    return page(request, visitor, "map.html", lanes=list(map(_row, lanes)))


async def lanes_data(request: Request) -> Response:
    """Return the lanes for the chart."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "insight.read", {})
    lanes = await look(node, tables.lanes)
    return JSONResponse(
        {
            "here": PLACES[node.settings.country],
            "name": _name(node.settings.country, visitor.t),
            "lanes": [
                {
                    "from": PLACES[lane.country],
                    "name": Country(lane.country).name,
                    "count": lane.count,
                    "selected": lane.selected,
                    "not_conform": lane.not_conform,
                }
                for lane in lanes
                if lane.country != node.settings.country
            ],
        }
    )


def _row(lane: tables.Lane) -> Row:
    name = Country(lane.country).name
    return Row(name, lane.country, lane.count, lane.selected, lane.not_conform)


def _name(country: str, t: Translate) -> str:
    return t("Sample country") if country == SAMPLE_COUNTRY else Country(country).name


ROUTES = [Route("/map", worldmap), Route("/data/map", lanes_data)]
