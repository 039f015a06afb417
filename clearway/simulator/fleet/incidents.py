"""What goes wrong on a journey: one incident at most, with its time and its size.

    plan(rng, trip_length_s, Incident kind)      # when, how long, how bad

The first kinds change the goods, the others only what is known of them. Lengths and sizes are
choices of this simulator: long enough that a watchful officer would want to hear of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearway.simulator.streams import Generator

HOUR_S = 3600.0
DAY_S = 86_400.0


class IncidentKind(StrEnum):
    """What can go wrong on a journey of the report."""

    POWER_OFF = "power_off"
    DOOR_OPEN = "door_open"
    SET_POINT_WRONG = "set_point_wrong"
    SET_POINT_UNIT = "set_point_unit"
    WARM_LOADING = "warm_loading"
    SHORT_CYCLING = "short_cycling"
    FREEZING = "freezing"
    SENSOR_STUCK = "sensor_stuck"
    SENSOR_DRIFT = "sensor_drift"
    SENSOR_LOST = "sensor_lost"
    IMPLAUSIBLE = "implausible"
    CLOCK_FORWARD = "clock_forward"
    CLOCK_BACK = "clock_back"
    GAP = "gap"


FROM_LOADING = frozenset(
    {IncidentKind.SET_POINT_WRONG, IncidentKind.SET_POINT_UNIT, IncidentKind.WARM_LOADING}
)
CLOCK = frozenset({IncidentKind.CLOCK_FORWARD, IncidentKind.CLOCK_BACK})

# Hours from the start to the end: shortest, longest.
_LASTS_H = {
    IncidentKind.POWER_OFF: (3.0, 24.0),
    IncidentKind.DOOR_OPEN: (0.75, 4.0),
    IncidentKind.SET_POINT_WRONG: (10.0, 48.0),
    IncidentKind.SET_POINT_UNIT: (3.0, 10.0),
    IncidentKind.WARM_LOADING: (24.0, 24.0),
    IncidentKind.SHORT_CYCLING: (8.0, 36.0),
    IncidentKind.FREEZING: (10.0, 36.0),
    IncidentKind.SENSOR_STUCK: (36.0, 96.0),
    IncidentKind.SENSOR_DRIFT: (48.0, 120.0),
    IncidentKind.SENSOR_LOST: (12.0, 60.0),
    IncidentKind.IMPLAUSIBLE: (2.0, 24.0),
    IncidentKind.CLOCK_FORWARD: (1.0, 1.0),
    IncidentKind.CLOCK_BACK: (1.0, 1.0),
    IncidentKind.GAP: (3.0, 18.0),
}
# Kelvin, hours of a clock, or the value itself, as `Incident.size` says.
_SIZE = {
    IncidentKind.SET_POINT_WRONG: (2.5, 7.0),
    IncidentKind.WARM_LOADING: (7.0, 14.0),
    IncidentKind.FREEZING: (1.5, 5.0),
    IncidentKind.SENSOR_DRIFT: (3.0, 6.0),
    IncidentKind.CLOCK_FORWARD: (3.0, 30.0),
    IncidentKind.CLOCK_BACK: (2.0, 10.0),
}
_IMPOSSIBLE_C = (4000.0, -127.0, 85.0, 250.0)


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that goes wrong, seconds since loading.

    Args:
        size: kelvin by which the set point is wrong, the goods are warm, the air is below freezing
            or a sensor has drifted at the end; hours by which a clock jumps; the impossible value.
        sensor: `supply`, `return` or `pulp` where a sensor fails.
    """

    kind: IncidentKind
    start_s: float
    end_s: float
    size: float = 0.0
    sensor: str = ""


def plan(rng: Generator, kind: IncidentKind, length_s: float, sensors: tuple[str, ...]) -> Incident:
    """Return an incident of this kind somewhere in a journey of `length_s`.

    Args:
        sensors: those that may fail.
    """
    shortest, longest = _LASTS_H[kind]
    lasts = float(rng.uniform(shortest, longest)) * HOUR_S
    start = 0.0
    if kind not in FROM_LOADING:
        first, last = 1.2 * DAY_S, max(1.3 * DAY_S, length_s - lasts - 4 * HOUR_S)
        start = float(rng.uniform(first, last))
    size = float(rng.uniform(*_SIZE.get(kind, (0.0, 0.0))))
    if kind is IncidentKind.IMPLAUSIBLE:
        size = float(rng.choice(_IMPOSSIBLE_C))
    if kind is IncidentKind.SENSOR_DRIFT:
        size *= float(rng.choice([-1.0, 1.0]))
    return Incident(kind, start, start + lasts, size, str(rng.choice(sensors)))
