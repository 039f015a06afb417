"""Drift: how far what the model sees has moved week by week, and changes in what is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.pages.risk.past import history_of, kept, selections_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.risk_words import BECAUSE_NAMES, DRIFT_NAMES
from clearway.console.translate import Translate
from clearway.console.work import look
from clearway.node.node import Node
from clearway.risk.features import FEATURES, NAMES
from clearway.risk.formats import history
from clearway.risk.monitor import adwin, psi, tables
from clearway.risk.monitor.adwin import Cut
from clearway.risk.monitor.psi import Shift
from clearway.risk.monitor.tables import Event
from clearway.risk.replay import replay

_EPOCH = date(1970, 1, 1)
_DAY_US = 86_400_000_000
_FOREVER = 1 << 62
_REFERENCE = 0.6
"""Later weeks are compared with the four before this share of the history's days: a history that
has just begun fills its counts first."""
_YOUNG_DAYS = 120
_MOST_ITEMS = 400_000
_MOST_WEEKS = 13
_MOST_FEATURES = 12
_MOST_EVENTS = 20
_GROWING = ("_n", "_examined", "_found", "_days", "_rate", "_revenue")
"""Ends of names of features that sum up the past: they move by themselves as a history fills."""
_KNOWN = "prices_"
"""Beginning of names of those that count prices."""
TEXTS = {feature.name: feature.text.rstrip(".") for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows.

    Args:
        weeks: their first days, with how far each feature had moved; empty: too few rows.
        cuts: changes of hit rates.
        reference: first and last day that the weeks are compared with.
        days: that the history holds.
    """

    weeks: Sequence[tuple[date, Sequence[Shift]]]
    cuts: Sequence[Cut]
    reference: tuple[date, date] | None
    days: int

    @property
    def is_young(self) -> bool:
        """Whether what is usual for goods is still being learnt, so that it moves by itself."""
        return self.days < _YOUNG_DAYS

    @property
    def furthest(self) -> Sequence[str]:
        """Features of the goods themselves, by how far they moved at most."""
        most: dict[str, float] = {}
        for _, shifts in self.weeks:
            for one in shifts:
                most[one.name] = max(most.get(one.name, 0.0), one.psi)
        ranked = sorted(most, key=lambda name: (-most[name], name))
        shown = [
            name for name in ranked if not (name.endswith(_GROWING) or name.startswith(_KNOWN))
        ]
        return shown[:_MOST_FEATURES]


async def drift(request: Request) -> Response:
    """Show the page."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    view = await kept(request, "drift", _view)
    events = await look(node, _events)
    return show(
        request,
        visitor,
        "drift.html",
        view=view,
        texts=TEXTS,
        events=events,
        chart=None if view is None or not view.weeks else _chart(view, visitor.t),
        drift_names=DRIFT_NAMES,
        because_names=BECAUSE_NAMES,
    )


def _events(connection: Connection) -> tuple[Event, ...]:
    return tables.list_events(connection, limit=_MOST_EVENTS)


def _view(node: Node) -> View | None:
    rows = history_of(node)
    selections = selections_of(node)
    if rows is None or selections is None or selections.is_empty():
        return None
    frame = history.conform(rows.collect()).tail(_MOST_ITEMS)
    matrix = np.asarray(replay(frame, _FOREVER).matrix, dtype=np.float64)
    days = (frame["accepted_at"].dt.epoch("us") // _DAY_US).to_numpy().astype(np.int64)
    first, last = int(days.min()), int(days.max())
    middle = first + int((last - first) * _REFERENCE)
    start = max(first, middle - psi.WINDOW_DAYS + 1)
    before = (days >= start) & (days <= middle)
    if int(before.sum()) < psi.LEAST_ROWS:
        return View((), _cuts(selections), None, last - first + 1)
    reference = psi.reference_of(matrix[before], days[before], NAMES)
    weeks = [
        (_day(day), psi.drift(reference, matrix[(days >= day) & (days < day + 7)]))
        for day in range(middle + 1, last + 1, 7)
    ]
    shown = [(week, shifts) for week, shifts in weeks if shifts][-_MOST_WEEKS:]
    return View(shown, _cuts(selections), (_day(start), _day(middle)), last - first + 1)


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _cuts(selections: pl.DataFrame) -> tuple[Cut, ...]:
    known = selections.filter(pl.col("resulted") & pl.col("known_at").is_not_null())
    columns = known.sort("known_at").select("known_at", "stratum", "found")
    return adwin.cuts(adwin.Result(at, why, bool(hit)) for at, why, hit in columns.iter_rows())


def _chart(view: View, t: Translate) -> dict[str, Any]:
    """Return the heat strip: a row per feature, a column per week."""
    names = view.furthest
    return {
        "weeks": [week.isoformat() for week, _ in view.weeks],
        "features": [TEXTS[name] for name in names],
        "cells": list(_cells(view, names)),
        "names": {"stable": t("stable"), "moved": t("moved"), "shifted": t("shifted")},
    }


def _cells(view: View, names: Sequence[str]) -> Iterator[list[float]]:
    for column, (_, shifts) in enumerate(view.weeks):
        found = {one.name: one.psi for one in shifts}
        for row, name in enumerate(names):
            yield [column, row, round(found[name], 3)]


ROUTES = [Route("/risk/drift", drift)]
