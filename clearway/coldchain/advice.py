"""What an alarm says to the officer, the terminal and the trader, and what to do about it.

Sentences are plain English with the values in them; `Alarm.kind` and `Alarm.values` say the same to
a translator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import inf, isfinite

from clearway.coldchain import rules
from clearway.coldchain.model import Alarm, AlarmKind, AlarmLevel, Commodity
from clearway.coldchain.signs import PROBE_DRIFT_C
from clearway.coldchain.state import UnitState, air_c

_ADVICE: Mapping[AlarmKind, str] = {
    AlarmKind.SET_POINT_WRONG: "Ask the carrier to confirm the set point and correct it now.",
    AlarmKind.WARM_LOADING: (
        "Measure the goods with a probe; ask for pre-cooling, or note the breach on the record."
    ),
    AlarmKind.POWER_OFF: "Plug the unit in, or move it to a slot with power.",
    AlarmKind.DOOR_OPEN: "Close the doors, or finish the examination inside a cold store.",
    AlarmKind.OFF_SET_POINT: "Send a reefer engineer: the unit runs but does not hold its air.",
    AlarmKind.LIMIT_EXPECTED: (
        "Restore the cold before that time, or examine and release this container first."
    ),
    AlarmKind.LIMIT_PASSED: "Examine the goods first, with a probe, and restore the cold.",
    AlarmKind.LIFE_ENDING: "Examine and release this container before the others.",
    AlarmKind.CHILLING_RISK: "Raise the air to the recommended range; injury shows days later.",
    AlarmKind.FREEZING_RISK: "Raise the air at once; frozen tissue does not recover.",
    AlarmKind.SENSOR_STUCK: "Have the sensor checked; until then judge by the other one.",
    AlarmKind.SENSOR_RANGE: "Have the sensor and its cable checked; these values were left out.",
    AlarmKind.READINGS_MISSING: "Fetch the missing readings from the logger's own memory.",
    AlarmKind.SHORT_CYCLING: (
        "Send a reefer engineer: the compressor wears out and the unit may stop."
    ),
    AlarmKind.SENSOR_DRIFT: "Compare the sensors with a probe of your own before you trust them.",
    AlarmKind.SENSOR_LOST: "Have the sensor and its cable checked; the others are used meanwhile.",
    AlarmKind.CLOCK_JUMP: (
        "Set the device's clock; ask it for its readings again with the right instants."
    ),
    AlarmKind.READINGS_DIFFER: (
        "Compare with the logger's own memory: one of the two versions was altered or mixed up."
    ),
}

Sentence = tuple[str, dict[str, str]]

_CRITICAL = frozenset({AlarmKind.LIMIT_PASSED, AlarmKind.FREEZING_RISK, AlarmKind.READINGS_DIFFER})
_NOTICE = frozenset(
    {
        AlarmKind.SENSOR_STUCK,
        AlarmKind.SENSOR_RANGE,
        AlarmKind.SENSOR_DRIFT,
        AlarmKind.SENSOR_LOST,
        AlarmKind.CLOCK_JUMP,
        AlarmKind.READINGS_MISSING,
    }
)
_URGENT_H = 4.0
"""A limit nearer than this cannot wait for the next round."""


def word(kind: AlarmKind, state: UnitState, commodity: Commodity | None) -> Alarm:
    """Return the alarm of `kind` as people read it; `state.at` must be known."""
    if state.at is None:
        raise ValueError("an alarm needs a reading or a journey")
    hours = _limit_h(kind, state, commodity)
    message, values = _WORDS[kind](state, commodity)
    limit_at = state.at + timedelta(hours=hours) if isfinite(hours) else None
    if limit_at is not None and hours > 0.0 and kind is not AlarmKind.LIFE_ENDING:
        message += f" If nothing changes, the limit is reached about {moment(limit_at)}."
        values["limit_at"] = moment(limit_at)
    return Alarm(
        kind,
        _level(kind, hours, state, commodity),
        state.container,
        state.at,
        limit_at,
        message,
        _ADVICE[kind],
        values,
    )


def readings_differ(
    state: UnitState, device: str, first_seq: int, last_seq: int, at: datetime
) -> Alarm:
    """Return the alarm for readings that came twice with different content."""
    values = {"device": device, "first_seq": str(first_seq), "last_seq": str(last_seq)}
    message = (
        f"Device {device} sent readings {first_seq} to {last_seq} a second time with other values;"
        " the first ones stand."
    )
    kind = AlarmKind.READINGS_DIFFER
    return Alarm(
        kind, AlarmLevel.CRITICAL, state.container, at, None, message, _ADVICE[kind], values
    )


def silent(state: UnitState, now: datetime) -> Alarm:
    """Return the alarm for a unit that stopped sending; `state.at` must be known."""
    if state.at is None:
        raise ValueError("a unit that never sent is not silent")
    length = span(now - state.at)
    values = {"since": moment(state.at), "length": length}
    message = f"Nothing was received since {moment(state.at)} ({length})."
    kind = AlarmKind.READINGS_MISSING
    advice = "Go and look at the unit: it may be without power, or out of reach."
    return Alarm(kind, AlarmLevel.WARNING, state.container, now, None, message, advice, values)


def moment(at: datetime) -> str:
    """Return an instant as officers read it: `2 Mar 14:20 UTC`."""
    return f"{at.day} {at:%b %H:%M} UTC"


def degrees(value_c: float) -> str:
    """Return a temperature with one decimal and a real minus: `-1.0 °C`."""
    return f"{round(value_c, 1) + 0.0:.1f} °C"


def span(length: timedelta) -> str:
    """Return a duration as people say it: `25 minutes`, `7 hours`, `3 days`."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 72 else f"{round(hours / 24)} days"


def _level(
    kind: AlarmKind, hours: float, state: UnitState, commodity: Commodity | None
) -> AlarmLevel:
    if kind in _CRITICAL or hours <= _URGENT_H:
        return AlarmLevel.CRITICAL
    if kind is AlarmKind.SET_POINT_WRONG and _does_harm(state.told_c, commodity):
        return AlarmLevel.CRITICAL
    return AlarmLevel.NOTICE if kind in _NOTICE else AlarmLevel.WARNING


def _does_harm(told_c: float | None, commodity: Commodity | None) -> bool:
    """Return whether goods held at this set point spoil or freeze, whatever else is right."""
    if told_c is None or commodity is None:
        return False
    too_cold = commodity.freezing_c if commodity.chilling_c is None else commodity.chilling_c
    return told_c > commodity.limit_c or (too_cold is not None and told_c < too_cold)


def _limit_h(kind: AlarmKind, state: UnitState, commodity: Commodity | None) -> float:
    """Return the hours until the limit that this kind of alarm is about, inf when none is near."""
    if commodity is None or kind in _NOTICE:
        return inf
    if kind is AlarmKind.CHILLING_RISK:
        return rules.cold_limit_h(commodity.chilling_c, state)
    if kind is AlarmKind.FREEZING_RISK:
        return rules.cold_limit_h(commodity.freezing_c, state)
    if kind is AlarmKind.LIFE_ENDING:
        return max(0.0, 24.0 * rules.remaining_days(state, commodity))
    if kind is AlarmKind.WARM_LOADING:
        return inf
    return rules.warm_limit_h(state, commodity)


def _set_point(state: UnitState, commodity: Commodity | None) -> Sentence:
    told_c = state.told_c if state.told_c is not None else 0.0
    values = {"set_point_c": f"{told_c:.1f}"}
    fault = "" if commodity is None else rules.set_point_fault(told_c, commodity)
    if commodity is None or not fault:
        agreed = "" if state.set_point_c is None else degrees(state.set_point_c)
        values["agreed_c"] = agreed
        return f"The set point is {degrees(told_c)}, but {agreed} was agreed.", values
    wanted = f"{degrees(commodity.coldest_c)} to {degrees(commodity.warmest_c)}"
    values |= {"fault": fault, "commodity": commodity.name, "wanted": wanted}
    hint = {
        "fahrenheit": " It looks like Fahrenheit taken for Celsius.",
        "sign": " It looks as if the minus sign is wrong.",
    }.get(fault, "")
    return (
        f"The set point is {degrees(told_c)}; {commodity.name.lower()} should be kept at"
        f" {wanted}.{hint}",
        values,
    )


def _warm_loading(state: UnitState, commodity: Commodity | None) -> Sentence:
    values = _pulp(state, commodity)
    wanted_c = 0.0 if commodity is None else rules.warm_loading_c(state, commodity)
    wanted, rise_c = f"{wanted_c:.1f}", rules.rise_c(state)
    if state.goods is not None and state.goods.pulp.c <= wanted_c:
        return (
            f"The goods were probably loaded warm: the air comes back {rise_c:.1f} degrees warmer"
            " than it leaves.",
            values | {"rise_c": f"{rise_c:.1f}"},
        )
    return (
        f"The goods were loaded warm: about {values['pulp_c']} °C inside, at most {wanted} °C"
        " was to be expected.",
        values | {"expected_c": wanted},
    )


def _power(state: UnitState, commodity: Commodity | None) -> Sentence:
    return _lasting("No power", state.since.unpowered, state)


def _door(state: UnitState, commodity: Commodity | None) -> Sentence:
    return _lasting("A door is open", state.since.door_open, state)


def _off_set_point(state: UnitState, commodity: Commodity | None) -> Sentence:
    now_c, told_c = air_c(state.seen) or 0.0, state.told_c or 0.0
    start = f"The air is {degrees(now_c)} while the set point is {degrees(told_c)},"
    sentence, values = _lasting(start, state.since.off_set_point, state)
    return sentence, values | {"air_c": f"{now_c:.1f}", "set_point_c": f"{told_c:.1f}"}


def _expected(state: UnitState, commodity: Commodity | None) -> Sentence:
    values = _pulp(state, commodity)
    return (
        f"The goods are warming: about {values['pulp_c']} °C inside, the limit is"
        f" {values['limit_c']} °C.",
        values,
    )


def _passed(state: UnitState, commodity: Commodity | None) -> Sentence:
    values = _pulp(state, commodity)
    return (
        f"The goods are too warm: about {values['pulp_c']} °C inside, the limit is"
        f" {values['limit_c']} °C.",
        values,
    )


def _life(state: UnitState, commodity: Commodity | None) -> Sentence:
    left = 0.0 if commodity is None else max(0.0, rules.remaining_days(state, commodity))
    values = {"remaining_days": f"{left:.1f}"}
    return f"The goods keep about {left:.1f} more days if they are kept as they should.", values


def _chilling(state: UnitState, commodity: Commodity | None) -> Sentence:
    return _cold(state, "injured by cold", None if commodity is None else commodity.chilling_c)


def _freezing(state: UnitState, commodity: Commodity | None) -> Sentence:
    return _cold(state, "frozen", None if commodity is None else commodity.freezing_c)


def _cold(state: UnitState, harm: str, limit_c: float | None) -> Sentence:
    now_c = air_c(state.seen) or 0.0
    limit = "" if limit_c is None else degrees(limit_c)
    values = {"air_c": f"{now_c:.1f}", "limit": limit}
    return f"The air is {degrees(now_c)}; these goods are {harm} below {limit}.", values


def _stuck(state: UnitState, commodity: Commodity | None) -> Sentence:
    which, still = "return", state.return_still
    if rules.is_stuck(state.supply_still, state):
        which, still = "supply", state.supply_still
    since = None if still is None else still.since
    return _lasting(f"The {which} air sensor has shown the same value", since, state)


def _range(state: UnitState, commodity: Commodity | None) -> Sentence:
    return "A temperature sensor reports values that no cargo hold can have.", {}


def _missing(state: UnitState, commodity: Commodity | None) -> Sentence:
    length = span(timedelta(hours=state.gap_h))
    return f"No readings came for {length}; what the goods went through is a guess.", {
        "gap": length
    }


def _cycling(state: UnitState, commodity: Commodity | None) -> Sentence:
    share = f"{round(100.0 * state.signs.restless)}"
    return (
        f"The cooling goes on and off all the time: it turned at {share} % of the latest readings.",
        {"share_pct": share},
    )


def _drift(state: UnitState, commodity: Commodity | None) -> Sentence:
    apart_c = rules.probe_drift_c(state)
    if apart_c > PROBE_DRIFT_C:
        return (
            f"The probe and the air have come {apart_c:.1f} degrees apart: one of the sensors"
            " drifts.",
            {"apart_c": f"{apart_c:.1f}"},
        )
    signs = state.signs
    excess_c = signs.excess_c - signs.base_c
    return (
        f"Supply and return air have come {abs(excess_c):.1f} degrees apart without a cause: one of"
        " the sensors drifts.",
        {"excess_c": f"{excess_c:.1f}"},
    )


def _lost(state: UnitState, commodity: Commodity | None) -> Sentence:
    names = rules.lost_sensors(state)
    which = ", ".join(names)
    return f"Nothing comes any more from this sensor: {which}.", {"sensors": which}


def _jump(state: UnitState, commodity: Commodity | None) -> Sentence:
    hours = state.signs.order.jumped_h
    length = span(timedelta(hours=abs(hours)))
    way = "forward" if hours > 0.0 else "back"
    return (
        f"The device's clock jumped {way} by about {length}; its numbers run on.",
        {"length": length, "way": way},
    )


def _lasting(what: str, since: datetime | None, state: UnitState) -> Sentence:
    length = span(rules.lasted(since, state))
    begun = "" if since is None else moment(since)
    return f"{what} since {begun} ({length}).", {"since": begun, "length": length}


def _pulp(state: UnitState, commodity: Commodity | None) -> dict[str, str]:
    pulp_c = 0.0 if state.goods is None else state.goods.pulp.c
    limit = "" if commodity is None else f"{commodity.limit_c:.1f}"
    return {"pulp_c": f"{pulp_c:.1f}", "limit_c": limit}


_WORDS: Mapping[AlarmKind, Callable[[UnitState, Commodity | None], Sentence]] = {
    AlarmKind.SET_POINT_WRONG: _set_point,
    AlarmKind.WARM_LOADING: _warm_loading,
    AlarmKind.POWER_OFF: _power,
    AlarmKind.DOOR_OPEN: _door,
    AlarmKind.OFF_SET_POINT: _off_set_point,
    AlarmKind.LIMIT_EXPECTED: _expected,
    AlarmKind.LIMIT_PASSED: _passed,
    AlarmKind.LIFE_ENDING: _life,
    AlarmKind.CHILLING_RISK: _chilling,
    AlarmKind.FREEZING_RISK: _freezing,
    AlarmKind.SENSOR_STUCK: _stuck,
    AlarmKind.SENSOR_RANGE: _range,
    AlarmKind.READINGS_MISSING: _missing,
    AlarmKind.SHORT_CYCLING: _cycling,
    AlarmKind.SENSOR_DRIFT: _drift,
    AlarmKind.SENSOR_LOST: _lost,
    AlarmKind.CLOCK_JUMP: _jump,
}
