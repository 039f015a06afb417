"""What the cold chain room speaks of: readings, commodities, pulp, shelf life, alarms.

Temperatures are degrees Celsius and end in `_c`; durations are hours (`_h`) or days (`_days`);
instants are aware UTC. `pulp` is the trade's word for the inside of the goods, whatever they are.

A life is counted in *reference days*: one day at the commodity's reference temperature uses up one
reference day, one warmer day uses up more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.terms.alarm import AlarmLevel as AlarmLevel
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class Reading:
    """What one device measured at one instant; None is "not measured".

    Args:
        seq: the device's own counter since it started (`Batch.boot_id`), from 0.
        at: when it was measured, aware UTC.
        supply_c: air that leaves the cooling unit.
        return_c: air that comes back from the cargo.
        pulp_c: a probe inside the goods.
        ambient_c: air outside the container.
        powered: whether the cooling unit has power.
        door_open: whether a door is open.
        set_point_c: what the cooling unit is told to hold.
        probes_c: each probe inside the goods by its number, USDA1 first; None where a probe gave
            nothing; empty where the device does not tell its probes apart. `pulp_c` is then the
            warmest of them (TIC4.0 names them USDA1 to USDA3).
        humidity_pct: relative humidity of the air at the goods, percent.
    """

    seq: int
    at: datetime
    supply_c: float | None = None
    return_c: float | None = None
    pulp_c: float | None = None
    ambient_c: float | None = None
    powered: bool | None = None
    door_open: bool | None = None
    set_point_c: float | None = None
    probes_c: tuple[float | None, ...] = ()
    humidity_pct: float | None = None


def warmest(probes_c: Iterable[float | None]) -> float | None:
    """Return the warmest of several probes, None where none gave a value."""
    return max((shown for shown in probes_c if shown is not None), default=None)


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings that one device sends together.

    Args:
        device: name under which the device is enrolled.
        container: the container it sits in.
        boot_id: names one run of the device's counter; a restart of the counter takes a new one.
        readings: in order of `seq`, each `seq` once.
    """

    device: str
    container: ContainerNumber
    boot_id: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class SquareRoot:
    """Relative rate ((T - t_min) / (T_ref - t_min))^2: bacteria on chilled fish and meat.

    Source: Ratkowsky's square-root model as the seafood predictor SSSP uses it (t_min -10 °C). Of
    growth rates it is also known as Belehradek's model with exponent 2: seabream, pseudomonads,
    t_min -11.8 °C (Koutsoumanis 2001, abstract).

    Args:
        t_min_c: below it nothing grows.
        valid_c: where the model was fitted; outside, a figure from it is a guess.
    """

    t_min_c: float
    valid_c: tuple[float, float] = (-3.0, 15.0)


@dataclass(frozen=True, slots=True)
class Belehradek:
    """Relative rate ((T - t_min) / (T_ref - t_min))^exponent.

    Args:
        t_min_c: below it nothing grows.
        exponent: above 0; 2 is the square-root model.
        valid_c: where the model was fitted.
    """

    t_min_c: float
    exponent: float
    valid_c: tuple[float, float] = (-3.0, 15.0)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Relative rate exp(a (T - T_ref)): lightly preserved seafood.

    Source: Dalgaard and others, as the seafood predictor SSSP uses it: a = 0.089 per degree for
    cold-smoked salmon, 0.15 for brined shrimps in MAP.

    Args:
        per_c: a, per degree.
        valid_c: where the model was fitted.
    """

    per_c: float
    valid_c: tuple[float, float] = (0.0, 25.0)


@dataclass(frozen=True, slots=True)
class Arrhenius:
    """Relative rate by activation energy, for chemical change in frozen and dry goods.

    Args:
        activation_kj_mol: kJ/mol.
        valid_c: where the energy was measured; a change of mechanism, such as thawing, ends it.
    """

    activation_kj_mol: float
    valid_c: tuple[float, float] = (-30.0, 45.0)


@dataclass(frozen=True, slots=True)
class PiecewiseQ10:
    """The rate grows by the factor `q10[i]` over each ten degrees that end at `upto_c[i]`.

    Below the first bound its factor holds on, above the last bound the last factor does.
    Source: Saltveit in USDA Agriculture Handbook 66 (2002 draft), the Q10 of fresh produce.

    Args:
        valid_c: where the factors were tabled.
    """

    upto_c: tuple[float, ...]
    q10: tuple[float, ...]
    valid_c: tuple[float, float] = (0.0, 40.0)


Kinetics = SquareRoot | Belehradek | Exponential | Arrhenius | PiecewiseQ10


class JudgedBy(StrEnum):
    """What says that goods are still good.

    LIFE: shelf life that is used up. VVM: a vaccine vial monitor reaches its end point. MKT: the
    mean kinetic temperature of the history passes a limit.
    """

    LIFE = "life"
    VVM = "vvm"
    MKT = "mkt"


@dataclass(frozen=True, slots=True)
class Commodity:
    """How one kind of goods wants to be kept and how it spoils.

    Args:
        code: stable, such as `banana`.
        name: for people.
        hs: prefixes of the Harmonized System without dots; the longest that fits wins.
        coldest_c, warmest_c: recommended range of storage.
        limit_c: pulp above this is a breach, not a fluctuation.
        life_days: shelf life (low, high) at `reference_c`, read as a 10 % to 90 % interval.
        reference_c: temperature at which `life_days` holds.
        freezing_c: highest temperature at which the goods freeze; None for frozen goods.
        chilling_c: below this the living goods are injured; None where cold does no harm.
        kinetics: how the rate of spoiling follows temperature.
        lag_h: thermal time constant of a pallet in moving air, a first guess.
        source: where the storage figures come from.
        status: `seen` in a source, `derived`, or `assumed` by the house.
        assumed: names of the figures that the house filled in itself.
        humidity_pct: recommended relative humidity (low, high), None where no source says.
        respiration: (degrees Celsius, mg of CO2 per kg and hour) of living goods, by temperature.
        judged_by: what says that the goods are still good.
        mkt_limit_c: of goods judged by it, the highest mean kinetic temperature; else None.
    """

    code: str
    name: str
    hs: tuple[str, ...]
    coldest_c: float
    warmest_c: float
    limit_c: float
    life_days: tuple[float, float]
    reference_c: float
    freezing_c: float | None
    chilling_c: float | None
    kinetics: Kinetics
    lag_h: float
    source: str
    status: str
    assumed: tuple[str, ...] = ()
    humidity_pct: tuple[float, float] | None = None
    respiration: tuple[tuple[float, float], ...] = ()
    judged_by: JudgedBy = JudgedBy.LIFE
    mkt_limit_c: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether the goods travel frozen."""
        return self.warmest_c <= -10.0


@dataclass(frozen=True, slots=True)
class Journey:
    """One voyage of one container with one kind of perishable goods.

    Args:
        commodity: code of a `Commodity`.
        set_point_c: what was agreed with the shipper; None when unknown.
        loaded_at: when the goods went in; older readings belong to another journey.
        loaded_pulp_c: measured inside the goods at loading, None when nobody did.
        life_used_days: reference days used up before loading.
        party: whose goods they are, so that this party may see and tell about them.
    """

    container: ContainerNumber
    commodity: str
    loaded_at: datetime
    set_point_c: float | None = None
    loaded_pulp_c: float | None = None
    life_used_days: float = 0.0
    party: PartyId | None = None


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How long the goods still keep, with an 80 % and a 90 % interval.

    Args:
        remaining_days_q10, remaining_days_q50, remaining_days_q90: days from `at` if the goods are
            kept at the commodity's reference temperature from now on.
        as_now_days_q10, as_now_days_q50: days from `at` if the air stays as it is now.
        consumed_days: reference days used up so far.
        pulp_c: estimate of the temperature inside the goods.
        at: instant of the last reading.
        remaining_days_q05, remaining_days_q95: the ends of the 90 % interval; None in what was
            stored before they were told.
        limit_at: when the goods pass their limit, too warm or too cold, if nothing changes.
    """

    remaining_days_q10: float
    remaining_days_q50: float
    remaining_days_q90: float
    as_now_days_q10: float
    as_now_days_q50: float
    consumed_days: float
    pulp_c: float
    at: datetime
    remaining_days_q05: float | None = None
    remaining_days_q95: float | None = None
    limit_at: datetime | None = None


class AlarmKind(StrEnum):
    """What is wrong; stable codes, also for translation."""

    SET_POINT_WRONG = "set_point_wrong"
    WARM_LOADING = "warm_loading"
    POWER_OFF = "power_off"
    DOOR_OPEN = "door_open"
    OFF_SET_POINT = "off_set_point"
    LIMIT_EXPECTED = "limit_expected"
    LIMIT_PASSED = "limit_passed"
    LIFE_ENDING = "life_ending"
    CHILLING_RISK = "chilling_risk"
    FREEZING_RISK = "freezing_risk"
    SENSOR_STUCK = "sensor_stuck"
    SENSOR_RANGE = "sensor_range"
    READINGS_MISSING = "readings_missing"
    READINGS_DIFFER = "readings_differ"
    SHORT_CYCLING = "short_cycling"
    SENSOR_DRIFT = "sensor_drift"
    SENSOR_LOST = "sensor_lost"
    CLOCK_JUMP = "clock_jump"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that somebody should do something about.

    Args:
        at: instant of the reading that raised it.
        limit_at: when a limit will be passed if nothing changes; None when none is in sight.
        message: what is wrong, with the values; a sentence.
        advice: what to do about it; a sentence.
        values: what the sentences name, by parameter, so that they can be translated.
    """

    kind: AlarmKind
    level: AlarmLevel
    container: ContainerNumber
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """The goods at one future instant: an 80 % band for pulp and for remaining reference days."""

    at: datetime
    pulp_c_q10: float
    pulp_c_q50: float
    pulp_c_q90: float
    remaining_days_q10: float
    remaining_days_q50: float
    remaining_days_q90: float


class Outlook(StrEnum):
    """AS_NOW: air, power and doors stay as they are. RESTORED: the air is put right at once."""

    AS_NOW = "as_now"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of the goods under one outlook.

    Args:
        limit_at: when the middle estimate of the pulp passes the commodity's limit, if it does.
        spoiled_at: when the careful estimate (q10) of remaining life reaches zero, if it does.
    """

    outlook: Outlook
    points: tuple[ForecastPoint, ...]
    limit_at: datetime | None
    spoiled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm on the record.

    Args:
        seq: place of its fact in the log; names the alarm.
        cleared_at: instant of the reading that ended it; None while it stands.
        acknowledged_at, acknowledged_by, note: who took it on, and what they said.
    """

    seq: int
    alarm: Alarm
    cleared_at: datetime | None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One instant of a journey for a chart: what was measured, and what was made of it."""

    at: datetime
    supply_c: float | None
    return_c: float | None
    probe_c: float | None
    set_point_c: float | None
    powered: bool | None
    door_open: bool | None
    pulp_c_q10: float | None
    pulp_c_q50: float | None
    pulp_c_q90: float | None
    remaining_days_q10: float | None
    remaining_days_q50: float | None
    remaining_days_q90: float | None
