"""What each office can do in a day and has used, and what waits for an audit after clearance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.clearance.lanes import tables as lanes
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.work import look
from clearway.node.node import Node
from clearway.risk import tables
from clearway.risk.history import day_of
from clearway.risk.model import Capacity
from clearway.risk.tables import OfficeDay

_DAYS = 7
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An office on a day, beside what it can do."""

    done: OfficeDay
    room: Capacity


async def capacity(request: Request) -> Response:
    """Show the last days, newest first."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    rows = await look(node, lambda connection: _rows(node, connection))
    audits = await look(node, lambda connection: lanes.list_audits(connection, limit=_MOST_SHOWN))
    return show(
        request,
        visitor,
        "capacity.html",
        rows=rows,
        audits=audits,
    )


def _rows(node: Node, connection: Connection) -> Sequence[Row]:
    capacities = node.rulebook.selectivity.capacities
    today = day_of(node.clock())
    found = (tables.list_days(connection, today - back) for back in range(_DAYS))
    return [Row(one, capacities.of(one.office)) for days in found for one in days]


ROUTES = [Route("/risk/capacity", capacity)]
