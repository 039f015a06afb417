"""The past that pages of risk look at: the history that the node holds, read once for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import polars as pl
from starlette.requests import Request

from clearway.insight import past
from clearway.insight.views import open_lake
from clearway.node.node import Node
from clearway.risk.formats import history
from clearway.risk.history import day_of
from clearway.risk.monitor import frames
from clearway.risk.precedents.model import Likeness, Precedent

Result = TypeVar("Result")
_MOST_CASES = 100

_FRESH = timedelta(minutes=2)
"""For so long several viewers share one calculation over the history."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A calculation and when it was made, by the machine's own clock."""

    at: datetime
    value: object


def history_of(node: Node) -> pl.LazyFrame | None:
    """Return the history that the node holds; None without one."""
    files = sorted(node.folder.history.rglob("*.parquet"))
    return pl.scan_parquet(files) if files else None


def selections_of(node: Node) -> pl.DataFrame | None:
    """Return selections, one row per declaration: of the history, then of the node's own facts.

    The node's own are as new as its lake. None: there is neither.
    """
    rows = history_of(node)
    parts = [] if rows is None else [frames.of_history(history.conform(rows.collect()))]
    with open_lake(node.folder.lake) as lake:
        own = past.selections(lake)
    if not own.is_empty():
        parts = [each.join(own, on="mrn", how="anti") for each in parts]
        parts.append(own)
    return frames.conform(pl.concat(parts)) if parts else None


def cases_in(rows: pl.LazyFrame, goods: Likeness, now: datetime) -> list[Precedent]:
    """Return the newest examined items of a history that share a party or heading and origin.

    Args:
        goods: what they are compared with.
        now: aware UTC; results that became known at or after it are left out.
    """
    names = rows.collect_schema().names()
    kind = pl.col("mode").fill_null("") if "mode" in names else pl.lit("")
    alike = (pl.col("hs").str.starts_with(goods.hs[:4])) & (pl.col("origin") == goods.origin)
    for column, value in (("importer", goods.importer), ("exporter", goods.exporter)):
        alike |= (pl.col(column) == value) if value else pl.lit(value=False)
    found = (
        rows.filter(alike & pl.col("examined") & pl.col("illicit").is_not_null())
        .filter(pl.col("known_at") < now)
        .sort("known_at", descending=True)
        .head(_MOST_CASES)
        .select(
            "mrn",
            "item",
            pl.col("importer").fill_null(""),
            pl.col("exporter").fill_null(""),
            "hs",
            "origin",
            "accepted_at",
            "known_at",
            "illicit",
            kind.alias("kind"),
        )
        .collect()
    )
    return [
        Precedent(
            mrn,
            item,
            Likeness(importer, exporter, hs, origin, day_of(at)),
            day_of(known),
            bool(illicit),
            (kind,) if kind else (),
        )
        for mrn, item, importer, exporter, hs, origin, at, known, illicit, kind in found.iter_rows()
    ]


async def kept(request: Request, name: str, make: Callable[[Node], Result]) -> Result:
    """Return what `make` gives, made in a thread and shared for a while."""
    node: Node = request.app.state.node
    known: dict[str, Kept] = request.app.state.kept
    wall = node.wall()
    found = known.get(name)
    if found is None or wall - found.at > _FRESH:
        found = Kept(wall, await asyncio.wrap_future(node.study.submit(name, lambda: make(node))))
        known[name] = found
    return found.value  # type: ignore[return-value]
