"""Whether the selection discriminates (TFA 7.4), by origin, size, declarant and office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.past import kept, selections_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.risk_words import DIMENSION_NAMES
from clearway.console.translate import Translate
from clearway.node.node import Node
from clearway.risk.monitor.fairness import DIMENSIONS, Group, Report, report

_MOST_SHOWN = 15
_LEAST_SCORED = 1_000
"""Declarations with a score from which groups are compared at equal risk, and only on these:
beside them, all that have no score would pass for equally risky."""


async def fairness(request: Request) -> Response:
    """Show the report of one dimension."""
    visitor = analyst_of(request)
    dimension = request.query_params.get("by", "")
    if dimension not in DIMENSIONS:
        dimension = DIMENSIONS[0]
    found = await kept(request, "fairness", _report)
    groups = () if found is None else found.groups[dimension][:_MOST_SHOWN]
    return show(
        request,
        visitor,
        "fairness.html",
        report=found,
        dimension=dimension,
        dimensions=DIMENSION_NAMES,
        groups=groups,
        chart=_chart(groups, visitor.t),
    )


def _report(node: Node) -> Report | None:
    """Return the report at equal risk where enough declarations have a score, else of all alike."""
    frame = selections_of(node)
    if frame is None or frame.is_empty():
        return None
    scored = frame.filter(pl.col("score").is_not_null())
    if len(scored) >= _LEAST_SCORED:
        return report(scored)
    return report(frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("score")))


def _chart(groups: Sequence[Group], t: Translate) -> dict[str, Any]:
    """Return shares selected and found, with their intervals."""
    return {
        "labels": [one.name for one in groups],
        "unit": "%",
        "series": [
            {
                "name": t("selected"),
                "points": [[g.selected.value, g.selected.low, g.selected.high] for g in groups],
            },
            {
                "name": t("not conform of examined"),
                "points": [[g.found.value, g.found.low, g.found.high] for g in groups],
            },
        ],
    }


ROUTES = [Route("/risk/fairness", fairness)]
