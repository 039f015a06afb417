"""What the border knew of a journey, held against the truth.

*Life used* is scored in days of a 14-day life: the error in reference days, times 14, over the
middle of the life that the library cites. *Coverage* is the share of moments at which the truth lay
in the 90 % interval; the remaining life that it is held to counts with this lot's own life, which
nobody at the border can know. A moment is looked at every six hours from a day after loading, until
goods freeze or are injured by cold: an alarm says so, and no shelf life describes them.

An alarm is *false* when nothing that it says was so: what its kind means is looked up in the truth
(`_is_so`), or it names the trip's incident, or a consequence of it (`_MEANS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

import numpy as np

from clearway.coldchain.model import Alarm, AlarmKind, ShelfLife
from clearway.coldchain.pulp import Z80, Z90
from clearway.coldchain.state import UnitState
from clearway.simulator.fleet.devices import LOADED
from clearway.simulator.fleet.incidents import DAY_S, HOUR_S, IncidentKind
from clearway.simulator.fleet.inside import Inside
from clearway.simulator.thermal import STEP_S

LOOK_EVERY_S = 6 * HOUR_S
SETTLED_S = DAY_S
NOMINAL_DAYS = 14.0
_SLACK_C = 0.5
_AHEAD_S = DAY_S
_NOTICE_S = HOUR_S

# Kinds of alarm that name an incident; the first is the one that must come.
_MEANS: Mapping[IncidentKind, frozenset[str]] = {
    IncidentKind.POWER_OFF: frozenset({"power_off"}),
    IncidentKind.DOOR_OPEN: frozenset({"door_open"}),
    IncidentKind.SET_POINT_WRONG: frozenset({"set_point_wrong"}),
    IncidentKind.SET_POINT_UNIT: frozenset({"set_point_wrong"}),
    IncidentKind.WARM_LOADING: frozenset({"warm_loading"}),
    IncidentKind.SHORT_CYCLING: frozenset({"short_cycling"}),
    IncidentKind.FREEZING: frozenset({"freezing_risk", "chilling_risk"}),
    IncidentKind.SENSOR_STUCK: frozenset({"sensor_stuck"}),
    IncidentKind.SENSOR_DRIFT: frozenset({"sensor_drift"}),
    IncidentKind.SENSOR_LOST: frozenset({"sensor_lost"}),
    IncidentKind.IMPLAUSIBLE: frozenset({"sensor_range"}),
    IncidentKind.CLOCK_FORWARD: frozenset({"clock_jump"}),
    IncidentKind.CLOCK_BACK: frozenset({"clock_jump"}),
    IncidentKind.GAP: frozenset({"readings_missing"}),
}
# What else may rightly be said of it: the unit does not hold its air, or no longer measures.
_FOLLOWS: Mapping[IncidentKind, frozenset[str]] = {
    IncidentKind.POWER_OFF: frozenset({"off_set_point"}),
    IncidentKind.DOOR_OPEN: frozenset({"off_set_point"}),
    IncidentKind.SET_POINT_WRONG: frozenset({"off_set_point"}),
    IncidentKind.SET_POINT_UNIT: frozenset({"off_set_point"}),
    IncidentKind.WARM_LOADING: frozenset({"off_set_point"}),
    IncidentKind.SHORT_CYCLING: frozenset({"off_set_point"}),
    IncidentKind.FREEZING: frozenset({"off_set_point"}),
    IncidentKind.IMPLAUSIBLE: frozenset({"sensor_lost"}),
    IncidentKind.CLOCK_FORWARD: frozenset({"readings_missing"}),
}

# While these last, a limit may rightly be expected "if nothing changes": here, something does.
_WARMING = frozenset(
    {
        IncidentKind.POWER_OFF,
        IncidentKind.DOOR_OPEN,
        IncidentKind.SET_POINT_WRONG,
        IncidentKind.SET_POINT_UNIT,
        IncidentKind.WARM_LOADING,
        IncidentKind.SHORT_CYCLING,
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """The border's figures at one instant.

    Args:
        state: after the latest reading.
        life: None when nothing was measured yet.
    """

    state: UnitState
    life: ShelfLife | None


@dataclass(frozen=True, slots=True)
class TripScore:
    """One trip, judged.

    Args:
        has_flags: whether the device tells of power and doors.
        used_error_days: estimate less truth of life used, in days of a 14-day life, per look.
        pulp_error_c: estimate less truth of the mean pulp, per look.
        inside_life, inside_used, inside_pulp: whether the truth lay in the 90 % interval, per look.
        seen_after_s: from the incident's start to the alarm that names it; None: no such alarm.
        false: kinds of alarms that told what was not so.
        watched_s: length of the trip.
        warning: where the mean of the goods passes its limit during an incident: hours from the
            first alarm that expects it until it does, and by how many hours that alarm foretold it
            too late; None elsewhere, or when no alarm expected it.
    """

    trip: int
    incident: IncidentKind | None
    probe: str
    has_flags: bool
    used_error_days: tuple[float, ...]
    pulp_error_c: tuple[float, ...]
    inside_life: tuple[bool, ...]
    inside_used: tuple[bool, ...]
    inside_pulp: tuple[bool, ...]
    seen_after_s: float | None
    false: tuple[str, ...]
    watched_s: float
    warning: tuple[float, float] | None = None


def judge(inside: Inside, looks: Sequence[Look], alarms: Sequence[Alarm]) -> TripScore:
    """Return how the border did on one trip."""
    trip = inside.trip
    rows = [_errors(inside, look) for look in looks if _counts(inside, look)]
    incident = None if trip.incident is None else trip.incident.kind
    return TripScore(
        trip.number,
        incident,
        trip.device.probe,
        trip.device.has_flags,
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        tuple(row[2] for row in rows),
        tuple(row[3] for row in rows),
        tuple(row[4] for row in rows),
        _seen_after_s(inside, alarms),
        tuple(alarm.kind.value for alarm in alarms if not _is_right(inside, alarm)),
        trip.length_s,
        _warning(inside, alarms),
    )


def _warning(inside: Inside, alarms: Sequence[Alarm]) -> tuple[float, float] | None:
    incident, limit_c = inside.trip.incident, inside.trip.commodity.limit_c
    if incident is None or incident.kind not in _WARMING:
        return None
    first, last = _step(inside, incident.start_s), _step(inside, incident.end_s)
    beyond = inside.pulp_c[first : last + 1] > limit_c
    expected = [a for a in alarms if a.kind is AlarmKind.LIMIT_EXPECTED and a.limit_at is not None]
    if beyond[0] or not beyond.any() or not expected:
        return None
    passed_s = (first + int(beyond.argmax()) + 1) * STEP_S
    alarm = expected[0]
    if alarm.limit_at is None or _since_s(alarm.at) > passed_s:
        return None
    return (
        (passed_s - _since_s(alarm.at)) / HOUR_S,
        (_since_s(alarm.limit_at) - passed_s) / HOUR_S,
    )


def _counts(inside: Inside, look: Look) -> bool:
    if look.life is None or _since_s(look.life.at) < SETTLED_S:
        return False
    return not inside.harmed[_step(inside, _since_s(look.life.at))]


def _errors(inside: Inside, look: Look) -> tuple[float, float, bool, bool, bool]:
    life, goods, trip = look.life, look.state.goods, inside.trip
    if life is None or goods is None:
        raise ValueError("only a look with figures can be judged")
    step = _step(inside, _since_s(life.at))
    used, pulp = float(inside.used_days[step]), float(inside.pulp_c[step])
    low, high = trip.commodity.life_days
    left = max(0.0, trip.life_days - used)
    half_c = Z90 * goods.pulp.sigma_c
    wide = Z90 / Z80
    least = goods.consumed.middle - wide * (goods.consumed.middle - goods.consumed.low)
    most = goods.consumed.middle + wide * (goods.consumed.high - goods.consumed.middle)
    return (
        (life.consumed_days - used) * NOMINAL_DAYS / (low * high) ** 0.5,
        goods.pulp.c - pulp,
        (life.remaining_days_q05 or 0.0) <= left <= (life.remaining_days_q95 or 0.0),
        least <= used <= most,
        abs(goods.pulp.c - pulp) <= half_c,
    )


def _since_s(at: datetime) -> float:
    return (at - LOADED).total_seconds()


def _step(inside: Inside, since_s: float) -> int:
    return int(min(max(since_s / STEP_S - 1, 0), len(inside.pulp_c) - 1))


def _seen_after_s(inside: Inside, alarms: Sequence[Alarm]) -> float | None:
    incident = inside.trip.incident
    if incident is None:
        return None
    jump = incident.size * HOUR_S if incident.kind is IncidentKind.CLOCK_BACK else 0.0
    times = [_since_s(alarm.at) for alarm in alarms if alarm.kind in _MEANS[incident.kind]]
    last = incident.end_s + DAY_S
    if incident.kind in (IncidentKind.POWER_OFF, IncidentKind.DOOR_OPEN):
        last = incident.end_s + _NOTICE_S
    if incident.kind is IncidentKind.CLOCK_FORWARD:
        last += incident.size * HOUR_S
    fitting = [at for at in times if incident.start_s - jump - 1.0 <= at <= last]
    return min(fitting) - incident.start_s if fitting else None


def _is_right(inside: Inside, alarm: Alarm) -> bool:
    incident = inside.trip.incident
    if _is_so(inside, alarm):
        return True
    if incident is None:
        return False
    jump = incident.size * HOUR_S if incident.kind is IncidentKind.CLOCK_BACK else 0.0
    if _since_s(alarm.at) < incident.start_s - jump - 1.0:
        return False
    if alarm.kind == "limit_expected" and incident.kind in _WARMING:
        return _since_s(alarm.at) <= incident.end_s + _NOTICE_S
    means = _MEANS[incident.kind] | _FOLLOWS.get(incident.kind, frozenset())
    return alarm.kind in means


def _is_so(inside: Inside, alarm: Alarm) -> bool:
    """Return whether the truth bears out what the alarm says of the goods."""
    trip, at_s = inside.trip, _since_s(alarm.at)
    if trip.incident is not None and trip.incident.kind is IncidentKind.CLOCK_FORWARD:
        at_s -= trip.incident.size * HOUR_S if at_s > trip.incident.start_s else 0.0
    now = _step(inside, at_s)
    ahead = slice(now, _step(inside, at_s + _AHEAD_S) + 1)
    commodity = trip.commodity
    warmest = float(np.max(inside.core_c[:, ahead].max(axis=0)))
    coldest = float(min(inside.coldest_c[ahead].min(), inside.supply_c[ahead].min()))
    if alarm.kind in (AlarmKind.LIMIT_EXPECTED, AlarmKind.LIMIT_PASSED):
        return bool(warmest > commodity.limit_c - _SLACK_C)
    if alarm.kind is AlarmKind.CHILLING_RISK:
        return commodity.chilling_c is not None and coldest < commodity.chilling_c + _SLACK_C
    if alarm.kind is AlarmKind.FREEZING_RISK:
        return commodity.freezing_c is not None and coldest < commodity.freezing_c + _SLACK_C
    if alarm.kind is AlarmKind.LIFE_ENDING:
        low, high = commodity.life_days
        return bool(inside.used_days[now] > 0.6 * sqrt(low * high))
    return False
