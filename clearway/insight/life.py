"""Shelf life spent at the border, and in whose hands: `coldchain.custody` summed up for reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from clearway.coldchain.custody import Held, LifePoint, attribute
from clearway.insight.model import LifeSpent


def by_custody(points: Sequence[LifePoint], held: Iterable[Held]) -> tuple[LifeSpent, ...]:
    """Return the life spent in each custody, in order of time, gaps as `unknown`."""
    return tuple(
        LifeSpent(one.holder, one.step, float(one.lost_days), float(one.elapsed_days))
        for one in attribute(points, held).shares
    )


def by_holder(losses: Iterable[LifeSpent]) -> tuple[LifeSpent, ...]:
    """Return the sums per holder and step, the largest loss first."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in losses:
        entry = sums[one.holder, one.step]
        entry[0] += one.consumed_days
        entry[1] += one.elapsed_days
    made = (LifeSpent(*key, *values) for key, values in sums.items())
    return tuple(sorted(made, key=lambda one: (-one.consumed_days, one.holder, one.step)))
