"""Refrigerated containers of a day: what is in them, how they are run, and what goes wrong.

A *mishap* is something physical (a power cut, a wrong set-point, warm loading, an open door) or a
fault of the logger (a gap, a late delivery, a stuck sensor, a slow clock). On a day with twenty
units or more each kind happens at least once, so that the day shows it; beyond that they are as
frequent as `_SHARE` says, more frequent than at a well-run terminal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from clearway.simulator.decay import Law, Lot
from clearway.simulator.goods import Goods
from clearway.simulator.places import DAY_S, Climate
from clearway.simulator.streams import Generator

HOUR_S = 3600.0
_COLD_TREATED = ("grape", "apple", "kiwi")
TREATMENT_DAYS, TREATMENT_MAX_C = 16.0, 1.4
_TREATMENT_SET_POINT_C = -0.5
_SHORTEST_TREATING_VOYAGE_DAYS = 18.0
_FALSE_CLAIM_SHARE = 0.35


class MishapKind(StrEnum):
    """What can go wrong; the first eight change the goods, the others only what is known."""

    POWER_CUT = "power_cut"
    POWER_CUT_AT_SEA = "power_cut_at_sea"
    WRONG_SET_POINT = "wrong_set_point"
    FAHRENHEIT = "fahrenheit"
    WARM_LOADING = "warm_loading"
    DOOR_OPEN = "door_open"
    SHORT_TREATMENT = "short_treatment"
    GAP = "gap"
    LATE = "late"
    STUCK_SENSOR = "stuck_sensor"
    SLOW_CLOCK = "slow_clock"


# Share of a day's units; a unit has one mishap at most.
_SHARE = {
    MishapKind.POWER_CUT: 0.08,
    MishapKind.POWER_CUT_AT_SEA: 0.04,
    MishapKind.WRONG_SET_POINT: 0.04,
    MishapKind.FAHRENHEIT: 0.02,
    MishapKind.WARM_LOADING: 0.05,
    MishapKind.DOOR_OPEN: 0.04,
    MishapKind.GAP: 0.04,
    MishapKind.LATE: 0.04,
    MishapKind.STUCK_SENSOR: 0.03,
    MishapKind.SLOW_CLOCK: 0.03,
}


@dataclass(frozen=True, slots=True)
class Mishap:
    """One thing that goes wrong between two instants, seconds since 1970 UTC."""

    kind: MishapKind
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Unit:
    """One refrigerated container on its way.

    Args:
        container: its number.
        goods: what is in it.
        mass_kg: true net mass.
        ordered_c: set-point that the shipper ordered.
        set_point_c: set-point at which the unit runs.
        loaded_s, arrives_s: seconds since 1970 UTC.
        loaded_pulp_c: true pulp temperature when the doors closed.
        lot: how the goods age.
        start: climate where it was loaded.
        end: climate at the border.
        has_probe: whether a probe sits in the pulp.
        defrost_s: seconds between defrosts; `defrost_offset_s` after loading the first.
        claims_treatment: whether its certificate claims a cold treatment on the way.
        mishap: what goes wrong, if anything.
    """

    container: str
    goods: Goods
    mass_kg: float
    ordered_c: float
    set_point_c: float
    loaded_s: float
    arrives_s: float
    loaded_pulp_c: float
    lot: Lot
    start: Climate
    end: Climate
    has_probe: bool
    defrost_s: float
    defrost_offset_s: float
    claims_treatment: bool = False
    mishap: Mishap | None = None

    @property
    def treatment_s(self) -> tuple[float, float]:
        """From when to when its certificate claims the treatment, seconds since 1970 UTC."""
        start = self.loaded_s + 0.5 * DAY_S
        return start, start + (TREATMENT_DAYS + 1.0) * DAY_S

    def during(self, *kinds: MishapKind) -> tuple[float, float] | None:
        """Return when a mishap of these kinds lasts; None when there is none."""
        if self.mishap is None or self.mishap.kind not in kinds:
            return None
        return self.mishap.start_s, self.mishap.end_s

    def repaired(self, at_s: float) -> Unit:
        """Return the unit as it goes on when its power is back, its set-point right, from `at_s`.

        What had gone wrong before stays; an end before `at_s` stays as it was.
        """
        if self.mishap is None:
            return self
        return replace(self, mishap=replace(self.mishap, end_s=min(self.mishap.end_s, at_s)))


def lot_of(rng: Generator, law: Law, life_days: float) -> Lot:
    """Return a lot of a kind: its life and steepness differ from the kind's a little."""
    return Lot(law, life_days * float(np.exp(rng.normal(0.0, 0.12))), float(rng.normal(1.0, 0.06)))


def load(
    rng: Generator,
    container: str,
    goods: Goods,
    mass_kg: float,
    way: tuple[Climate, Climate, float],
    arrives_s: float,
) -> Unit:
    """Return a unit that is loaded and run as it should be.

    Args:
        way: climate at loading, climate at the border, hours between them.
        arrives_s: seconds since 1970 UTC.
    """
    start, end, hours = way
    if goods.law is None:
        raise ValueError(f"{goods.key} does not travel cold")
    treated = goods.key in _COLD_TREATED and hours >= _SHORTEST_TREATING_VOYAGE_DAYS * 24
    set_point = _TREATMENT_SET_POINT_C if treated else goods.set_point_c
    under_way = hours * HOUR_S * float(rng.uniform(0.98, 1.12)) + 0.6 * DAY_S
    every = float(rng.choice([6.0, 8.0, 12.0])) * HOUR_S
    return Unit(
        container=container,
        goods=goods,
        mass_kg=mass_kg,
        ordered_c=set_point,
        set_point_c=set_point,
        loaded_s=np.floor((arrives_s - under_way) / 600.0) * 600.0,
        arrives_s=arrives_s,
        loaded_pulp_c=set_point + float(rng.uniform(0.2, 1.2)),
        lot=lot_of(rng, goods.law, goods.life_days),
        start=start,
        end=end,
        has_probe=treated or bool(rng.random() < 0.45),
        defrost_s=every,
        defrost_offset_s=float(rng.uniform(0.2, 1.0)) * every,
        claims_treatment=treated,
    )


def afflict(rng: Generator, units: tuple[Unit, ...], day_s: float) -> tuple[Unit, ...]:
    """Return the units with their mishaps.

    Args:
        day_s: first second of the simulated day, since 1970 UTC.
    """
    order = [int(place) for place in rng.permutation(len(units))]
    afflicted = list(units)
    for kind, share in _SHARE.items():
        at_least = 1 if len(units) >= 20 else 0
        wanted = max(at_least, int(rng.binomial(len(units), share)))
        fitting = [place for place in order if _suits(kind, units[place], day_s)]
        for place in fitting[:wanted]:
            order.remove(place)
            afflicted[place] = _with(rng, units[place], kind, day_s)
    for place, unit in enumerate(afflicted):
        if unit.claims_treatment and unit.mishap is None and rng.random() < _FALSE_CLAIM_SHARE:
            afflicted[place] = _with(rng, unit, MishapKind.SHORT_TREATMENT, day_s)
    return tuple(afflicted)


def _suits(kind: MishapKind, unit: Unit, day_s: float) -> bool:
    if kind is MishapKind.FAHRENHEIT:
        return unit.goods.set_point_c <= -17.0
    if kind in (MishapKind.POWER_CUT, MishapKind.DOOR_OPEN):
        return unit.arrives_s < day_s + 12 * HOUR_S
    if kind is MishapKind.WRONG_SET_POINT:
        return not unit.claims_treatment
    return unit.arrives_s - unit.loaded_s > 2 * DAY_S or kind not in (MishapKind.POWER_CUT_AT_SEA,)


def _with(rng: Generator, unit: Unit, kind: MishapKind, day_s: float) -> Unit:
    """Return the unit with one mishap of this kind."""
    ashore = max(unit.arrives_s, day_s)
    sailing = unit.arrives_s - unit.loaded_s
    start = unit.loaded_s
    end = np.inf
    if kind is MishapKind.POWER_CUT:
        start = ashore + rng.uniform(0.3, 5.0) * HOUR_S
        end = start + rng.uniform(9.0, 26.0) * HOUR_S
    elif kind is MishapKind.DOOR_OPEN:
        start = ashore + rng.uniform(0.5, 8.0) * HOUR_S
        end = start + rng.uniform(1.0, 3.5) * HOUR_S
    elif kind is MishapKind.POWER_CUT_AT_SEA:
        start = unit.loaded_s + rng.uniform(0.2, 0.7) * sailing
        end = min(start + rng.uniform(8.0, 40.0) * HOUR_S, unit.arrives_s - HOUR_S)
    elif kind in (MishapKind.GAP, MishapKind.LATE):
        start = day_s + rng.uniform(2.0, 14.0) * HOUR_S
        end = start + rng.uniform(2.0, 6.0) * HOUR_S
    elif kind is MishapKind.STUCK_SENSOR:
        start = day_s + rng.uniform(0.0, 6.0) * HOUR_S
    elif kind is MishapKind.SHORT_TREATMENT:
        start = unit.loaded_s + rng.uniform(0.2, 0.5) * sailing
        end = start + rng.uniform(2.0, 5.0) * DAY_S
    changed = replace(unit, mishap=Mishap(kind, float(start), float(end)))
    return _run_wrong(rng, changed, kind)


def _run_wrong(rng: Generator, unit: Unit, kind: MishapKind) -> Unit:
    """Return the unit with the set-point or the loading that its mishap means."""
    if kind is MishapKind.WRONG_SET_POINT:
        step = float(rng.choice([3.0, 4.0, 6.0]))
        return replace(unit, set_point_c=unit.ordered_c + step)
    if kind is MishapKind.FAHRENHEIT:
        # Ordered 0 °F (-17.8 °C), typed as 0 °C.
        return replace(unit, set_point_c=0.0)
    if kind is MishapKind.WARM_LOADING:
        return replace(unit, loaded_pulp_c=unit.ordered_c + float(rng.uniform(6.0, 12.0)))
    return unit
