"""Watching one unit: each reading moves its state on, and the rules look at the new state.

    state, alarms = advance(state, readings, commodity)

`advance` is deterministic and goes reading by reading: cutting the same readings into batches in
another way gives the same state to the last bit. Readings must come in order of time; who has late
ones goes back to an older state and advances again (`tables.py` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from clearway.coldchain import advice, rules
from clearway.coldchain import pulp as pulps
from clearway.coldchain.kinetics import Rate
from clearway.coldchain.model import Alarm, Commodity, Exponential, PiecewiseQ10, Reading
from clearway.coldchain.signs import (
    STALLED_GRACE,
    Scene,
    Signs,
    has_drifted,
    is_lost,
    note,
)
from clearway.coldchain.spoilage import consumed, elapse, pace_of
from clearway.coldchain.state import (
    COLDEST_C,
    WARMEST_C,
    Consumed,
    Goods,
    Seen,
    Since,
    Still,
    UnitState,
    air_c,
    stirring,
)

LONGEST_USUAL_H = 4.0
"""A logger that measures less often than this is not watching."""

SUPPLY_TRUSTED_C = 1.0
"""Supply air this near its set point is what the unit holds."""

BREATH_C = 0.3
"""Assumed: fresh produce gives off 10 to 50 mW/kg, which its lag turns into 0.1 to 0.8 degrees."""

_OLD_AIR = timedelta(hours=rules.GAP_H)
_EASE = 0.2  # weight of the newest pause in the usual interval

# Goods that nobody named: no limits, and a pallet of boxed produce for the lag (assumed).
_UNNAMED = Commodity(
    code="",
    name="Goods",
    hs=(),
    coldest_c=-273.0,
    warmest_c=1000.0,
    limit_c=1000.0,
    life_days=(1.0, 1.0),
    reference_c=0.0,
    freezing_c=None,
    chilling_c=None,
    kinetics=Exponential(0.0),
    lag_h=20.0,
    source="",
    status="assumed",
)


def advance(
    state: UnitState, readings: Iterable[Reading], commodity: Commodity | None
) -> tuple[UnitState, tuple[Alarm, ...]]:
    """Return the state after `readings`, and the alarms raised on the way.

    Args:
        readings: in order of time; older ones than the journey or the state are passed over.
        commodity: the goods; without it pulp is followed, but no life is counted.
    """
    alarms: list[Alarm] = []
    latest = state
    for latest, raised in trace(state, readings, commodity):  # noqa: B007 (the last one is wanted)
        alarms.extend(raised)
    return latest, tuple(alarms)


def trace(
    state: UnitState, readings: Iterable[Reading], commodity: Commodity | None
) -> Iterator[tuple[UnitState, tuple[Alarm, ...]]]:
    """Yield the state after each reading with the alarms that it raised."""
    pace = pace_of(commodity or _UNNAMED)
    for reading in readings:
        if state.at is not None and reading.at < state.at:
            continue
        state = step(state, reading, commodity or _UNNAMED, pace)
        stand, new = rules.judge(state, commodity)
        if stand != state.open:
            state = replace(state, open=stand)
        yield state, tuple(advice.word(kind, state, commodity) for kind in new)


def step(state: UnitState, reading: Reading, commodity: Commodity, pace: Rate) -> UnitState:
    """Return the state after one reading; alarms are not judged yet."""
    seen = _see(state, reading)
    hours = 0.0 if state.at is None else (reading.at - state.at).total_seconds() / 3600.0
    signs = note(state.signs, _scene(state, seen, reading, hours))
    if seen.powered is None and signs.stalled and reading.at - signs.stalled >= STALLED_GRACE:
        seen = replace(seen, powered=False)
    return UnitState(
        state.container,
        state.loaded_at,
        state.set_point_c,
        state.loaded_pulp_c,
        state.life_used_days,
        reading.at,
        hours,
        _usual_h(state.interval_h, hours),
        seen,
        _live(state, seen, reading, hours, (commodity, pace)),
        _since(state, seen, signs, reading.at, commodity),
        _still(state.supply_still, state.seen.supply_c, reading.supply_c, seen.return_c, reading),
        _still(state.return_still, state.seen.return_c, reading.return_c, seen.supply_c, reading),
        state.open,
        signs,
    )


def _scene(state: UnitState, seen: Seen, reading: Reading, hours: float) -> Scene:
    """Return what the signs of this reading are taken from."""
    if seen.impossible:
        reading = replace(
            reading,
            supply_c=_possible(reading.supply_c),
            return_c=_possible(reading.return_c),
            pulp_c=_possible(reading.pulp_c),
        )
    now_c = air_c(seen)
    return Scene(
        reading,
        hours,
        state.interval_h,
        0.0 if now_c is None else now_c,
        seen.ambient_c,
        None if state.goods is None else state.goods.pulp,
        state.set_point_c if seen.set_point_c is None else seen.set_point_c,
        seen.powered,
        seen.door_open,
        None if state.loaded_at is None else reading.at - state.loaded_at,
    )


def _see(state: UnitState, reading: Reading) -> Seen:
    """Carry on what this reading does not say, and leave out what cannot be.

    A sensor that fell silent is not carried on for ever, nor is a guess that power is off.
    """
    seen, signs = state.seen, state.signs
    supply_c, return_c = reading.supply_c, reading.return_c
    probe_c, ambient_c = reading.pulp_c, reading.ambient_c
    impossible = 0
    if not (
        (supply_c is None or COLDEST_C <= supply_c <= WARMEST_C)
        and (return_c is None or COLDEST_C <= return_c <= WARMEST_C)
        and (probe_c is None or COLDEST_C <= probe_c <= WARMEST_C)
        and (ambient_c is None or COLDEST_C <= ambient_c <= WARMEST_C)
    ):
        impossible = seen.impossible + 1
        supply_c, return_c = _possible(supply_c), _possible(return_c)
        probe_c, ambient_c = _possible(probe_c), _possible(ambient_c)
    has_air = supply_c is not None or return_c is not None
    if supply_c is None and not is_lost(signs.supply, reading.at):
        supply_c = seen.supply_c
    if return_c is None and not is_lost(signs.returned, reading.at):
        return_c = seen.return_c
    powered = reading.powered
    if powered is None and signs.stalled is None:
        powered = seen.powered
    return Seen(
        supply_c,
        return_c,
        seen.probe_c if probe_c is None else probe_c,
        seen.ambient_c if ambient_c is None else ambient_c,
        seen.set_point_c if reading.set_point_c is None else reading.set_point_c,
        powered,
        seen.door_open if reading.door_open is None else reading.door_open,
        reading.at if has_air else seen.air_at,
        impossible,
        _doubted(state),
    )


def _doubted(state: UnitState) -> str:
    """Return which air sensor drifted, "" for none: the one that left the set point is doubted."""
    seen, told_c = state.seen, state.told_c
    if not has_drifted(state.signs):
        return ""
    if told_c is None or seen.supply_c is None or seen.powered is False:
        return seen.doubted
    return "supply" if abs(seen.supply_c - told_c) > SUPPLY_TRUSTED_C else "return"


def _possible(value_c: float | None) -> float | None:
    return value_c if value_c is not None and COLDEST_C <= value_c <= WARMEST_C else None


def _usual_h(interval_h: float, hours: float) -> float:
    """Return the usual time between readings; a long pause counts little."""
    if hours <= 0.0:
        return interval_h
    if interval_h == 0.0:
        return min(hours, LONGEST_USUAL_H)
    return interval_h + _EASE * (min(hours, rules.USUAL_INTERVALS * interval_h) - interval_h)


def _live(
    state: UnitState, seen: Seen, reading: Reading, hours: float, kind: tuple[Commodity, Rate]
) -> Goods | None:
    """Return the goods at this reading: time passes first, then a probe has its say."""
    now_c = air_c(seen)
    if now_c is None:
        return None
    goods, (commodity, pace) = state.goods, kind
    if goods is None:
        goods = _loaded(state, seen, now_c, commodity)
    before_c = air_c(state.seen)
    air = now_c if before_c is None else (before_c + now_c) / 2.0
    is_old = seen.air_at is not None and (reading.at - seen.air_at) > _OLD_AIR
    goods = elapse(
        goods,
        commodity,
        hours,
        air,
        stirred=stirring(state.seen),
        is_blind=is_old or hours > rules.GAP_H,
        pace=pace,
    )
    if reading.pulp_c is None or seen.probe_c != reading.pulp_c:
        return goods
    return _believe(goods, _shown_c(reading.probes_c, reading.pulp_c))


def _shown_c(probes_c: tuple[float | None, ...], warmest_c: float) -> float:
    """Return what the probes together say of the load: their mean."""
    shown = [c for c in probes_c if c is not None and COLDEST_C <= c <= WARMEST_C]
    return sum(shown) / len(shown) if shown else warmest_c


def _loaded(state: UnitState, seen: Seen, now_c: float, commodity: Commodity) -> Goods:
    """Return the goods as they went in, seen from the first reading."""
    known_c = seen.probe_c if state.loaded_pulp_c is None else state.loaded_pulp_c
    if known_c is not None:
        pulp = pulps.measured_at_loading(known_c, commodity.lag_h, offset_c(commodity))
    else:
        rise_c = None
        if seen.supply_c is not None and seen.return_c is not None:
            rise_c = seen.return_c - seen.supply_c
        pulp = pulps.guessed_at_loading(
            _agreed_c(state, commodity),
            now_c,
            rise_c,
            commodity.lag_h,
            ambient_c=seen.ambient_c,
            offset_c=offset_c(commodity),
        )
    used = state.life_used_days
    return Goods(pulp, Consumed(used, used, used), before_days=used)


def offset_c(commodity: Commodity) -> float:
    """Return by how much goods settle above the air: living ones breathe and warm themselves."""
    return BREATH_C if isinstance(commodity.kinetics, PiecewiseQ10) else 0.0


def _agreed_c(state: UnitState, commodity: Commodity) -> float | None:
    if state.set_point_c is not None:
        return state.set_point_c
    return commodity.reference_c if commodity.code else None


def _believe(goods: Goods, probe_c: float) -> Goods:
    """Correct the goods by a probe, or doubt both when the probe says what can hardly be."""
    if pulps.is_surprising(goods.pulp, probe_c):
        pulp = pulps.doubt(goods.pulp)
    else:
        pulp = pulps.correct(goods.pulp, probe_c)
    return Goods(
        pulp,
        consumed(pulp, goods.before_days),
        goods.before_days,
        goods.elapsed_h,
        goods.kinetic_sum_h,
        goods.chilled_degree_h,
        goods.blind_h,
    )


def _since(state: UnitState, seen: Seen, signs: Signs, at: datetime, commodity: Commodity) -> Since:
    """Return since when each trouble lasts."""
    was = state.since
    now_c = air_c(seen)
    if now_c is None:
        now_c = commodity.reference_c
    told_c = state.set_point_c if seen.set_point_c is None else seen.set_point_c
    chilling_c, freezing_c = commodity.chilling_c, commodity.freezing_c
    return Since(
        (was.unpowered or signs.stalled or at) if seen.powered is False else None,
        (was.door_open or at) if seen.door_open else signs.ajar,
        (was.off_set_point or at) if _is_off(seen, told_c) else None,
        (was.warm_air or at) if now_c > commodity.limit_c else None,
        (was.chilling_air or at) if chilling_c is not None and now_c < chilling_c else None,
        (was.freezing_air or at) if freezing_c is not None and now_c < freezing_c else None,
    )


def _is_off(seen: Seen, told_c: float | None) -> bool:
    """Return whether a powered unit holds neither its supply nor its return near the set point."""
    if told_c is None or seen.powered is False or seen.door_open:
        return False
    off = rules.OFF_SET_POINT_C
    near_supply = seen.supply_c is not None and abs(seen.supply_c - told_c) <= off
    near_return = seen.return_c is not None and abs(seen.return_c - told_c) <= off
    measured = seen.supply_c is not None or seen.return_c is not None
    return measured and not near_supply and not near_return


def _still(
    was: Still | None,
    before_c: float | None,
    now_c: float | None,
    neighbour_c: float | None,
    reading: Reading,
) -> Still | None:
    """Return how long a sensor has shown one value while its neighbour moved between bounds."""
    if now_c is None:
        return was
    if neighbour_c is None:
        return None
    if was is None or now_c != before_c:
        return Still(reading.at, 1, neighbour_c, neighbour_c)
    return Still(
        was.since,
        was.readings + 1,
        min(was.neighbour_low_c, neighbour_c),
        max(was.neighbour_high_c, neighbour_c),
    )
