"""Journeys of the report: what is loaded, into what, through what weather, with what device.

Everything is drawn from a seed. The goods and their laws of ageing are the simulator's own
(`goods.csv`, `decay`); only how long lots of a kind keep follows the range that the border's
library cites: how lots scatter about their kind is knowledge from outside that both may use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np

from clearway.coldchain.commodities import library
from clearway.coldchain.model import Commodity
from clearway.simulator.decay import Lot, rate
from clearway.simulator.fleet.incidents import DAY_S, HOUR_S, Incident, IncidentKind, plan
from clearway.simulator.goods import Goods, catalogue
from clearway.simulator.streams import Generator, stream

HEALTHY_SHARE = 0.3
_SHORTEST_DAYS, _LONGEST_DAYS = 6.0, 18.0
_LIFE_SHARE = 0.85
_Z80 = 1.2815515655446004
_LAG_SPREAD, _VENTILATION_SPREAD, _STEEPNESS_SPREAD = 0.35, 0.25, 0.06
BLOCKS = 5


@dataclass(frozen=True, slots=True)
class Weather:
    """Air and sun outside: a mean that moves from start to end, a day's swing, days of cloud."""

    start_c: float
    end_c: float
    swing_c: float
    sun_w: float


@dataclass(frozen=True, slots=True)
class Device:
    """How a unit's device measures.

    Args:
        bias_c: of supply, return, pulp and ambient sensor.
        probe: `none`, `always`, or `rare`: somebody pushes a probe in now and then.
        has_flags: whether it tells of power and doors.
        has_humidity: whether it measures the air's humidity.
        block: in which block its probe sits.
    """

    bias_c: tuple[float, float, float, float]
    probe: str
    has_flags: bool
    has_humidity: bool
    block: int


@dataclass(frozen=True, slots=True)
class Trip:
    """One journey of one container, hidden from the border but for its papers and its readings.

    Args:
        number: names the trip within its seed.
        life_days: of this lot at the library's reference temperature.
        ordered_c: set point that was agreed; `set_point_c` is what the unit is told.
        loaded_pulp_c: true mean of the goods at loading, shape (blocks,).
        measured_c: what somebody measured then; None: nobody did.
        ventilation: factor on each block's exchange with the air.
        walls, airflow: factors on the heat through the walls and on the fans' air.
        defrost_every_s, defrost_s: a defrost begins so often and lasts so long.
        brief: short openings of a door and short breaks of power that are part of any journey:
            (`door` or `power`, start, end), seconds since loading.
    """

    seed: int
    number: int
    goods: Goods
    lot: Lot
    life_days: float
    mass_kg: float
    lag_h: float
    length_s: float
    ordered_c: float
    loaded_pulp_c: tuple[float, ...]
    measured_c: float | None
    ventilation: tuple[float, ...]
    walls: float
    airflow: float
    weather: Weather
    device: Device
    defrost_every_s: float
    defrost_s: float
    brief: tuple[tuple[str, float, float], ...]
    incident: Incident | None = None

    @property
    def commodity(self) -> Commodity:
        """The border's entry for these goods."""
        return library()[self.goods.commodity or ""]

    def is_a(self, *kinds: IncidentKind) -> bool:
        """Return whether the trip's incident is one of these kinds."""
        return self.incident is not None and self.incident.kind in kinds


_LAG_H = {"wet": 14.0, "frozen": 18.0, "fresh": 11.0, "pharma": 7.0}


def draw(seed: int, count: int) -> tuple[Trip, ...]:
    """Return `count` trips of one seed: some go well, on the others each kind has its turn."""
    kinds = [g for g in catalogue().kinds if g.law is not None and g.commodity]
    healthy = round(HEALTHY_SHARE * count)
    turn = list(IncidentKind)
    trips = []
    for number in range(count):
        rng = stream(seed, "trip", number)
        wanted = None if number < healthy else turn[(number - healthy) % len(turn)]
        fitting = [g for g in kinds if _suits(wanted, g)]
        goods = fitting[int(rng.integers(len(fitting)))]
        trips.append(_afflict(rng, _sound(rng, seed, number, goods), wanted))
    return tuple(trips)


def _suits(kind: IncidentKind | None, goods: Goods) -> bool:
    commodity = library()[goods.commodity or ""]
    if kind is IncidentKind.FREEZING:
        return commodity.freezing_c is not None and goods.set_point_c <= 5.0
    return True


def _sound(rng: Generator, seed: int, number: int, goods: Goods) -> Trip:
    """Return a trip on which nothing goes wrong."""
    if goods.law is None:
        raise ValueError(f"{goods.key} does not travel cold")
    commodity = library()[goods.commodity or ""]
    low, high = commodity.life_days
    life = sqrt(low * high) * float(np.exp(rng.normal(0.0, log(high / low) / (2.0 * _Z80))))
    lot = Lot(goods.law, 1.0, float(rng.normal(1.0, _STEEPNESS_SPREAD)))
    lot = replace(lot, life_days=life * float(rate(lot, np.array([commodity.reference_c]))[0]))
    days = min(float(rng.uniform(_SHORTEST_DAYS, _LONGEST_DAYS)), _LIFE_SHARE * sqrt(low * high))
    length = max(days, 3.5) * DAY_S
    pulp = goods.set_point_c + float(rng.uniform(0.0, 1.5)) + rng.normal(0.0, 0.4, BLOCKS)
    measured = round(float(pulp[BLOCKS - 1] + rng.normal(0.0, 0.3)), 1)
    return Trip(
        seed=seed,
        number=number,
        goods=goods,
        lot=lot,
        life_days=life,
        mass_kg=float(rng.uniform(9_000.0, 22_000.0)),
        lag_h=_LAG_H[goods.mass_class] * float(np.exp(rng.normal(0.0, _LAG_SPREAD))),
        length_s=np.floor(length / 600.0) * 600.0,
        ordered_c=goods.set_point_c,
        loaded_pulp_c=tuple(pulp.tolist()),
        measured_c=measured if rng.random() < 0.55 else None,
        ventilation=tuple(np.exp(rng.normal(0.0, _VENTILATION_SPREAD, BLOCKS)).tolist()),
        walls=float(np.exp(rng.normal(0.0, 0.2))),
        airflow=float(np.exp(rng.normal(0.0, 0.15))),
        weather=Weather(*(float(rng.uniform(*r)) for r in ((4, 33), (4, 33), (2, 7), (0, 900)))),
        device=_device(rng),
        defrost_every_s=float(rng.choice([6.0, 8.0, 12.0, 24.0])) * HOUR_S,
        defrost_s=float(rng.choice([1200.0, 1800.0, 2400.0])),
        brief=_brief(rng, length),
    )


def _device(rng: Generator) -> Device:
    bias = rng.normal(0.0, 1.0, 4) * np.array([0.1, 0.1, 0.15, 0.4])
    return Device(
        bias_c=(float(bias[0]), float(bias[1]), float(bias[2]), float(bias[3])),
        probe=str(rng.choice(["none", "always", "rare"], p=[0.4, 0.35, 0.25])),
        has_flags=bool(rng.random() < 0.85),
        has_humidity=bool(rng.random() < 0.7),
        block=int(rng.integers(BLOCKS)),
    )


def _brief(rng: Generator, length_s: float) -> tuple[tuple[str, float, float], ...]:
    """Return the short breaks of a journey: a plug is moved, a door is opened for a look."""
    found = []
    for _ in range(int(rng.integers(1, 5))):
        start = float(rng.uniform(0.0, length_s))
        found.append(
            (str(rng.choice(["door", "power"])), start, start + float(rng.uniform(120.0, 600.0)))
        )
    return tuple(found)


def _afflict(rng: Generator, trip: Trip, kind: IncidentKind | None) -> Trip:
    if kind is None:
        return trip
    sensors: tuple[str, ...] = ("supply", "return")
    if trip.device.probe == "always" and kind in (
        IncidentKind.SENSOR_DRIFT,
        IncidentKind.SENSOR_LOST,
        IncidentKind.IMPLAUSIBLE,
    ):
        sensors = (*sensors, "pulp")
    incident = plan(rng, kind, trip.length_s, sensors)
    if kind is not IncidentKind.WARM_LOADING:
        return replace(trip, incident=incident)
    warm = tuple(c + incident.size for c in trip.loaded_pulp_c)
    measured = None if trip.measured_c is None else round(trip.measured_c + incident.size, 1)
    return replace(trip, incident=incident, loaded_pulp_c=warm, measured_c=measured)


def told_c(trip: Trip) -> float:
    """Return the set point that the unit shows while its incident lasts."""
    if trip.incident is None:
        return trip.ordered_c
    if trip.is_a(IncidentKind.SET_POINT_WRONG):
        return round(trip.commodity.warmest_c + trip.incident.size, 1)
    if trip.is_a(IncidentKind.SET_POINT_UNIT):
        fahrenheit = round(trip.ordered_c * 1.8 + 32.0, 1)
        return fahrenheit if fahrenheit <= 32.0 else round((trip.ordered_c - 32.0) / 1.8, 1)
    return trip.ordered_c
