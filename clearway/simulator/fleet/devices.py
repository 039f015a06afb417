"""What a device sends of a journey: noise, tenths of a degree, failing sensors, jumping clocks.

This is the only door between the truth and the border: `measure` gives readings and nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from clearway.coldchain.model import Reading
from clearway.simulator.fleet.incidents import HOUR_S, Incident, IncidentKind
from clearway.simulator.fleet.inside import Inside
from clearway.simulator.streams import Generator, stream
from clearway.simulator.thermal import STEP_S, Floats

LOADED = datetime(2026, 3, 1, tzinfo=UTC)
EVERY_S = 600.0
_NOISE_C, _PROBE_NOISE_C, _HUMIDITY_NOISE_PCT = 0.08, 0.05, 1.2
_SENSORS = ("supply", "return", "pulp")
_REPEATS = 0.7


def measure(inside: Inside) -> list[Reading]:
    """Return the readings that the device sends, in the order of its clock."""
    trip = inside.trip
    rng = stream(trip.seed, "device", trip.number)
    taken = np.arange(EVERY_S, trip.length_s, EVERY_S)
    steps = (taken / STEP_S).astype(int) - 1
    sensors = _sensors(inside, steps, rng)
    ambient = np.round(
        inside.ambient_c[steps] + trip.device.bias_c[3] + rng.normal(0.0, 0.2, len(steps)), 1
    )
    humidity = np.round(
        inside.humidity_pct[steps] + rng.normal(0.0, _HUMIDITY_NOISE_PCT, len(steps))
    )
    if trip.incident is not None:
        _fail(sensors, taken, trip.incident, rng)
    stamped, kept = _clock(trip.incident, taken)
    told = np.round(inside.set_point_c[steps], 1)
    flags = trip.device.has_flags
    readings = [
        Reading(
            seq=seq,
            at=LOADED + timedelta(seconds=float(stamped[seq])),
            supply_c=_value(sensors["supply"][seq]),
            return_c=_value(sensors["return"][seq]),
            pulp_c=_value(sensors["pulp"][seq]),
            ambient_c=float(ambient[seq]),
            powered=bool(inside.powered[steps[seq]]) if flags else None,
            door_open=bool(inside.door_open[steps[seq]]) if flags else None,
            set_point_c=float(told[seq]),
            humidity_pct=float(humidity[seq]) if trip.device.has_humidity else None,
        )
        for seq in np.flatnonzero(kept).tolist()
    ]
    return sorted(readings, key=lambda reading: (reading.at, reading.seq))


def _value(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _sensors(inside: Inside, steps: np.ndarray, rng: Generator) -> dict[str, Floats]:
    """Return what each sensor shows, NaN where it shows nothing."""
    device, count = inside.trip.device, len(steps)
    shown = {
        "supply": inside.supply_c[steps] + device.bias_c[0] + rng.normal(0.0, _NOISE_C, count),
        "return": inside.return_c[steps] + device.bias_c[1] + rng.normal(0.0, _NOISE_C, count),
        "pulp": inside.core_c[device.block][steps]
        + device.bias_c[2]
        + rng.normal(0.0, _PROBE_NOISE_C, count),
    }
    shown = {name: np.round(values, 1) for name, values in shown.items()}
    if device.probe == "none":
        shown["pulp"][:] = np.nan
    elif device.probe == "rare":
        looks = rng.choice(count, size=int(rng.integers(3, 9)), replace=False)
        unseen = np.ones(count, dtype=bool)
        unseen[looks] = False
        shown["pulp"][unseen] = np.nan
    return shown


def _fail(sensors: dict[str, Floats], taken: Floats, incident: Incident, rng: Generator) -> None:
    """Let one sensor fail as the incident says; the arrays are changed in place."""
    values = sensors[incident.sensor]
    during = (taken >= incident.start_s) & (taken < incident.end_s)
    if not during.any():
        return
    if incident.kind is IncidentKind.SENSOR_STUCK:
        values[during] = values[int(np.argmax(during))]
    elif incident.kind is IncidentKind.SENSOR_LOST:
        values[during] = np.nan
    elif incident.kind is IncidentKind.IMPLAUSIBLE:
        values[during & (rng.random(len(values)) < _REPEATS)] = incident.size
    elif incident.kind is IncidentKind.SENSOR_DRIFT:
        grown = np.clip((taken - incident.start_s) / (incident.end_s - incident.start_s), 0.0, 1.0)
        values[:] = np.round(values + incident.size * grown, 1)


def _clock(incident: Incident | None, taken: Floats) -> tuple[Floats, np.ndarray]:
    """Return the instants that the device's clock tells, and which readings are not lost."""
    kept = np.ones(len(taken), dtype=bool)
    if incident is None:
        return taken, kept
    after = taken >= incident.start_s
    if incident.kind is IncidentKind.CLOCK_FORWARD:
        return taken + after * incident.size * HOUR_S, kept
    if incident.kind is IncidentKind.CLOCK_BACK:
        return taken - after * incident.size * HOUR_S, kept
    if incident.kind is IncidentKind.GAP:
        kept = ~(after & (taken < incident.end_s))
    return taken, kept
