"""What a logger makes of the truth: noise, tenths of a degree, gaps, stuck sensors, slow clocks.

Until the simulated day a logger records every hour, on the day every ten minutes. It numbers its
readings from 0; a number that never comes is a lost reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.reefers import HOUR_S, MishapKind, Unit
from clearway.simulator.streams import Generator, stream
from clearway.simulator.thermal import Floats
from clearway.simulator.voyage import Voyage

EVERY_S = 600.0
_SLOWEST_CLOCK_S = 900.0
_NOISE_C = 0.08
_BIAS_C = 0.15


@dataclass(frozen=True, slots=True)
class Log:
    """Readings of one unit in the order in which it measured; arrays of shape (readings,).

    Args:
        device: name of the logger.
        boot_id: names this run of its counter.
        seq: numbers of the readings that were not lost.
        taken_s: true instants, seconds since 1970 UTC.
        stamped_s: instants as the logger's clock tells them.
        sent_s: when the reading leaves the logger.
        supply_c, return_c, ambient_c: tenths of a degree.
        pulp_c: NaN where there is no probe.
        set_point_c: as the unit reports it.
        powered, door_open: as the unit reports them.
    """

    device: str
    boot_id: str
    seq: NDArray[np.int64]
    taken_s: Floats
    stamped_s: Floats
    sent_s: Floats
    supply_c: Floats
    return_c: Floats
    pulp_c: Floats
    ambient_c: Floats
    set_point_c: Floats
    powered: NDArray[np.bool_]
    door_open: NDArray[np.bool_]


def record(voyage: Voyage, unit: int, seed: int, day_s: float, until_s: float) -> Log:
    """Return what the logger of one unit records from loading to `until_s`.

    Args:
        seed: of the world; the noise of a unit depends on it and on the container alone, so that
            a voyage run again after a repair has the same noise.
        day_s: first second of the simulated day.
    """
    each = voyage.units[unit]
    rng = stream(seed, "logger", each.container)
    times = _instants(each, day_s, until_s)
    steps = np.clip((times - voyage.start_s) / 300.0 - 1, 0, voyage.steps - 1).astype(np.int64)
    course, acted = voyage.course, voyage.conditions
    noise = rng.normal(0.0, _NOISE_C, (4, len(times))) + rng.normal(0.0, _BIAS_C / 2, (4, 1))
    supply, back, pulp, ambient = (
        np.round(row[unit, steps] + wobble, 1)
        for row, wobble in zip(
            (course.supply_c, course.return_c, course.pulp_c, acted.ambient_c), noise, strict=True
        )
    )
    back = _stuck(each, times, back)
    kept, sent = _delivery(each, times)
    late = _late_s(each, rng)
    return Log(
        device=device_of(each.container),
        boot_id=f"b{int(each.loaded_s)}",
        seq=np.flatnonzero(kept),
        taken_s=times[kept],
        stamped_s=(times - late)[kept],
        sent_s=sent[kept],
        supply_c=supply[kept],
        return_c=back[kept],
        pulp_c=pulp[kept] if each.has_probe else np.full(int(kept.sum()), np.nan),
        ambient_c=ambient[kept],
        set_point_c=acted.set_point_c[unit, steps][kept],
        powered=acted.powered[unit, steps][kept],
        door_open=acted.door_open[unit, steps][kept],
    )


def device_of(container: str) -> str:
    """Return the name of a container's logger."""
    return f"logger-{container}"


def _instants(unit: Unit, day_s: float, until_s: float) -> Floats:
    voyage = np.arange(unit.loaded_s + HOUR_S, day_s, HOUR_S)
    ashore = np.arange(max(day_s, unit.loaded_s + EVERY_S), until_s, EVERY_S)
    return np.concatenate([voyage, ashore])


def _late_s(unit: Unit, rng: Generator) -> float:
    """Return the seconds by which the logger's clock is slow."""
    drawn = round(float(rng.uniform(0.3, 1.0)) * _SLOWEST_CLOCK_S)
    return float(drawn) if unit.during(MishapKind.SLOW_CLOCK) else 0.0


def _stuck(unit: Unit, times: Floats, back: Floats) -> Floats:
    """Return the return air as a sensor shows it that may have stopped at some instant."""
    span = unit.during(MishapKind.STUCK_SENSOR)
    if span is None or not (times >= span[0]).any():
        return back
    first = int(np.argmax(times >= span[0]))
    return np.where(times >= span[0], back[first], back)


def _delivery(unit: Unit, times: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Return which readings are not lost, and when each is sent."""
    kept = np.ones(len(times), dtype=np.bool_)
    sent = times.copy()
    lost, held = unit.during(MishapKind.GAP), unit.during(MishapKind.LATE)
    if lost is not None:
        kept = (times < lost[0]) | (times >= lost[1])
    if held is not None:
        sent = np.where((times >= held[0]) & (times < held[1]), held[1], sent)
    return kept, sent
