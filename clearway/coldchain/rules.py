"""When a unit needs somebody: alarms before the limit is passed, and none for what is normal.

Each rule looks at one `UnitState`: `holds` raises the alarm, `clears` ends it, and between the two
lies a margin so that an alarm does not flutter. Thresholds are the house's own unless a source
stands beside them. A normal defrost must not alarm: the supply air jumps for half an hour while the
return hardly moves, so limits are judged by the pulp, and by air that stays wrong for `STEADY`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, sqrt

from clearway.coldchain.model import AlarmKind, Commodity
from clearway.coldchain.pulp import SPREAD_C, Z80, hours_until, usual_rise_c
from clearway.coldchain.signs import (
    CALM_SHARE,
    DRIFT_C,
    PROBE_DRIFT_C,
    RESTLESS_SHARE,
    has_drifted,
    is_after_thaw,
    is_lost,
    probe_apart_c,
)
from clearway.coldchain.state import (
    BOX_LAG_H,
    Still,
    UnitState,
    air_c,
    air_goes_to_c,
    stirring,
)

LEAD_H = 12.0
"""A limit nearer than this is worth an alarm: one shift to find a plug, an engineer or a dock."""

RELIEF_H = 18.0
"""An expected limit further away than this ends the alarm."""

STEADY = timedelta(minutes=45)
"""Air that is wrong for less than this may be a defrost."""

POWER_GRACE = timedelta(minutes=9)
"""At ten minutes between readings the second one without power alarms: a plug that is moved shows
in one."""

DOOR_GRACE = timedelta(minutes=15)

PULL_DOWN = timedelta(hours=24)
"""After loading the air may stay off its set point while warm goods cool down."""

OFF_SET_POINT_C = 2.5
OFF_SET_POINT_GRACE = timedelta(hours=3)
SET_POINT_TOLERANCE_C = 1.0
AGREED_TOLERANCE_C = 1.0
WARM_LOADING_MARGIN_C = 4.0
"""Goods loaded this much warmer than agreed will take a day or more to cool."""

WARM_RISE_C = 3.0
"""Air that comes back this much warmer than it left carries the heat of warm goods; through cold
goods it warms by 1 to 2 degrees."""

WARM_EXCESS_C = 2.0
"""The same beyond what fans and walls explain, where the weather is measured."""

FROZEN_RISE_C = 1.0
"""More than that in a hold at -18 °C, whose walls let in twice the heat."""

OUTER_FREEZES = timedelta(hours=4)
"""In air below freezing for so long the outer cartons freeze, however warm the middle still is."""

DOORS_SHUT = timedelta(minutes=45)
"""For so long after loading the air is still that of the dock."""

LOADING = timedelta(hours=6)
"""What is warm later than this after loading was warmed under way."""

CLEAR_MARGIN_C = 0.3
STUCK_FOR = timedelta(hours=12)
STUCK_READINGS = 24
STUCK_NEIGHBOUR_C = 0.5
SHORT_LIFE_SHARE, SHORT_LIFE_DAYS = 0.2, 5.0
IMPOSSIBLE_READINGS = 2

JUMP_STANDS = timedelta(hours=24)
"""So long it is told that a clock jumped."""

GAP_H = 1.5
"""Air is taken to go straight from one reading to the next for at most this long."""

USUAL_INTERVALS = 3.0
"""For a logger that measures rarely, a gap is a pause of more than this many usual intervals."""

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alarm: when it begins and when it ends."""

    kind: AlarmKind
    holds: Callable[[UnitState, Commodity | None], bool]
    clears: Callable[[UnitState, Commodity | None], bool]


def judge(
    state: UnitState, commodity: Commodity | None
) -> tuple[tuple[AlarmKind, ...], tuple[AlarmKind, ...]]:
    """Return the kinds of alarm that stand after this reading, and those of them that are new."""
    stand = state.open
    if stand:
        stand = tuple(k for k in stand if not _BY_KIND[k].clears(state, commodity))
    new = tuple([kind for kind, holds in _HOLDS if holds(state, commodity)])
    if new and state.open:
        new = tuple(kind for kind in new if kind not in state.open)
    return (stand + new, new) if new else (stand, ())


def lasted(since: datetime | None, state: UnitState) -> timedelta:
    """Return how long something has been so at the latest reading; zero when it is not so."""
    return _NONE if since is None or state.at is None else state.at - since


def hours_to(limit_c: float, state: UnitState, horizon_h: float = RELIEF_H) -> float:
    """Return the hours until the pulp reaches `limit_c` if the air goes on as now; else inf."""
    air = air_c(state.seen)
    if air is None or state.goods is None:
        return inf
    pulp, goes_to_c = state.goods.pulp, air_goes_to_c(state)
    return hours_until(
        pulp.c,
        limit_c,
        air_c=air + pulp.offset_c,
        lag_h=pulp.lag_h / stirring(state.seen),
        air_goes_to_c=None if goes_to_c is None else goes_to_c + pulp.offset_c,
        air_lag_h=BOX_LAG_H,
        horizon_h=horizon_h,
    )


def warm_limit_h(state: UnitState, commodity: Commodity | None, horizon_h: float = 72.0) -> float:
    """Return the hours until the pulp is too warm, 0 if it is, inf if it will not be."""
    if commodity is None or state.goods is None:
        return inf
    if state.goods.pulp.c >= commodity.limit_c:
        return 0.0
    return hours_to(commodity.limit_c, state, horizon_h)


def cold_limit_h(limit_c: float | None, state: UnitState, horizon_h: float = LEAD_H) -> float:
    """Return the hours until the pulp is below `limit_c`, 0 if it is, inf if it will not be."""
    if limit_c is None or state.goods is None:
        return inf
    return 0.0 if state.goods.pulp.c <= limit_c else hours_to(limit_c, state, horizon_h)


def limit_h(state: UnitState, commodity: Commodity | None, horizon_h: float = 72.0) -> float:
    """Return the hours until any limit, too warm or too cold, is passed if nothing changes."""
    if commodity is None:
        return inf
    return min(
        warm_limit_h(state, commodity, horizon_h),
        cold_limit_h(commodity.chilling_c, state, horizon_h),
        cold_limit_h(commodity.freezing_c, state, horizon_h),
    )


def remaining_days(state: UnitState, commodity: Commodity) -> float:
    """Return the middle estimate of the reference days that are left."""
    low, high = commodity.life_days
    used = state.life_used_days if state.goods is None else state.goods.consumed.middle
    return sqrt(low * high) - used


def set_point_fault(told_c: float, commodity: Commodity) -> str:
    """Return "" for a fitting set point, else `fahrenheit`, `sign`, `warm` or `cold`.

    Examples: 34 for strawberries is 34 F read as Celsius; 18 for frozen fish lacks its minus.
    """
    if _fits(told_c, commodity):
        return ""
    if _fits((told_c - 32.0) / 1.8, commodity) or _fits(told_c * 1.8 + 32.0, commodity):
        return "fahrenheit"
    if _fits(-told_c, commodity):
        return "sign"
    return "warm" if told_c > commodity.warmest_c else "cold"


def _fits(told_c: float, commodity: Commodity) -> bool:
    low = commodity.coldest_c - SET_POINT_TOLERANCE_C
    return low <= told_c <= commodity.warmest_c + SET_POINT_TOLERANCE_C


def has_gap(state: UnitState) -> bool:
    """Return whether too long a time passed before the latest reading."""
    return state.gap_h > max(GAP_H, USUAL_INTERVALS * state.interval_h)


def _surely_c(state: UnitState) -> float:
    """Return the pulp; on the first day, less what is owed to not knowing how it was loaded."""
    if state.goods is None:
        return -inf
    pulp = state.goods.pulp
    is_known = state.loaded_pulp_c is not None or state.seen.probe_c is not None
    if is_known or not _is_loading(state):
        return pulp.c
    return pulp.c - Z80 * max(0.0, pulp.sigma_c - SPREAD_C)


def _is_loading(state: UnitState) -> bool:
    if state.loaded_at is None or state.at is None:
        return False
    return state.at - state.loaded_at < PULL_DOWN


def _power_off(state: UnitState, commodity: Commodity | None) -> bool:
    return state.since.unpowered is not None and lasted(state.since.unpowered, state) >= POWER_GRACE


def _door_open(state: UnitState, commodity: Commodity | None) -> bool:
    return state.since.door_open is not None and lasted(state.since.door_open, state) >= DOOR_GRACE


def _limit_expected(state: UnitState, commodity: Commodity | None) -> bool:
    if not (
        lasted(state.since.warm_air, state) >= STEADY
        or _power_off(state, commodity)
        or _door_open(state, commodity)
    ):
        return False
    if AlarmKind.WARM_LOADING in state.open or _limit_passed(state, commodity):
        return False
    return warm_limit_h(state, commodity, LEAD_H) <= LEAD_H


def _limit_no_longer_expected(state: UnitState, commodity: Commodity | None) -> bool:
    return _limit_passed(state, commodity) or warm_limit_h(state, commodity, RELIEF_H) > RELIEF_H


def _limit_passed(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or _surely_c(state) <= commodity.limit_c:
        return False
    was_warm = AlarmKind.WARM_LOADING in state.open or _warm_loading(state, commodity)
    return not (was_warm and _is_loading(state))


def _within_limit(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or state.goods is None:
        return True
    return state.goods.pulp.c < commodity.limit_c - CLEAR_MARGIN_C


def warm_loading_c(state: UnitState, commodity: Commodity) -> float:
    """Return the pulp above which goods count as loaded warm."""
    agreed_c = commodity.reference_c if state.set_point_c is None else state.set_point_c
    return min(max(agreed_c, commodity.coldest_c) + WARM_LOADING_MARGIN_C, commodity.limit_c + 1.0)


def _warm_loading(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or state.goods is None or state.loaded_at is None or state.at is None:
        return False
    if state.at - state.loaded_at > LOADING or AlarmKind.SET_POINT_WRONG in state.open:
        return False
    careful_c = state.goods.pulp.c - Z80 * state.goods.pulp.sigma_c
    if careful_c > warm_loading_c(state, commodity):
        return True
    is_unsure = state.loaded_pulp_c is None and state.seen.probe_c is None
    is_unsure = is_unsure and not is_after_thaw(state.signs, state.at)
    return (
        is_unsure
        and state.at - state.loaded_at > DOORS_SHUT
        and rise_c(state) >= _warm_rise_c(state, commodity)
    )


def _warm_rise_c(state: UnitState, commodity: Commodity) -> float:
    """Return the rise of the air that only warm goods explain, in the weather of the moment."""
    air, ambient_c = air_c(state.seen), state.seen.ambient_c
    if air is None or ambient_c is None:
        return WARM_RISE_C + (FROZEN_RISE_C if commodity.is_frozen else 0.0)
    return usual_rise_c(air, ambient_c) + WARM_EXCESS_C


def rise_c(state: UnitState) -> float:
    """Return how much warmer the air comes back than it left; 0 when nothing is cooled."""
    supply_c, return_c = state.seen.supply_c, state.seen.return_c
    if supply_c is None or return_c is None or state.seen.powered is False:
        return 0.0
    return max(0.0, return_c - supply_c)


def _cooled_down(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or state.goods is None:
        return True
    is_cool = state.goods.pulp.c < warm_loading_c(state, commodity) - CLEAR_MARGIN_C
    return is_cool and rise_c(state) < WARM_RISE_C - CLEAR_MARGIN_C


def _chilling(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or lasted(state.since.chilling_air, state) < STEADY:
        return False
    return cold_limit_h(commodity.chilling_c, state) <= LEAD_H


def _freezing(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None or lasted(state.since.freezing_air, state) < STEADY:
        return False
    if lasted(state.since.freezing_air, state) >= OUTER_FREEZES:
        return True
    return cold_limit_h(commodity.freezing_c, state) <= LEAD_H


def _set_point_wrong(state: UnitState, commodity: Commodity | None) -> bool:
    told_c = state.told_c
    if told_c is None:
        return False
    if commodity is not None and not _fits(told_c, commodity):
        return True
    return state.set_point_c is not None and abs(told_c - state.set_point_c) > AGREED_TOLERANCE_C


def _off_set_point(state: UnitState, commodity: Commodity | None) -> bool:
    if state.since.off_set_point is None or _is_loading(state):
        return False
    return lasted(state.since.off_set_point, state) >= OFF_SET_POINT_GRACE


def _life_ending(state: UnitState, commodity: Commodity | None) -> bool:
    if commodity is None:
        return False
    low, high = commodity.life_days
    little = min(SHORT_LIFE_SHARE * sqrt(low * high), SHORT_LIFE_DAYS)
    return remaining_days(state, commodity) < little


def is_stuck(still: Still | None, state: UnitState) -> bool:
    """Return whether a sensor shows the same value for long while its neighbour moves."""
    return (
        still is not None
        and still.readings >= STUCK_READINGS
        and still.neighbour_high_c - still.neighbour_low_c >= STUCK_NEIGHBOUR_C
        and lasted(still.since, state) >= STUCK_FOR
    )


def _stuck(state: UnitState, commodity: Commodity | None) -> bool:
    return is_stuck(state.supply_still, state) or is_stuck(state.return_still, state)


def _out_of_range(state: UnitState, commodity: Commodity | None) -> bool:
    return state.seen.impossible >= IMPOSSIBLE_READINGS


def _gap(state: UnitState, commodity: Commodity | None) -> bool:
    return has_gap(state) and state.signs.order.jumped_at != state.at


def _cycling(state: UnitState, commodity: Commodity | None) -> bool:
    return state.signs.restless > RESTLESS_SHARE


def lost_sensors(state: UnitState) -> tuple[str, ...]:
    """Return the names of the sensors that used to report and fell silent."""
    if state.at is None:
        return ()
    signs, at = state.signs, state.at
    sensors = (("supply", signs.supply), ("return", signs.returned), ("pulp", signs.probe))
    return tuple(name for name, presence in sensors if is_lost(presence, at))


def _lost(state: UnitState, commodity: Commodity | None) -> bool:
    signs = state.signs
    if (
        signs.supply.missing_since is None
        and signs.returned.missing_since is None
        and signs.probe.missing_since is None
    ):
        return False
    return bool(lost_sensors(state))


def probe_drift_c(state: UnitState) -> float:
    """Return by how much probe and air have come apart as goods do not; 0: nobody can tell."""
    return 0.0 if state.at is None else probe_apart_c(state.signs, state.at)


def _drifted(state: UnitState, commodity: Commodity | None) -> bool:
    return has_drifted(state.signs) or probe_drift_c(state) > PROBE_DRIFT_C


def _in_line(state: UnitState, commodity: Commodity | None) -> bool:
    signs = state.signs
    is_near = abs(signs.excess_c - signs.base_c) < DRIFT_C - CLEAR_MARGIN_C
    return is_near and probe_drift_c(state) < PROBE_DRIFT_C - CLEAR_MARGIN_C


def _clock_jumped(state: UnitState, commodity: Commodity | None) -> bool:
    return lasted(state.signs.order.jumped_at, state) <= JUMP_STANDS and (
        state.signs.order.jumped_at is not None
    )


RULES: tuple[Rule, ...] = (
    Rule(AlarmKind.SET_POINT_WRONG, _set_point_wrong, lambda s, c: not _set_point_wrong(s, c)),
    Rule(AlarmKind.WARM_LOADING, _warm_loading, _cooled_down),
    Rule(AlarmKind.POWER_OFF, _power_off, lambda s, c: s.since.unpowered is None),
    Rule(AlarmKind.DOOR_OPEN, _door_open, lambda s, c: s.since.door_open is None),
    Rule(AlarmKind.OFF_SET_POINT, _off_set_point, lambda s, c: s.since.off_set_point is None),
    Rule(AlarmKind.LIMIT_EXPECTED, _limit_expected, _limit_no_longer_expected),
    Rule(AlarmKind.LIMIT_PASSED, _limit_passed, _within_limit),
    Rule(AlarmKind.LIFE_ENDING, _life_ending, lambda s, c: not _life_ending(s, c)),
    Rule(AlarmKind.CHILLING_RISK, _chilling, lambda s, c: s.since.chilling_air is None),
    Rule(AlarmKind.FREEZING_RISK, _freezing, lambda s, c: s.since.freezing_air is None),
    Rule(AlarmKind.SENSOR_STUCK, _stuck, lambda s, c: not _stuck(s, c)),
    Rule(AlarmKind.SENSOR_RANGE, _out_of_range, lambda s, c: s.seen.impossible == 0),
    Rule(AlarmKind.READINGS_MISSING, _gap, lambda s, c: not has_gap(s)),
    Rule(AlarmKind.SHORT_CYCLING, _cycling, lambda s, c: s.signs.restless < CALM_SHARE),
    Rule(AlarmKind.SENSOR_DRIFT, _drifted, _in_line),
    Rule(AlarmKind.SENSOR_LOST, _lost, lambda s, c: not _lost(s, c)),
    Rule(AlarmKind.CLOCK_JUMP, _clock_jumped, lambda s, c: not _clock_jumped(s, c)),
)
_BY_KIND = {rule.kind: rule for rule in RULES}
_HOLDS = tuple((rule.kind, rule.holds) for rule in RULES)
