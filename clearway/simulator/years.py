"""Worlds for trying risk models: a nation's trade of four years, and the ceilings of targeting.

    tried = years(seed=0)                        # 400,000 items, all examined, truth apart
    tried = years(seed=0, policy=REALISTIC)      # results where officers of the past looked
    ceilings(tried.truth)                        # what no method can pass

A new scheme is a world of its own: `replace(NATION, new_scheme_day=...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from clearway.simulator.history import Past, past
from clearway.simulator.inspection import FULL, Inspection
from clearway.simulator.places import SAMPLE_BORDER
from clearway.simulator.scale import NATION, Scale
from clearway.simulator.world import build

if TYPE_CHECKING:
    from polars import DataFrame

ROWS = 400_000
BEGIN, END = date(2022, 1, 1), date(2026, 1, 1)
# Items on a mean declaration of the nation's goods, times the mean of `trade.WEEKDAY`.
_ITEMS = 1.65
CAPACITIES = (0.01, 0.02, 0.05, 0.1)


def years(
    seed: int,
    rows: int = ROWS,
    *,
    policy: Inspection = FULL,
    scale: Scale = NATION,
    begin: date = BEGIN,
    end: date = END,
) -> Past:
    """Return the history of a nation and, apart from it, its truth; about so many rows.

    Args:
        seed: of the world; the same seed gives the same firms, prices and schemes.
        rows: items wanted; what comes differs by a percent or two.
        policy: who looked at what. It changes results, never what was declared.
        begin, end: first day, and the day after the last.

    Raises: ValueError: the days lie outside the world's years.
    """
    days = (end - begin).days
    world = build(seed, SAMPLE_BORDER.country, scale)
    return past(world, days, rows / days / _ITEMS, until=end, policy=policy)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What targeting can reach at one capacity, as shares of 0 to 1.

    Args:
        capacity: share of items examined.
        best: precision of who knows the truth.
        informed: precision of who knows the chance of each trader and lane to cheat, but does not
            read the declaration. A good method reads it too and can pass this one.
        best_revenue: share of all evaded revenue in the costliest cheats.
    """

    capacity: float
    best: float
    informed: float
    best_revenue: float


def ceilings(truth: DataFrame) -> tuple[Ceiling, ...]:
    """Return the ceilings of a world at 1, 2, 5 and 10 percent of its items.

    Args:
        truth: of `years`, at least 100 rows of it.
    """
    cheats = (truth["mode"] != "").to_numpy()
    by_chance = cheats[np.argsort(-truth["propensity"].to_numpy(), kind="stable")]
    revenue = np.sort(truth["extra_revenue"].to_numpy())[::-1]
    found = []
    for capacity in CAPACITIES:
        top = max(1, round(len(cheats) * capacity))
        best = min(1.0, float(cheats.sum()) / top)
        share = min(1.0, float(revenue[:top].sum() / max(revenue.sum(), 1.0)))
        found.append(Ceiling(capacity, best, float(by_chance[:top].mean()), share))
    return tuple(found)
