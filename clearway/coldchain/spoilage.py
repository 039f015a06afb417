"""How much life the goods have used up, how much is left, and what becomes of them.

The life of a batch of goods is worked out in three steps:
1. The pulp follows the air (`pulp.py`), with its uncertainty.
2. The rate of spoiling at the pulp's temperature (`kinetics.py`) is summed over event time, and how
   unsure that sum is goes along with it. Cold below the recommended range earns no extra life.
3. Life at the reference temperature, less life used up, is what is left. Three errors add up by
   squares: the spread of initial life, of the kinetics, and of the pulp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import ceil, exp, hypot, inf, isfinite, log, sqrt

from clearway.coldchain import pulp as pulps
from clearway.coldchain.kinetics import KELVIN, MKT_KELVIN, GapTooLong, Rate, rate_of
from clearway.coldchain.model import Commodity, Forecast, ForecastPoint, Outlook, ShelfLife
from clearway.coldchain.pulp import Z80, Z90, Pulp
from clearway.coldchain.rules import limit_h
from clearway.coldchain.state import (
    BOX_LAG_H,
    Consumed,
    Goods,
    UnitState,
    air_c,
    air_goes_to_c,
    stirring,
)
from clearway.errors import WrongState

KINETICS_SPREAD = 0.2
"""One sigma of the relative error of ln(rate). Assumed; a validated model for seabream (see
Koutsoumanis 2001) missed shelf life by 6 % on average in changing temperatures."""

GAP_AIR_SPREAD_C = 3.0
"""One sigma of the air while nobody measured it. Assumed."""

LONGEST_STEP_H = 1.0
MOST_STEPS = 48

HOURS_A_DAY = 24.0
MOST_POINTS = 1_000

FOREVER_DAYS = 3_650.0
"""Days are counted no further than this: frozen hard, or too cold to spoil."""

_SETTLING_STEPS = 20


def consumed_days(
    history: Iterable[tuple[datetime, float]],
    commodity: Commodity,
    *,
    longest_gap: timedelta = timedelta(hours=12),
) -> float:
    """Return the reference days that goods used up along a known history of their own temperature.

    Args:
        history: (instant, pulp in degrees Celsius) in order of time, two or more.
        longest_gap: a longer pause between two instants is not bridged.

    Raises: GapTooLong: a pause is longer than `longest_gap`, or there is no history.
    """
    points = list(history)
    if len(points) < 2:
        raise GapTooLong("A history needs at least two readings; fetch more from the logger")
    rate = rate_of(commodity.kinetics, commodity.reference_c)
    total = 0.0
    for (before, before_c), (after, after_c) in pairwise(points):
        if after - before > longest_gap:
            raise GapTooLong(
                f"Nothing was measured between {before} and {after}, longer than {longest_gap};"
                " fetch the missing readings from the logger's own memory"
            )
        mean_rate = (rate(before_c) + rate(after_c)) / 2.0
        total += mean_rate * (after - before).total_seconds() / 86_400.0
    return total


def elapse(
    goods: Goods,
    commodity: Commodity,
    hours: float,
    air: float,
    *,
    stirred: float = 1.0,
    is_blind: bool = False,
    pace: Rate | None = None,
) -> Goods:
    """Return the goods after `hours` in air of `air` degrees Celsius.

    Args:
        stirred: share of the usual exchange with the air, above 0 to 1.
        is_blind: nobody measured the air; it is a guess with spread `GAP_AIR_SPREAD_C`.
        pace: `pace_of(commodity)`, from who has it at hand.
    """
    if hours <= 0.0:
        return goods
    spread = GAP_AIR_SPREAD_C if is_blind else 0.0
    steps = 1 if hours <= LONGEST_STEP_H else min(ceil(hours / LONGEST_STEP_H), MOST_STEPS)
    step_h = hours / steps
    days = step_h / HOURS_A_DAY
    pulp, kinetic, chilled = goods.pulp, goods.kinetic_sum_h, goods.chilled_degree_h
    chilling_c = -inf if commodity.chilling_c is None else commodity.chilling_c
    pace = pace or pace_of(commodity)
    for _ in range(steps):
        pulp = pulps.follow(pulp, air, step_h * stirred, spread, pace=pace, days=days)
        kinetic += step_h * exp(-MKT_KELVIN / (pulp.c + KELVIN))
        chilled += step_h * max(0.0, chilling_c - pulp.c)
    return Goods(
        pulp,
        consumed(pulp, goods.before_days),
        goods.before_days,
        goods.elapsed_h + hours,
        kinetic,
        chilled,
        goods.blind_h + (hours if is_blind else 0.0),
    )


def consumed(pulp: Pulp, before_days: float) -> Consumed:
    """Return the days used up: those before loading, and the 80 % interval of those since."""
    middle = before_days + pulp.used_days
    half = Z80 * pulp.used_sigma_days
    return Consumed(max(before_days, middle - half), middle, middle + half)


@lru_cache(maxsize=256)
def pace_of(commodity: Commodity) -> Rate:
    """Return the rate of spoiling; cold below the recommended range earns no extra life."""
    rate, coldest_c = rate_of(commodity.kinetics, commodity.reference_c), commodity.coldest_c
    slowest = rate(coldest_c)
    return lambda at_c: rate(at_c) if at_c > coldest_c else slowest


def mean_kinetic_c(goods: Goods) -> float | None:
    """Return the mean kinetic temperature of the goods so far; None before any time passed."""
    hours = goods.elapsed_h
    if hours <= 0.0 or goods.kinetic_sum_h <= 0.0:
        return None
    return MKT_KELVIN / -log(goods.kinetic_sum_h / hours) - KELVIN


def remaining(goods: Goods, commodity: Commodity, z: float = Z80) -> tuple[float, float, float]:
    """Return (low, middle, high) of the reference days that are left; none is below zero.

    Lives of lots scatter as a lognormal whose 10 % and 90 % points are `commodity.life_days`.

    Args:
        z: half width of the interval in sigma; by default 10 % lie below and 10 % above it.
    """
    shortest, longest = commodity.life_days
    consumed, wide = goods.consumed, z / Z80
    life = sqrt(shortest * longest)
    scatter = (longest / shortest) ** (wide / 2.0)
    middle = life - consumed.middle
    beyond = consumed.middle - goods.before_days - goods.elapsed_h / HOURS_A_DAY
    kinetics = z * KINETICS_SPREAD * abs(beyond)
    down = hypot(life - life / scatter, kinetics, wide * (consumed.high - consumed.middle))
    up = hypot(life * scatter - life, kinetics, wide * (consumed.middle - consumed.low))
    return max(0.0, middle - down), max(0.0, middle), max(0.0, middle + up)


def shelf_life(state: UnitState, commodity: Commodity) -> ShelfLife | None:
    """Return how long the goods still keep; None before the first temperature."""
    goods = state.goods
    if goods is None or state.at is None:
        return None
    q10, q50, q90 = remaining(goods, commodity)
    q05, _, q95 = remaining(goods, commodity, Z90)
    curve, final_rate = _spending(state, goods.pulp, commodity)
    careful, middle = (_when_spent(curve, final_rate, left) for left in (q10, q50))
    hours = limit_h(state, commodity)
    return ShelfLife(
        q10,
        q50,
        q90,
        careful,
        middle,
        goods.consumed.middle,
        goods.pulp.c,
        state.at,
        q05,
        q95,
        state.at + timedelta(hours=hours) if isfinite(hours) else None,
    )


def _spending(
    state: UnitState, pulp: Pulp, commodity: Commodity
) -> tuple[list[tuple[float, float]], float]:
    """Return (days from now, reference days spent) while the pulp settles, and the rate after."""
    rate = rate_of(commodity.kinetics, commodity.reference_c)
    air, pulp_c, lag_h = (
        air_ahead(state, Outlook.AS_NOW, commodity),
        pulp.c,
        pulp.lag_h / stirring(state.seen),
    )
    step_h = max(lag_h, BOX_LAG_H if state.seen.powered is False else 0.0) / 4.0
    stays = exp(-step_h / lag_h)
    before, spent, curve = rate(max(pulp_c, commodity.coldest_c)), 0.0, [(0.0, 0.0)]
    for i in range(1, _SETTLING_STEPS + 1):
        air_now = air((i - 0.5) * step_h)
        pulp_c = air_now + (pulp_c - air_now) * stays
        after = rate(max(pulp_c, commodity.coldest_c))
        spent += (before + after) / 2.0 * step_h / HOURS_A_DAY
        curve.append((i * step_h / HOURS_A_DAY, spent))
        before = after
    return curve, before


def _when_spent(curve: list[tuple[float, float]], final_rate: float, budget: float) -> float:
    """Return the day on which the spending reaches `budget`, at most `FOREVER_DAYS`."""
    for (day, spent), (next_day, next_spent) in pairwise(curve):
        if next_spent >= budget and next_spent > spent:
            return day + (next_day - day) * (budget - spent) / (next_spent - spent)
    day, spent = curve[-1]
    if budget - spent >= final_rate * (FOREVER_DAYS - day):
        return FOREVER_DAYS
    return day + (budget - spent) / final_rate


def air_ahead(state: UnitState, outlook: Outlook, commodity: Commodity) -> Callable[[float], float]:
    """Return the air, degrees Celsius, as a function of hours from now."""
    if outlook is Outlook.RESTORED:
        return lambda hours: _put_right_c(state, commodity)
    now_c = air_c(state.seen)
    if now_c is None:
        now_c = commodity.reference_c
    to_c = air_goes_to_c(state)
    if to_c is None:
        return lambda hours: now_c
    return lambda hours: to_c + (now_c - to_c) * exp(-hours / BOX_LAG_H)


def _put_right_c(state: UnitState, commodity: Commodity) -> float:
    """Return the air once all is put right: the set point if it fits the goods."""
    told_c = state.told_c
    if told_c is None or not commodity.coldest_c <= told_c <= commodity.warmest_c:
        return commodity.reference_c
    return told_c


def forecast(
    state: UnitState,
    commodity: Commodity,
    outlook: Outlook,
    *,
    hours: float = 72.0,
    step_h: float = 1.0,
) -> Forecast:
    """Return what becomes of the goods over the next `hours`, as a band for a chart.

    Args:
        state: after at least one temperature.
        hours, step_h: length and spacing; at most `MOST_POINTS` points.

    Raises: WrongState: nothing was measured in this unit yet.
    """
    goods, start = state.goods, state.at
    if goods is None or start is None:
        raise WrongState(
            f"Nothing was measured in container {state.container} yet; a forecast needs a reading"
        )
    air = air_ahead(state, outlook, commodity)
    stirred = stirring(state.seen) if outlook is Outlook.AS_NOW else 1.0
    points = [_point(start, goods, commodity)]
    for i in range(1, min(ceil(hours / step_h), MOST_POINTS) + 1):
        goods = elapse(goods, commodity, step_h, air((i - 0.5) * step_h), stirred=stirred)
        points.append(_point(start + timedelta(hours=i * step_h), goods, commodity))
    warm = (p.at for p in points if p.pulp_c_q50 >= commodity.limit_c)
    spent = (p.at for p in points if p.remaining_days_q10 <= 0.0)
    return Forecast(outlook, tuple(points), next(warm, None), next(spent, None))


def _point(at: datetime, goods: Goods, commodity: Commodity) -> ForecastPoint:
    middle, half = goods.pulp.c, Z80 * goods.pulp.sigma_c
    return ForecastPoint(at, middle - half, middle, middle + half, *remaining(goods, commodity))
