"""How well the selection works, week by week: precision, recall, probabilities, delay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.past import kept, selections_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.translate import Translate
from clearway.node.node import Node
from clearway.risk.monitor import performance as figures
from clearway.risk.monitor.performance import Calibration, Delay, Week, Whole

_MOST_WEEKS = 26
_WIDEST = 0.6
"""Recall with a wider interval is not drawn: nearly every value would be as true."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows, the newest weeks last."""

    weeks: Sequence[Week]
    strata: Sequence[Week]
    whole: Sequence[Whole]
    calibration: Sequence[Calibration]
    delays: Sequence[Delay]


async def performance(request: Request) -> Response:
    """Show the page."""
    visitor = analyst_of(request)
    view = await kept(request, "performance", _view)
    t = visitor.t
    return show(
        request,
        visitor,
        "performance.html",
        view=view,
        hits=None if view is None else _hits(view, t),
        whole=None if view is None or not view.whole else _whole(view.whole, t),
        is_recall_left_out=view is not None and not all(map(_is_told, view.whole)),
        reliability=_reliability(view.calibration, t) if view and view.calibration else None,
        revenue=None if view is None else _revenue(view.weeks, t),
        newest_strata=() if view is None else _newest(view.strata),
    )


def _view(node: Node) -> View | None:
    frame = selections_of(node)
    if frame is None or frame.is_empty():
        return None
    return View(
        weeks=figures.weekly(frame)[-_MOST_WEEKS:],
        strata=figures.weekly(frame, "stratum"),
        whole=figures.whole(frame)[-_MOST_WEEKS:],
        calibration=figures.calibration(frame),
        delays=figures.delays(frame),
    )


def _newest(weeks: Sequence[Week]) -> Sequence[Week]:
    """Return the groups of the last week in which anything was selected."""
    last = max((one.week for one in weeks if one.selected), default=None)
    return [one for one in weeks if one.week == last and one.selected]


def _label(week: date) -> str:
    return week.isoformat()


def _hits(view: View, t: Translate) -> dict[str, Any]:
    return {
        "labels": [_label(one.week) for one in view.weeks],
        "unit": "%",
        "series": [
            {
                "name": t("not conform of examined"),
                "points": [[one.hits.value, one.hits.low, one.hits.high] for one in view.weeks],
            }
        ],
    }


def _whole(weeks: Sequence[Whole], t: Translate) -> dict[str, Any]:
    """Return precision and recall of the whole policy, for the chart."""
    return {
        "labels": [_label(one.week) for one in weeks],
        "unit": "%",
        "most": 1,
        "series": [
            {
                "name": t("precision"),
                "points": [
                    [one.precision.value, one.precision.low, one.precision.high] for one in weeks
                ],
            },
            {
                "name": t("recall, estimated"),
                "points": [
                    [one.recall.value, one.recall.low, one.recall.high]
                    if _is_told(one)
                    else [None, None, None]
                    for one in weeks
                ],
            },
        ],
    }


def _is_told(one: Whole) -> bool:
    """Return whether an estimate of recall says anything."""
    return one.recall.high - one.recall.low <= _WIDEST


def _revenue(weeks: Sequence[Week], t: Translate) -> dict[str, Any]:
    return {
        "labels": [_label(one.week) for one in weeks],
        "series": [
            {"name": t("examined"), "values": [one.selected for one in weeks], "pale": True},
            {"name": t("not conform"), "values": [one.hits.hits for one in weeks]},
            {
                "name": t("revenue found"),
                "values": [round(one.revenue) for one in weeks],
                "line": True,
                "right": True,
            },
        ],
    }


def _reliability(weeks: Sequence[Calibration], t: Translate) -> dict[str, Any]:
    """Return the newest reliability table, for the chart."""
    return {
        "points": [[one.predicted, one.found, None, None, one.count] for one in weeks[-1].bins],
        "names": {
            "said": t("probability that the model gave"),
            "observed": t("share found not conform"),
            "count": t("items"),
        },
    }


ROUTES = [Route("/risk/performance", performance)]
