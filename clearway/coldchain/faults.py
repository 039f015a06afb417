"""The faults of a journey as spans on its chart: what, from when to when, and by what it is known.

    for span in spans_of(states, commodity):
        span.kind, span.since, span.until, span.evidence

`states` are a unit's states after each of its readings, as `watch.trace` yields them. A fault
begins when it began, not when it was sure enough for an alarm, and lasts until the last reading
that shows it. A defrost is a span too, so that an officer sees why the supply air jumped; it never
alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from clearway.coldchain import rules
from clearway.coldchain.advice import word
from clearway.coldchain.model import AlarmKind, Commodity
from clearway.coldchain.signs import DEFROST_MOST
from clearway.coldchain.state import UnitState, air_c


class FaultKind(StrEnum):
    """What happened to a unit, its sensors or its clock; stable codes."""

    DEFROST = "defrost"
    DOOR_OPEN = "door_open"
    POWER_OFF = "power_off"
    SET_POINT_WRONG = "set_point_wrong"
    SET_POINT_UNIT = "set_point_unit"
    OFF_SET_POINT = "off_set_point"
    WARM_LOADING = "warm_loading"
    SHORT_CYCLING = "short_cycling"
    CHILLING = "chilling"
    FREEZING = "freezing"
    SENSOR_STUCK = "sensor_stuck"
    SENSOR_DRIFT = "sensor_drift"
    SENSOR_LOST = "sensor_lost"
    SENSOR_RANGE = "sensor_range"
    CLOCK_JUMP = "clock_jump"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """One fault on the chart.

    Args:
        until: the last reading that shows it, which may be the latest of all.
        is_open: whether the latest reading still shows it.
        evidence: what it is known by, as words by name: coldest and warmest air (`air_low_c`,
            `air_high_c`) and what the alarm of this kind says.
    """

    kind: FaultKind
    since: datetime
    until: datetime
    is_open: bool
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Running:
    """A fault that the readings so far still show."""

    since: datetime
    until: datetime
    evidence: dict[str, str]
    low_c: float | None = None
    high_c: float | None = None


Begins = Callable[[UnitState], datetime | None]

_BY_ALARM: Mapping[AlarmKind, FaultKind] = {
    AlarmKind.DOOR_OPEN: FaultKind.DOOR_OPEN,
    AlarmKind.POWER_OFF: FaultKind.POWER_OFF,
    AlarmKind.SET_POINT_WRONG: FaultKind.SET_POINT_WRONG,
    AlarmKind.OFF_SET_POINT: FaultKind.OFF_SET_POINT,
    AlarmKind.WARM_LOADING: FaultKind.WARM_LOADING,
    AlarmKind.SHORT_CYCLING: FaultKind.SHORT_CYCLING,
    AlarmKind.CHILLING_RISK: FaultKind.CHILLING,
    AlarmKind.FREEZING_RISK: FaultKind.FREEZING,
    AlarmKind.SENSOR_STUCK: FaultKind.SENSOR_STUCK,
    AlarmKind.SENSOR_DRIFT: FaultKind.SENSOR_DRIFT,
    AlarmKind.SENSOR_LOST: FaultKind.SENSOR_LOST,
    AlarmKind.SENSOR_RANGE: FaultKind.SENSOR_RANGE,
    AlarmKind.CLOCK_JUMP: FaultKind.CLOCK_JUMP,
    AlarmKind.READINGS_MISSING: FaultKind.GAP,
}
_WRONG_UNIT = "fahrenheit"


def spans_of(states: Iterable[UnitState], commodity: Commodity | None) -> tuple[FaultSpan, ...]:
    """Return the faults of a journey, in the order in which they began.

    Args:
        states: after each reading, with the alarms that stand; in order of time.
    """
    running: dict[FaultKind, _Running] = {}
    ended: list[FaultSpan] = []
    for state in states:
        if state.at is None:
            continue
        shown = dict(_shown(state, commodity))
        for kind in [kind for kind in running if kind not in shown]:
            ended.append(_span(kind, running.pop(kind), is_open=False))
        for kind, alarm in shown.items():
            if kind not in running:
                running[kind] = _begun(alarm, state, commodity)
            _go_on(running[kind], state, state.at)
    ended += [_span(kind, fault, is_open=True) for kind, fault in running.items()]
    return tuple(sorted(ended, key=lambda span: (span.since, span.kind)))


def _shown(
    state: UnitState, commodity: Commodity | None
) -> Iterable[tuple[FaultKind, AlarmKind | None]]:
    """Yield the faults that one state shows, each with its alarm; a defrost has none."""
    coil = state.signs.reversed
    if coil is not None and state.at is not None and state.at - coil <= DEFROST_MOST:
        yield FaultKind.DEFROST, None
    for alarm in state.open:
        kind = _BY_ALARM.get(alarm)
        if kind is FaultKind.SET_POINT_WRONG and _is_in_wrong_unit(state, commodity):
            kind = FaultKind.SET_POINT_UNIT
        if kind is not None:
            yield kind, alarm


def _is_in_wrong_unit(state: UnitState, commodity: Commodity | None) -> bool:
    told_c = state.told_c
    if commodity is None or told_c is None:
        return False
    return rules.set_point_fault(told_c, commodity) == _WRONG_UNIT


def _begun(alarm: AlarmKind | None, state: UnitState, commodity: Commodity | None) -> _Running:
    """Return a fault as the first state that shows it tells of it; `state.at` is known."""
    if state.at is None:
        raise ValueError("a fault needs a reading")
    if alarm is None:
        supply_c = 0.0 if state.seen.supply_c is None else state.seen.supply_c
        since = state.signs.reversed or state.at
        return _Running(since, state.at, {"supply_c": f"{supply_c:.1f}"})
    evidence = dict(word(alarm, state, commodity).values)
    return _Running(_began(alarm, state) or state.at, state.at, evidence)


def _began(alarm: AlarmKind, state: UnitState) -> datetime | None:
    """Return when what an alarm is about began; None: with the reading that showed it."""
    begins = _BEGINS.get(alarm)
    return None if begins is None else begins(state)


def _lost_since(state: UnitState) -> datetime | None:
    signs = state.signs
    missing = (each.missing_since for each in (signs.supply, signs.returned, signs.probe))
    return min((at for at in missing if at is not None), default=None)


def _stuck_since(state: UnitState) -> datetime | None:
    still = (state.supply_still, state.return_still)
    return next(
        (one.since for one in still if one is not None and rules.is_stuck(one, state)), None
    )


def _gap_since(state: UnitState) -> datetime | None:
    return None if state.at is None else state.at - timedelta(hours=state.gap_h)


_BEGINS: Mapping[AlarmKind, Begins] = {
    AlarmKind.DOOR_OPEN: lambda state: state.since.door_open,
    AlarmKind.POWER_OFF: lambda state: state.since.unpowered,
    AlarmKind.OFF_SET_POINT: lambda state: state.since.off_set_point,
    AlarmKind.CHILLING_RISK: lambda state: state.since.chilling_air,
    AlarmKind.FREEZING_RISK: lambda state: state.since.freezing_air,
    AlarmKind.WARM_LOADING: lambda state: state.loaded_at,
    AlarmKind.SENSOR_STUCK: _stuck_since,
    AlarmKind.SENSOR_LOST: _lost_since,
    AlarmKind.CLOCK_JUMP: lambda state: state.signs.order.jumped_at,
    AlarmKind.READINGS_MISSING: _gap_since,
}


def _go_on(fault: _Running, state: UnitState, at: datetime) -> None:
    fault.until = at
    now_c = air_c(state.seen)
    if now_c is not None:
        fault.low_c = now_c if fault.low_c is None else min(fault.low_c, now_c)
        fault.high_c = now_c if fault.high_c is None else max(fault.high_c, now_c)


def _span(kind: FaultKind, fault: _Running, *, is_open: bool) -> FaultSpan:
    evidence = dict(fault.evidence)
    if fault.low_c is not None and fault.high_c is not None:
        evidence |= {"air_low_c": f"{fault.low_c:.1f}", "air_high_c": f"{fault.high_c:.1f}"}
    return FaultSpan(kind, fault.since, fault.until, is_open, evidence)
