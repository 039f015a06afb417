"""A journey as a line on a chart: few points, and no peak lost among them."""

from __future__ import annotations

from collections.abc import Sequence

from clearway.coldchain.model import Commodity, HistoryPoint
from clearway.coldchain.pulp import Z80
from clearway.coldchain.spoilage import remaining
from clearway.coldchain.state import UnitState, air_c


def points_of(
    states: Sequence[UnitState], commodity: Commodity | None, most: int
) -> tuple[HistoryPoint, ...]:
    """Return at most `most` points: of each stretch of time the coldest and the warmest air.

    Args:
        states: the unit after each of its readings, in order of time.
        most: 2 or more.
    """
    return tuple(_point(state, commodity) for state in thin_out(states, most))


def thin_out(states: Sequence[UnitState], most: int) -> list[UnitState]:
    """Return the states to show; the first and the last are always among them."""
    if len(states) <= most:
        return list(states)
    pairs = max(1, (most - 2) // 2)
    inner = states[1:-1]
    shown = [states[0]]
    for i in range(pairs):
        stretch = range(i * len(inner) // pairs, (i + 1) * len(inner) // pairs)
        if stretch:
            coldest = min(stretch, key=lambda k: _air(inner[k]))
            warmest = max(stretch, key=lambda k: _air(inner[k]))
            shown.extend(inner[k] for k in sorted({coldest, warmest}))
    return [*shown, states[-1]]


def _air(state: UnitState) -> float:
    air = air_c(state.seen)
    return 0.0 if air is None else air


def _point(state: UnitState, commodity: Commodity | None) -> HistoryPoint:
    if state.at is None:
        raise ValueError("a point of a history needs an instant")
    seen, goods = state.seen, state.goods
    pulp: tuple[float | None, ...] = (None, None, None)
    left: tuple[float | None, ...] = (None, None, None)
    if goods is not None:
        half = Z80 * goods.pulp.sigma_c
        pulp = (goods.pulp.c - half, goods.pulp.c, goods.pulp.c + half)
        left = left if commodity is None else remaining(goods, commodity)
    return HistoryPoint(
        state.at,
        seen.supply_c,
        seen.return_c,
        seen.probe_c,
        seen.set_point_c,
        seen.powered,
        seen.door_open,
        *pulp,
        *left,
    )
