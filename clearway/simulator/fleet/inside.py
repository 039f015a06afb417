"""What truly happens inside the containers of the report, many at once, in steps of five minutes.

The physics is `thermal`'s, the ageing `decay`'s. Nothing of this is told to the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clearway.simulator import decay, thermal
from clearway.simulator.fleet.incidents import DAY_S, HOUR_S, IncidentKind
from clearway.simulator.fleet.trips import Trip, told_c
from clearway.simulator.streams import stream
from clearway.simulator.thermal import STEP_S, Box, Cargo, Conditions, Flags, Floats

# Specific heat, J/(kg K); respiration at 0 degrees, W/kg.
_CARGO = {
    "wet": (3500.0, 0.0),
    "frozen": (1900.0, 0.0),
    "fresh": (3700.0, 0.012),
    "pharma": (2000.0, 0.0),
}
_WALL_W_PER_K, _AIR_J_PER_K, _AIRFLOW_W_PER_K = 45.0, 260e3, 1500.0
_COOLING_W, _FREEZING_W, _HEATING_W, _FAN_W = 9000.0, 5500.0, 4000.0, 500.0
_CLOUD_SPREAD, _WEATHER_SPREAD_C = 0.35, 2.0
# Humidity of the air over goods, of weather that comes in, and after a defrost; per cent.
_HUMID_PCT, _FROZEN_PCT, _OPEN_PCT, _DEFROST_PCT = 87.0, 75.0, 99.0, 95.0
_DRYING, _MIXING = 0.12, 0.45
_MOST_DAYS = 24
_MOST_STEPS = round(_MOST_DAYS * DAY_S / STEP_S)


@dataclass(frozen=True, slots=True)
class Inside:
    """The truth of one trip; arrays of shape (steps,), at the end of each step since loading.

    Args:
        core_c: (blocks, steps).
        coldest_c: the coldest surface of the load.
        used_days: reference days used up, at the library's reference temperature.
        harmed: whether goods froze or were injured by cold by then: no shelf life describes them.
    """

    trip: Trip
    supply_c: Floats
    return_c: Floats
    core_c: Floats
    pulp_c: Floats
    coldest_c: Floats
    ambient_c: Floats
    humidity_pct: Floats
    set_point_c: Floats
    powered: Flags
    door_open: Flags
    used_days: Floats
    harmed: Flags


def travel(trips: Sequence[Trip]) -> list[Inside]:
    """Return the truth of the trips; memory grows with their number, so take some dozens."""
    steps = round(max(trip.length_s for trip in trips) / STEP_S)
    rows = [_conditions(trip, steps) for trip in trips]
    acted = Conditions(
        *(np.stack([getattr(row, name) for row in rows]) for name in Conditions.__slots__)
    )
    box = _boxes(trips)
    loaded = np.array([trip.loaded_pulp_c for trip in trips])
    start = thermal.settled(box, acted.set_point_c[:, 0], loaded.mean(axis=1))
    start = thermal.State(
        loaded.mean(axis=1), start.pulp_c, start.supply_c, start.return_c, loaded, loaded.copy()
    )
    never = np.zeros((len(trips), steps), dtype=np.bool_)
    course = thermal.run(box, start, acted, never)
    return [_inside(trip, box, course, acted, row) for row, trip in enumerate(trips)]


def _boxes(trips: Sequence[Trip]) -> Box:
    mass = np.array([trip.mass_kg for trip in trips])
    heat = np.array([_CARGO[trip.goods.mass_class][0] for trip in trips]) * mass
    frozen = np.array([trip.goods.mass_class == "frozen" for trip in trips])
    same = np.ones(len(trips))
    cargo = Cargo(
        heat,
        np.array([trip.lag_h for trip in trips]) * HOUR_S,
        np.array([_CARGO[trip.goods.mass_class][1] for trip in trips]) * mass,
        np.array([trip.ventilation for trip in trips]),
    )
    machine = (
        np.array([trip.walls for trip in trips]) * _WALL_W_PER_K,
        same * _AIR_J_PER_K,
        np.array([trip.airflow for trip in trips]) * _AIRFLOW_W_PER_K,
        np.where(frozen, _FREEZING_W, _COOLING_W),
        same * _HEATING_W,
        same * _FAN_W,
        same * 2.4,
    )
    return thermal.stow(cargo, machine)


def _conditions(trip: Trip, steps: int) -> Conditions:
    """Return what acts on one trip's box, shape (steps,)."""
    rng = stream(trip.seed, "weather", trip.number)
    times = _times(steps)
    powered, door = np.ones(steps, dtype=np.bool_), np.zeros(steps, dtype=np.bool_)
    for what, start, end in trip.brief:
        if what == "power":
            powered &= ~_within(times, start, end)
        else:
            door |= _within(times, start, end)
    powered &= ~_during(trip, times, IncidentKind.POWER_OFF)
    door |= _during(trip, times, IncidentKind.DOOR_OPEN)
    compressor = ~_during(trip, times, IncidentKind.SHORT_CYCLING) | _restless(rng, steps)
    defrosting = (times % trip.defrost_every_s) >= trip.defrost_every_s - trip.defrost_s
    return Conditions(
        _ambient_c(trip, times, rng),
        _held_c(trip, times),
        powered,
        defrosting,
        door,
        _sun_w(trip, times, rng),
        compressor,
    )


def _times(steps: int) -> Floats:
    return np.arange(steps, dtype=np.float64) * STEP_S


def _restless(rng: np.random.Generator, steps: int) -> Flags:
    """Return the compressor's on and off while it cycles short: five to fifteen minutes each."""
    # As many draws for any number of steps: a trip's chance depends on nothing but the trip.
    lengths = rng.integers(1, 4, _MOST_STEPS)
    states = np.repeat(np.arange(_MOST_STEPS) % 2 == 0, lengths)
    return states[:steps].astype(np.bool_)


def _held_c(trip: Trip, times: Floats) -> Floats:
    """Return the temperature that the unit really holds its supply air at."""
    held = np.full(len(times), trip.ordered_c)
    wrong = _during(trip, times, IncidentKind.SET_POINT_WRONG, IncidentKind.SET_POINT_UNIT)
    held = np.where(wrong, told_c(trip), held)
    freezing_c, incident = trip.commodity.freezing_c, trip.incident
    if incident is not None and freezing_c is not None:
        too_cold = _during(trip, times, IncidentKind.FREEZING)
        held = np.where(too_cold, freezing_c - incident.size, held)
    return held


def _ambient_c(trip: Trip, times: Floats, rng: np.random.Generator) -> Floats:
    weather, share = trip.weather, times / trip.length_s
    mean = weather.start_c + (weather.end_c - weather.start_c) * np.clip(share, 0.0, 1.0)
    days = np.arange(_MOST_DAYS)
    drift = np.interp(times / DAY_S, days, rng.normal(0.0, _WEATHER_SPREAD_C, len(days)))
    swing = weather.swing_c * np.cos(2 * np.pi * (times / DAY_S - 15.0 / 24.0))
    outside: Floats = mean + drift + swing
    return outside


def _sun_w(trip: Trip, times: Floats, rng: np.random.Generator) -> Floats:
    clear = np.clip(1.0 - np.abs(rng.normal(0.0, _CLOUD_SPREAD, _MOST_DAYS)), 0, 1)
    height = np.maximum(np.cos(2 * np.pi * (times / DAY_S - 13.0 / 24.0)), 0.0)
    sun: Floats = trip.weather.sun_w * height * clear[(times / DAY_S).astype(int)]
    return sun


def _within(times: Floats, start: float, end: float) -> Flags:
    inside: Flags = (times >= start) & (times < end)
    return inside


def _during(trip: Trip, times: Floats, *kinds: IncidentKind) -> Flags:
    if trip.incident is None or trip.incident.kind not in kinds:
        return np.zeros(len(times), dtype=np.bool_)
    return _within(times, trip.incident.start_s, trip.incident.end_s)


def _inside(trip: Trip, box: Box, course: thermal.Course, acted: Conditions, row: int) -> Inside:
    steps = round(trip.length_s / STEP_S)
    core, surface = course.core_c[row, :, :steps], course.surface_c[row, :, :steps]
    outer = box.surface_j_per_k[row, 0]
    share = outer / (outer + box.core_j_per_k[row, 0])
    blocks = share * surface + (1.0 - share) * core
    rates = np.stack([decay.rate(trip.lot, block) for block in blocks]).mean(axis=0)
    at_reference = float(decay.rate(trip.lot, np.array([trip.commodity.reference_c]))[0])
    times = _times(steps)
    told = np.full(steps, trip.ordered_c)
    wrong = _during(trip, times, IncidentKind.SET_POINT_WRONG, IncidentKind.SET_POINT_UNIT)
    return Inside(
        trip=trip,
        supply_c=course.supply_c[row, :steps],
        return_c=course.return_c[row, :steps],
        core_c=core,
        pulp_c=course.pulp_c[row, :steps],
        coldest_c=surface.min(axis=0),
        ambient_c=acted.ambient_c[row, :steps],
        humidity_pct=_humidity_pct(trip, acted, row, steps),
        set_point_c=np.where(wrong, told_c(trip), told),
        powered=acted.powered[row, :steps],
        door_open=acted.door_open[row, :steps],
        used_days=np.cumsum(rates) * (STEP_S / DAY_S) / at_reference,
        harmed=_harmed(trip, blocks),
    )


def _harmed(trip: Trip, blocks: Floats) -> Flags:
    law = trip.lot.law
    limits = [c for c in (law.chill_c, law.freezes_c) if c is not None]
    if not limits:
        return np.zeros(blocks.shape[1], dtype=np.bool_)
    harmed: Flags = np.logical_or.accumulate((blocks < max(limits)).any(axis=0))
    return harmed


def _humidity_pct(trip: Trip, acted: Conditions, row: int, steps: int) -> Floats:
    """Return the humidity of the air: the coil dries it, an open door and a defrost wet it."""
    usual = _FROZEN_PCT if trip.goods.mass_class == "frozen" else _HUMID_PCT
    door, defrost = acted.door_open[row].tolist(), acted.defrosting[row].tolist()
    now, course = usual, np.empty(steps)
    for step in range(steps):
        if door[step]:
            now += _MIXING * (_OPEN_PCT - now)
        else:
            now += _DRYING * ((_DEFROST_PCT if defrost[step] else usual) - now)
        course[step] = now
    return course
