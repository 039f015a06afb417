"""What truly happens inside the containers from loading to the end of the day, all at once.

Time runs in steps of five minutes on one grid for all units. Before a unit is loaded it stands at
its loading temperature; after, physics goes on through voyage, yard and night. `Voyage.repaired`
runs one unit again with the mishap ended earlier: what an alarm is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearway.simulator import decay, thermal
from clearway.simulator.places import DAY_S
from clearway.simulator.reefers import HOUR_S, MishapKind, Unit
from clearway.simulator.thermal import (
    PLACES,
    STEP_S,
    Box,
    Cargo,
    Conditions,
    Course,
    Flags,
    Floats,
    stow,
)

_DEFROST_S = 0.5 * HOUR_S
# Specific heat, J/(kg K); respiration at 0 degrees, W/kg; hours of thermal lag in moving air.
_CARGO = {
    "wet": (3500.0, 0.0, 14.0),
    "frozen": (1900.0, 0.0, 18.0),
    "fresh": (3700.0, 0.012, 11.0),
    "pharma": (2000.0, 0.0, 7.0),
}
_WALL_W_PER_K, _AIR_J_PER_K, _AIRFLOW_W_PER_K = 45.0, 260e3, 1500.0
_COOLING_W, _FREEZING_W, _HEATING_W, _FAN_W = 9000.0, 5500.0, 4000.0, 500.0
_TREATMENT_LAPSE_K = 3.0


@dataclass(frozen=True, slots=True)
class Voyage:
    """The truth inside all units of a day; arrays of shape (units, steps), at the end of each step.

    Args:
        units: in the order of the rows.
        start_s: seconds since 1970 UTC at which the first step begins.
        course: temperatures.
        conditions: what acted on the units during each step.
        used_days: days of life used up.
    """

    units: tuple[Unit, ...]
    start_s: float
    course: Course
    conditions: Conditions
    used_days: Floats

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.used_days.shape[1])

    def step(self, at_s: float) -> int:
        """Return the step that ends at or last before `at_s`."""
        return int(np.clip((at_s - self.start_s) / STEP_S - 1, 0, self.steps - 1))

    def pulp_c(self, unit: int, at_s: float) -> float:
        """Return the true pulp temperature."""
        return float(self.course.pulp_c[unit, self.step(at_s)])

    def remaining_days(self, unit: int, at_s: float) -> float:
        """Return the true days of life left at the lot's best temperature; negative: spoilt."""
        return float(self.units[unit].lot.life_days - self.used_days[unit, self.step(at_s)])

    def repaired(self, unit: int, at_s: float) -> Voyage:
        """Return how it goes on when one unit's mishap ends at `at_s`, seconds since 1970 UTC."""
        after = self.step(at_s) + 1
        mended = self.units[unit].repaired(at_s)
        times = self.start_s + STEP_S * np.arange(after, self.steps)
        rest = _conditions(mended, times)
        aboard = np.ones((1, len(times)), dtype=np.bool_)
        box = boxes((mended,))
        course = thermal.run(box, self.course.state(unit, after - 1), rest, ~aboard)
        used = decay.consumed_days(mended.lot, course.pulp_c[0], aboard[0], STEP_S)
        used = used + self.used_days[unit, after - 1]
        return replace(
            self,
            units=(*self.units[:unit], mended, *self.units[unit + 1 :]),
            course=_spliced(self.course, course, unit, after),
            conditions=_spliced(self.conditions, rest, unit, after),
            used_days=_row(self.used_days, used, unit, after),
        )


Rows = TypeVar("Rows", Course, Conditions)


def _spliced(whole: Rows, rest: Rows, unit: int, after: int) -> Rows:
    """Return all rows, one of them replaced from step `after` on."""
    names = whole.__slots__
    return type(whole)(
        *(_row(getattr(whole, name), getattr(rest, name)[0], unit, after) for name in names)
    )


def _row(table: NDArray[Any], row: NDArray[Any], unit: int, after: int) -> NDArray[Any]:
    changed = table.copy()
    changed[unit, ..., after:] = row
    return changed


def sail(units: tuple[Unit, ...], start_s: float, steps: int) -> Voyage:
    """Run all units from `start_s` for `steps` steps of five minutes."""
    times = start_s + STEP_S * np.arange(steps)
    rows = [_conditions(unit, times) for unit in units]
    conditions = Conditions(
        *(np.concatenate([getattr(row, name) for row in rows]) for name in Conditions.__slots__)
    )
    box = boxes(units)
    loaded = np.array([unit.loaded_pulp_c for unit in units])
    aboard = times[None, :] >= np.array([unit.loaded_s for unit in units])[:, None]
    start = thermal.settled(box, conditions.set_point_c[:, 0], loaded)
    course = thermal.run(box, start, conditions, ~aboard)
    used = [
        decay.consumed_days(unit.lot, pulp, here, STEP_S)
        for unit, pulp, here in zip(units, course.pulp_c, aboard, strict=True)
    ]
    return Voyage(units, start_s, course, conditions, np.stack(used))


def boxes(units: tuple[Unit, ...]) -> Box:
    """Return the physics of the units, one row each."""
    kinds = [_CARGO[unit.goods.mass_class] for unit in units]
    mass = np.array([unit.mass_kg for unit in units])
    frozen = np.array([unit.goods.mass_class == "frozen" for unit in units])
    same = np.ones(len(units))
    cargo = Cargo(
        heat_j_per_k=np.array([each[0] for each in kinds]) * mass,
        lag_s=np.array([each[2] for each in kinds]) * HOUR_S,
        respiration_w=np.array([each[1] for each in kinds]) * mass,
        ventilation=np.ones((len(units), len(PLACES))),
    )
    return stow(
        cargo,
        (
            same * _WALL_W_PER_K,
            same * _AIR_J_PER_K,
            same * _AIRFLOW_W_PER_K,
            np.where(frozen, _FREEZING_W, _COOLING_W),
            same * _HEATING_W,
            same * _FAN_W,
            same * 2.4,
        ),
    )


def _conditions(unit: Unit, times: NDArray[Any]) -> Conditions:
    """Return what acts on one unit at each step, shape (1, steps)."""
    under_way = np.clip((times - unit.loaded_s) / (unit.arrives_s - unit.loaded_s), 0.0, 1.0)
    ambient = unit.start.at(times) * (1 - under_way) + unit.end.at(times) * under_way
    set_point = np.full(len(times), unit.set_point_c)
    wrong = unit.during(MishapKind.WRONG_SET_POINT, MishapKind.FAHRENHEIT)
    if wrong is not None:
        set_point = np.where(times >= wrong[1], unit.ordered_c, set_point)
    lapse = unit.during(MishapKind.SHORT_TREATMENT)
    if lapse is not None:
        set_point = set_point + np.where(_within(times, lapse), _TREATMENT_LAPSE_K, 0.0)
    powered = ~_within(times, unit.during(MishapKind.POWER_CUT, MishapKind.POWER_CUT_AT_SEA))
    door = _within(times, unit.during(MishapKind.DOOR_OPEN))
    since = times - unit.loaded_s - unit.defrost_offset_s
    defrosting = (since >= 0) & (since % unit.defrost_s < _DEFROST_S)
    return Conditions(
        ambient_c=ambient[None, :],
        set_point_c=set_point[None, :],
        powered=powered[None, :],
        defrosting=defrosting[None, :],
        door_open=door[None, :],
        # The sun is in the weather of the places (`Climate.at`).
        sun_w=np.zeros((1, len(times))),
        compressor=np.ones((1, len(times)), dtype=np.bool_),
    )


def _within(times: NDArray[Any], span: tuple[float, float] | None) -> Flags:
    if span is None:
        return np.zeros(len(times), dtype=np.bool_)
    inside: Flags = (times >= span[0]) & (times < span[1])
    return inside


def grid_start_s(units: tuple[Unit, ...]) -> float:
    """Return the first step's beginning: the day on which the first unit was loaded."""
    return float(np.floor(min(unit.loaded_s for unit in units) / DAY_S) * DAY_S)
