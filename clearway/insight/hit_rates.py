"""What examinations find, and what those not examined hide.

The hit rate of a channel tells how good the selection was, not how much fraud there is: what is
examined was chosen. A logged probability of examination (`propensity`) for every declaration makes
the rest visible: an examined declaration with propensity 0.02 stands for fifty like it. The
estimates are ratios of weighted sums (Hájek); the weights of declarations with propensity 1 are 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import sqrt

from clearway.insight.figures import wilson
from clearway.insight.model import HitRate, Selection, Targeting

RANDOM = "random"
"""Stratum of the declarations that only the draw chose."""


def hit_rates(selections: Iterable[Selection]) -> tuple[HitRate, ...]:
    """Return one rate per channel and stratum, in their order."""
    strata: dict[tuple[str, str], list[Selection]] = defaultdict(list)
    for one in selections:
        strata[one.channel, one.stratum].append(one)
    return tuple(_rate(*key, members) for key, members in sorted(strata.items()))


def _rate(channel: str, stratum: str, members: Sequence[Selection]) -> HitRate:
    examined = [one for one in members if one.is_examined]
    hits = sum(one.is_hit for one in examined)
    low, high = wilson(hits, len(examined))
    return HitRate(
        channel=channel,
        stratum=stratum,
        declarations=len(members),
        examined=len(examined),
        hits=hits,
        rate=hits / len(examined) if examined else None,
        low=low,
        high=high,
        extra_revenue=sum((one.extra_revenue for one in examined), Decimal(0)),
    )


def targeting(selections: Iterable[Selection]) -> Targeting:
    """Return what all declarations hide and how much of it targeting found.

    Opened goods without a propensity above 0 cannot stand for others and are left out.
    Source: Hájek's ratio estimator; its error by linearisation for independent draws (Poisson
    sampling): sqrt(sum (1 - p) ((y - rate) / p)^2) / sum 1 / p.
    """
    everything = tuple(selections)
    seen = [one for one in everything if one.is_opened and one.propensity > 0]
    weight = sum(1 / one.propensity for one in seen)
    hidden = sum(1 / one.propensity for one in seen if one.is_hit)
    rate = hidden / weight if weight else None
    chosen = [one for one in seen if one.stratum != RANDOM]
    caught = sum(one.is_hit for one in chosen)
    precision = caught / len(chosen) if chosen else None
    return Targeting(
        declarations=len(everything),
        rate=rate,
        error=_error(seen, rate, weight),
        precision=precision,
        recall=caught / hidden if hidden else None,
        lift=precision / rate if precision is not None and rate else None,
    )


def _error(seen: Sequence[Selection], rate: float | None, weight: float) -> float:
    if rate is None:
        return 0.0
    spread = sum((1 - one.propensity) * ((one.is_hit - rate) / one.propensity) ** 2 for one in seen)
    return sqrt(spread) / weight
