"""The past that pages of risk look at: the history that the node holds, read once for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import polars as pl
from starlette.requests import Request

from clearway.node.node import Node
from clearway.risk.formats import history
from clearway.risk.monitor import frames

Result = TypeVar("Result")

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
    """Return the selections of the history, one row per declaration; None without a history."""
    rows = history_of(node)
    return None if rows is None else frames.of_history(history.conform(rows.collect()))


async def kept(request: Request, name: str, make: Callable[[Node], Result]) -> Result:
    """Return what `make` gives, made in a thread and shared for a while."""
    node: Node = request.app.state.node
    known: dict[str, Kept] = request.app.state.kept
    wall = node.wall()
    found = known.get(name)
    if found is None or wall - found.at > _FRESH:
        found = Kept(wall, await asyncio.to_thread(make, node))
        known[name] = found
    return found.value  # type: ignore[return-value]
