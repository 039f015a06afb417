"""Models: which were brought into use and why, what each was measured at, the card of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.translate import Translate
from clearway.console.work import look
from clearway.errors import NotFound
from clearway.node.node import Node
from clearway.risk import tables
from clearway.risk.card import Metric, ModelCard
from clearway.risk.evaluate import SHARES
from clearway.risk.tables import StoredModel

_MOST_SHOWN = 50
_PEERS = ("model", "revenue", "blend", "importer", "price")
PEER_NAMES = {
    "model": "probability",
    "revenue": "expected revenue",
    "blend": "both, as used",
    "importer": "importer's history",
    "price": "value of the goods",
}
"""What was measured beside what, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one ranking at one share of all goods.

    Args:
        of: the ranking.
        figures: by name, such as `P@5`; absent where not measured.
    """

    of: str
    figures: Mapping[str, float]


async def models(request: Request) -> Response:
    """Show all activations, newest first."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    found = await look(node, lambda connection: tables.list_models(connection, limit=_MOST_SHOWN))
    rows = [(one, figures(one.metrics)) for one in found]
    in_use = node.rulebook.selectivity.scorer.model
    return show(request, visitor, "models.html", rows=rows, in_use=in_use)


async def model(request: Request) -> Response:
    """Show the card of one model."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id = request.path_params["id"]
    stated = await look(node, lambda connection: _model(connection, id))
    card = node.rulebook.selectivity.scorer.card
    mine = card if card is not None and card.id == id else None
    rows = [Row(of, found) for of in _PEERS if (found := figures(stated.metrics, of))]
    return show(
        request,
        visitor,
        "model.html",
        model=stated,
        card=mine,
        rows=rows,
        shares=SHARES,
        peer_names=PEER_NAMES,
        precision=_precision(rows, visitor.t),
        curve=None if mine is None else _curve(mine, visitor.t),
    )


def figures(metrics: Iterable[Metric], of: str = "model") -> dict[str, float]:
    """Return the figures of one ranking by name."""
    return {one.name: one.value for one in metrics if one.of == of}


def _model(connection: Connection, id: str) -> StoredModel:
    for one in tables.list_models(connection, limit=_MOST_SHOWN):
        if one.id == id:
            return one
    raise NotFound(f"No model {id[:40]} was brought into use on this node")


def _precision(rows: Sequence[Row], t: Translate) -> dict[str, Any]:
    """Return precision at each share, a series per ranking, for the chart."""
    return {
        "labels": [f"{share} %" for share in SHARES],
        "unit": "%",
        "name": t("precision"),
        "series": [
            {
                "name": t(PEER_NAMES[row.of]),
                "points": [[row.figures.get(f"P@{share}")] for share in SHARES],
            }
            for row in rows
        ],
    }


def _curve(card: ModelCard, t: Translate) -> dict[str, Any]:
    """Return how raw probabilities become calibrated ones, for the chart."""
    return {
        "points": [[raw, true, None, None, None] for raw, true in card.calibration],
        "names": {
            "said": t("what the trees say"),
            "observed": t("calibrated probability"),
            "count": t("items"),
        },
    }


ROUTES = [Route("/risk/models", models), Route("/risk/models/{id}", model)]
