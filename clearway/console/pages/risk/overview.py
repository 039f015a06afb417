"""How the selection does today: what it finds by stratum, what it misses, what it chose last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.translate import Translate
from clearway.console.words import plain
from clearway.console.work import look
from clearway.insight import live
from clearway.insight.model import HitRate, Targeting
from clearway.node.node import Node
from clearway.risk import tables
from clearway.risk.model import Channel
from clearway.risk.tables import StoredAssessment, StoredModel

_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows.

    Args:
        hits: by channel and stratum, only where something was examined.
        newest: the last ones sent to physical examination, newest first.
        model: the active one; None: rules and the draw alone.
    """

    hits: Sequence[HitRate]
    aim: Targeting
    newest: Sequence[StoredAssessment]
    model: StoredModel | None

    @property
    def examined(self) -> int:
        """Declarations examined."""
        return sum(row.examined for row in self.hits)

    @property
    def found(self) -> int:
        """Declarations found not conform."""
        return sum(row.hits for row in self.hits)


async def overview(request: Request) -> Response:
    """Show the page."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    view = await look(node, _view)
    return show(
        request, visitor, "overview.html", view=view, chart=_chart(view.hits, view.aim, visitor.t)
    )


def _view(connection: Connection) -> View:
    newest = tables.list_assessments(connection, channel=Channel.RED, limit=_MOST_SHOWN)
    hits = tuple(row for row in live.hits(connection) if row.examined)
    return View(hits, live.aim(connection), newest, tables.active_model(connection))


def _chart(hits: Sequence[HitRate], aim: Targeting, t: Translate) -> dict[str, Any]:
    """Return hit rates with their intervals, and the share that a blind draw would find."""
    rows = sorted(hits, key=lambda row: (list(Channel).index(Channel(row.channel)), row.stratum))
    chart: dict[str, Any] = {
        "labels": [f"{t(row.channel)} · {t(plain(row.stratum))}" for row in rows],
        "series": [
            {"name": t("Hit rate"), "points": [[row.rate, row.low, row.high] for row in rows]}
        ],
        "unit": "%",
    }
    if aim.rate is not None:
        chart["usual"] = {"name": t("all goods, estimated"), "value": aim.rate}
    return chart


ROUTES = [Route("/risk", overview)]
