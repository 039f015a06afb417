"""Release times (TFA 7.6), the hours of the day, what examinations found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clearway.clearance.model import Step
from clearway.console.render import page
from clearway.console.translate import Translate
from clearway.console.visitor import visitor_of
from clearway.console.words import plain
from clearway.console.work import look
from clearway.identity.model import AGENCIES
from clearway.insight import live
from clearway.insight.model import HitRate, ReleaseTime
from clearway.node.node import Node

_FRESH = timedelta(seconds=4)
"""For so long several viewers share one calculation; it looks at thousands of consignments."""

_HOURS = 24


@dataclass(frozen=True, slots=True)
class Figures:
    """One calculation of everything on the page.

    Args:
        made_at: by the machine's own clock.
    """

    made_at: datetime
    times: tuple[ReleaseTime, ...]
    hours: tuple[live.Hour, ...]
    hits: tuple[HitRate, ...]

    @property
    def release(self) -> ReleaseTime | None:
        """From arrival to release."""
        return next((one for one in self.times if one.step is Step.RELEASED), None)

    @property
    def examined(self) -> int:
        """Consignments examined."""
        return sum(row.examined for row in self.hits)

    @property
    def not_conform(self) -> int:
        """Consignments found not conform."""
        return sum(row.hits for row in self.hits)


async def insight(request: Request) -> Response:
    """Show the dashboard."""
    visitor = visitor_of(request)
    figures = await _figures(request)
    lodged = next((one.count for one in figures.times if one.step is Step.LODGED), 0)
    return page(
        request,
        visitor,
        "insight_rows.html" if "HX-Request" in request.headers else "insight.html",
        figures=figures,
        arrived=lodged,
        rows=[row for row in figures.times if row.step is not Step.LODGED],
        hits=[row for row in figures.hits if row.examined],
    )


async def release_data(request: Request) -> Response:
    """Return release times for the chart: labels, medians, ninth deciles (hours)."""
    visitor = visitor_of(request)
    figures = await _figures(request)
    rows = [row for row in figures.times if row.step is not Step.LODGED]
    return JSONResponse(
        {
            "labels": [_label(row, visitor.t) for row in rows],
            "median": [round(row.median_h, 2) for row in rows],
            "p90": [round(row.p90_h, 2) for row in rows],
        }
    )


async def flow_data(request: Request) -> Response:
    """Return the last 24 hours for the chart; hours in which nothing happened are there too."""
    visitor_of(request)
    figures = await _figures(request)
    known = {hour.at: hour for hour in figures.hours}
    last = max(known, default=None)
    shown = [] if last is None else [last - timedelta(hours=h) for h in reversed(range(_HOURS))]
    hours = [known.get(at) or live.Hour(at, 0, 0, 0) for at in shown]
    return JSONResponse(
        {
            "hours": [f"{hour.at:%H}:00" for hour in hours],
            "lodged": [hour.lodged for hour in hours],
            "released": [hour.released for hour in hours],
            "examined": [hour.examined for hour in hours],
        }
    )


async def _figures(request: Request) -> Figures:
    """Return figures at most a few seconds old. Raises: Refused."""
    node: Node = request.app.state.node
    node.policy.require(visitor_of(request).actor, "insight.read", {})
    known: Figures | None = request.app.state.figures
    wall = node.wall()
    if known is None or wall - known.made_at > _FRESH:
        known = await look(node, lambda connection: _calculate(connection, wall))
        request.app.state.figures = known
    return known


def _calculate(connection: Connection, wall: datetime) -> Figures:
    return Figures(
        wall, live.release_times(connection), live.flow(connection), live.hits(connection)
    )


def _label(row: ReleaseTime, t: Translate) -> str:
    return f"{t(plain(row.step.value))} · {t(AGENCIES.get(row.agency, row.agency))}"


ROUTES = [
    Route("/insight", insight),
    Route("/data/release-times", release_data),
    Route("/data/flow", flow_data),
]
