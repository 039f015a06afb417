"""What the readings give away besides temperatures: signs by which faults are told apart.

One `Signs` goes along with a unit's state. It holds slow means, so that a sudden change stands out;
how restless the cooling is; how much warmer the air comes back than physics expects; since when a
unit behaves as without power or with an open door, for devices that tell of neither; which sensors
fell silent; and whether the device's numbers and its clock agree.

    air comes back warmer by   fans + walls (weather - air) + goods (pulp - air)
    *excess*                   what is left of the rise when that is taken away

A return sensor that drifts, or a supply sensor, shows as a growing excess; nothing physical in a
shut, powered, settled hold does. Thresholds are the house's own (docs/design/estimation.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from clearway.coldchain.model import Reading
from clearway.coldchain.pulp import Pulp, usual_rise_c

SWING_C = 0.6
"""The cooling goes on or off when the rise changes by this much from one reading to the next."""

RESTLESS_EASE = 0.1
RESTLESS_SHARE = 0.3
"""More than this share of the latest readings turning back and forth is short cycling: compressors
are held to a few starts an hour."""

CALM_SHARE = 0.1
EXCESS_H, SLOW_H, DAMP_H, DAY_H = 6.0, 3.0, 12.0, 24.0
"""Time constants of the means, hours."""

BASE_H, LEAST_BASE_H = 24.0, 10.0
"""A unit's own usual excess is learnt in its first settled day; judged from `LEAST_BASE_H` on."""

DRIFT_C, PROBE_DRIFT_C = 1.8, 1.8
CALM_C, CALM_FOR = 1.2, timedelta(hours=12)
"""Air this near its mean of a day, for so long, is calm."""

GOODS_RISE_SHARE = 0.9
SETTLED_C = 1.5
REVERSED_C = 1.0
"""Supply this much above return: the coil is heated."""

DEFROST_MOST = timedelta(minutes=90)
"""A coil that is warmer than the return for longer than this is not defrosting."""

AFTER_THAW = timedelta(minutes=100)
AFTER_LOADING = timedelta(hours=6)
STALLED_RISE_C, STALLED_DROP_C, STALLED_STEP_C = 0.35, 0.35, 0.2
STALLED_GRACE = timedelta(minutes=9)
"""Air that neither the fans nor the coil changes for this long: the unit has no power."""

AJAR_PCT, DRYING_PCT = 6.0, 2.5
AJAR_RISE_C, AJAR_SUPPLY_C, AJAR_RETURN_C = 1.0, 1.5, 3.0
USUAL_RUN = 24
"""A sensor that reported so often in a row is missed when it stops; one that looks in now and then
is not."""

LOST_AFTER = timedelta(hours=2)
IN_ORDER = 12
"""So many numbers in a row, one by one, say that a single device is counting."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a sensor reports.

    Args:
        in_a_row: readings in a row with a value, at most `USUAL_RUN`.
        missing_since: first reading without one after such a row; None while it reports.
    """

    in_a_row: int = 0
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """How the device counts: its number before the latest two readings, and in a row.

    Args:
        jumped_at: reading at which numbers and clock last disagreed.
        jumped_h: by how many hours the clock jumped, negative: back.
    """

    seq: int = -1
    before: int = -1
    in_a_row: int = 0
    jumped_at: datetime | None = None
    jumped_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Beside:
    """A probe beside the air: goods only ever come nearer to air that stays as it is.

    Args:
        air_slow_c: mean of the air over a day.
        calm_since: since when the air has been near that mean.
        apart_c: mean of what the probe shows above the air.
        nearest_c: the least that they were apart, either way, since the air is calm.
    """

    air_slow_c: float | None = None
    calm_since: datetime | None = None
    apart_c: float = 0.0
    nearest_c: float = 0.0


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of one unit after its latest reading.

    Args:
        rise_c, step_c: return less supply air at the latest reading, and its change before.
        restless: share of the latest readings at which the cooling turned back and forth.
        excess_c: mean of the rise beyond what physics expects; `base_c` is this unit's usual one,
            learnt over `base_h` settled hours.
        supply_slow_c, return_slow_c, damp_slow_pct: slow means of the air and of its humidity, and
            `damp_pct` the latest.
        reversed, thawed: since when the coil heats; the latest reading at which it did.
        stalled, ajar: since when the unit behaves as without power, and as with an open door.
    """

    rise_c: float | None = None
    step_c: float = 0.0
    restless: float = 0.0
    excess_c: float = 0.0
    base_c: float = 0.0
    base_h: float = 0.0
    supply_slow_c: float | None = None
    return_slow_c: float | None = None
    damp_slow_pct: float | None = None
    damp_pct: float | None = None
    reversed: datetime | None = None
    thawed: datetime | None = None
    stalled: datetime | None = None
    ajar: datetime | None = None
    supply: Presence = Presence()
    returned: Presence = Presence()
    probe: Presence = Presence()
    order: Order = Order()
    beside: Beside = Beside()


NO_SIGNS = Signs()
"""Of a unit before its first reading."""


@dataclass(slots=True)
class Scene:
    """What surrounds a reading when its signs are taken; lives for that moment alone.

    Args:
        reading: what cannot be was taken out of it.
        hours: since the reading before; `interval_h` is usual.
        air_c: at the goods; `ambient_c` outside.
        pulp: before this reading; None before the first temperature.
        told_c: set point of the unit, None when nobody tells.
        powered, door_open: as told so far; None: this device tells of neither.
        since_loading: None without a journey.
    """

    reading: Reading
    hours: float
    interval_h: float
    air_c: float
    ambient_c: float | None
    pulp: Pulp | None
    told_c: float | None
    powered: bool | None
    door_open: bool | None
    since_loading: timedelta | None


def note(was: Signs, scene: Scene) -> Signs:
    """Return the signs after one more reading."""
    reading = scene.reading
    supply_c, return_c, at = reading.supply_c, reading.return_c, reading.at
    present = _present(was.supply, supply_c, at)
    returned = _present(was.returned, return_c, at)
    probe = _present(was.probe, reading.pulp_c, at)
    order = _counted(was.order, scene)
    beside = was.beside if reading.pulp_c is None else _beside(was, scene, reading.pulp_c)
    if supply_c is None or return_c is None:
        return Signs(
            was.rise_c, was.step_c, was.restless, was.excess_c, was.base_c, was.base_h,
            was.supply_slow_c, was.return_slow_c, was.damp_slow_pct, was.damp_pct,
            was.reversed, was.thawed, was.stalled, was.ajar,
            present, returned, probe, order, beside,
        )  # fmt: skip
    rise_c = return_c - supply_c
    usual_c = usual_rise_c(scene.air_c, scene.ambient_c)
    heats = (was.reversed or at) if rise_c < -REVERSED_C and scene.powered is not False else None
    stalled = _stalled(was, scene, rise_c)
    ajar = _ajar(was, scene, rise_c, usual_c)
    step_c = 0.0 if was.rise_c is None else rise_c - was.rise_c
    excess_c, base_c, base_h = was.excess_c, was.base_c, was.base_h
    if heats is None or at - heats > DEFROST_MOST:
        excess_c, base_c, base_h = _excess(was, scene, rise_c - usual_c)
    is_odd = stalled is not None or ajar is not None
    is_odd = is_odd or (heats is not None and at - heats <= DEFROST_MOST)
    slow = 0.0 if is_odd else _ease(scene.hours, SLOW_H)
    return Signs(
        rise_c,
        step_c,
        was.restless if _is_mixed(order, at) else _restless(was, scene, step_c),
        excess_c,
        base_c,
        base_h,
        _slowly(was.supply_slow_c, supply_c, slow),
        _slowly(was.return_slow_c, return_c, slow),
        _damp(was, reading.humidity_pct, 0.0 if ajar else _ease(scene.hours, DAMP_H)),
        was.damp_pct if reading.humidity_pct is None else reading.humidity_pct,
        heats,
        was.thawed if heats is None else at,
        stalled,
        ajar,
        present,
        returned,
        probe,
        order,
        beside,
    )


def has_drifted(signs: Signs) -> bool:
    """Return whether the air comes back warmer or colder than this unit's usual and physics say."""
    return signs.base_h >= LEAST_BASE_H and abs(signs.excess_c - signs.base_c) > DRIFT_C


def probe_apart_c(signs: Signs, at: datetime) -> float:
    """Return by how much a probe has gone away from air that stayed as it is; 0: nothing is known.

    A probe's fault, or an air sensor's: goods do not move away from the air around them.
    """
    beside = signs.beside
    if beside.calm_since is None or at - beside.calm_since < CALM_FOR:
        return 0.0
    return abs(beside.apart_c) - beside.nearest_c


def is_after_thaw(signs: Signs, at: datetime) -> bool:
    """Return whether the coil was heated not long ago: the air is damp, the unit cools hard."""
    return signs.thawed is not None and at - signs.thawed <= AFTER_THAW


def is_lost(presence: Presence, at: datetime) -> bool:
    """Return whether a sensor that used to report has been silent for long."""
    return presence.missing_since is not None and at - presence.missing_since >= LOST_AFTER


def _beside(was: Signs, scene: Scene, probe_c: float) -> Beside:
    """Return how the probe stands beside the air after one more of its readings."""
    before, at = was.beside, scene.reading.at
    apart_c = probe_c - scene.air_c
    if before.air_slow_c is None:
        return Beside(scene.air_c, None, apart_c, abs(apart_c))
    if was.reversed is not None and at - was.reversed <= DEFROST_MOST:
        return before
    hours = min(scene.hours, 1.0)
    slow_c = before.air_slow_c + _ease(hours, DAY_H) * (scene.air_c - before.air_slow_c)
    # A defrost does not stir a mean of hours.
    near_c = scene.air_c
    if was.supply_slow_c is not None and was.return_slow_c is not None:
        near_c = (was.supply_slow_c + was.return_slow_c) / 2.0
    is_calm = abs(near_c - slow_c) <= CALM_C and scene.powered is not False
    if not is_calm or scene.door_open:
        return Beside(slow_c, None, apart_c, abs(apart_c))
    if before.calm_since is None:
        return Beside(slow_c, at, apart_c, abs(apart_c))
    mean_c = before.apart_c + _ease(hours, EXCESS_H) * (apart_c - before.apart_c)
    return Beside(slow_c, before.calm_since, mean_c, min(before.nearest_c, abs(mean_c)))


def _ease(hours: float, constant_h: float) -> float:
    return 1.0 - exp(-min(hours, constant_h) / constant_h)


def _slowly(was_c: float | None, now_c: float, share: float) -> float:
    return now_c if was_c is None else was_c + share * (now_c - was_c)


def _damp(was: Signs, humidity_pct: float | None, share: float) -> float | None:
    if humidity_pct is None:
        return was.damp_slow_pct
    return _slowly(was.damp_slow_pct, humidity_pct, share)


def _restless(was: Signs, scene: Scene, step_c: float) -> float:
    """Return the share of readings at which the cooling turned, the latest weighing most."""
    if scene.powered is False or scene.door_open:
        return was.restless
    turned = abs(step_c) >= SWING_C and abs(was.step_c) >= SWING_C and step_c * was.step_c < 0.0
    return was.restless + RESTLESS_EASE * (float(turned) - was.restless)


def _excess(was: Signs, scene: Scene, beyond_c: float) -> tuple[float, float, float]:
    """Return the mean excess of the rise, this unit's usual one, and the hours behind that."""
    pulp, since = scene.pulp, scene.since_loading
    if pulp is None or scene.powered is False or scene.door_open or was.restless > CALM_SHARE:
        return was.excess_c, was.base_c, was.base_h
    warmer_c = pulp.c - pulp.offset_c - scene.air_c
    if abs(warmer_c) > SETTLED_C or (since is not None and since < AFTER_LOADING):
        return was.excess_c, was.base_c, was.base_h
    beyond_c -= GOODS_RISE_SHARE * warmer_c
    hours = min(scene.hours, 1.0)
    if was.base_h == 0.0:
        return beyond_c, beyond_c, hours
    excess_c = was.excess_c + _ease(hours, EXCESS_H) * (beyond_c - was.excess_c)
    if was.base_h >= BASE_H:
        return excess_c, was.base_c, was.base_h
    base_h = was.base_h + hours
    return excess_c, was.base_c + hours / base_h * (beyond_c - was.base_c), base_h


def _stalled(was: Signs, scene: Scene, rise_c: float) -> datetime | None:
    """Return since when neither fans nor coil change the air; None when they do."""
    at, supply_c = scene.reading.at, scene.reading.supply_c
    if scene.powered is not None or abs(rise_c) > STALLED_RISE_C:
        return None
    if was.restless > CALM_SHARE or not _is_above(scene.told_c, supply_c):
        return None
    if was.stalled is not None:
        return was.stalled
    if was.supply_slow_c is None or was.return_slow_c is None:
        return None
    rose_c = was.return_slow_c - was.supply_slow_c
    stopped = rose_c - rise_c >= STALLED_DROP_C and _is_above(was.supply_slow_c, supply_c)
    return at if stopped else None


def _is_above(told_c: float | None, supply_c: float | None) -> bool:
    return told_c is None or (supply_c is not None and supply_c - told_c >= STALLED_STEP_C)


def _is_mixed(order: Order, at: datetime) -> bool:
    """Return whether two runs of numbers lie over each other: a swing between them is none."""
    return (
        order.jumped_at is not None
        and order.in_a_row < IN_ORDER
        and at - order.jumped_at < timedelta(hours=DAMP_H)
    )


def _ajar(was: Signs, scene: Scene, rise_c: float, usual_c: float) -> datetime | None:
    """Return since when damp or warm air comes in while the unit works; None when it does not."""
    reading = scene.reading
    if scene.door_open is not None or scene.powered is False or rise_c - usual_c < AJAR_RISE_C:
        return None
    if is_after_thaw(was, reading.at):
        return None
    now_pct, slow_pct, last_pct = reading.humidity_pct, was.damp_slow_pct, was.damp_pct
    if now_pct is not None and slow_pct is not None and last_pct is not None:
        # Air that dries again was let in before and is let in no more.
        comes_in = now_pct - slow_pct >= AJAR_PCT and now_pct > last_pct - DRYING_PCT
    else:
        comes_in = _is_warmed(was, reading)
    return (was.ajar or reading.at) if comes_in else None


def _is_warmed(was: Signs, reading: Reading) -> bool:
    supply_c, return_c = reading.supply_c, reading.return_c
    if supply_c is None or return_c is None:
        return False
    if was.supply_slow_c is None or was.return_slow_c is None:
        return False
    warmer = supply_c - was.supply_slow_c >= AJAR_SUPPLY_C
    return warmer and return_c - was.return_slow_c >= AJAR_RETURN_C


def _present(was: Presence, value: float | None, at: datetime) -> Presence:
    if value is not None:
        if was.in_a_row >= USUAL_RUN and was.missing_since is None:
            return was
        return Presence(min(was.in_a_row + 1, USUAL_RUN))
    if was.missing_since is not None:
        return was
    return Presence(was.in_a_row, at) if was.in_a_row >= USUAL_RUN else _NEVER


def _counted(was: Order, scene: Scene) -> Order:
    """Return how the device counts after one more reading, and whether its clock jumped.

    Numbers that run on while the time leaps: the clock was put forward (or nothing was measured).
    Two runs of numbers that mix, after one had run alone: the clock was put back and tells some
    hours twice. Two devices mix from the start and are never in order for long.
    """
    seq, at = scene.reading.seq, scene.reading.at
    if seq == was.seq + 1:
        usual_h = scene.interval_h
        if was.in_a_row >= IN_ORDER and usual_h > 0.0 and scene.hours > max(1.5, 3.0 * usual_h):
            return Order(seq, was.seq, was.in_a_row, at, scene.hours - usual_h)
        return Order(seq, was.seq, was.in_a_row + 1, was.jumped_at, was.jumped_h)
    if was.in_a_row >= IN_ORDER and was.before >= 0 and seq == was.before + 1 < was.seq:
        back_h = -(was.seq - was.before) * scene.interval_h
        return Order(seq, was.seq, 0, at, back_h)
    # One number out of order is kept in mind: the next one tells what it was.
    in_a_row = was.in_a_row if was.before + 1 == was.seq and seq > was.seq else 0
    return Order(seq, was.seq, in_a_row, was.jumped_at, was.jumped_h)


_NEVER = Presence()
