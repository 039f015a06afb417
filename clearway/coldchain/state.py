"""All that must be remembered of one unit to take in its next reading.

A `UnitState` is a value: stored as JSON, it lets the next batch go on where the last one ended, and
an older one lets late readings be taken in as if they had come in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearway.coldchain.model import AlarmKind, Journey, ShelfLife
from clearway.coldchain.pulp import Pulp, usual_rise_c
from clearway.coldchain.signs import NO_SIGNS, Signs
from clearway.terms.transport import ContainerNumber

COLDEST_C, WARMEST_C = -60.0, 70.0
"""No cargo hold is colder or warmer: a sensor that says so is broken."""

WEATHER_C = 25.0
"""Air outside when nobody measures it. Assumed by the house: a mild day in a port."""

STILL_AIR_SHARE = 0.4
"""Share of the exchange between air and goods that is left when the fans stand. Assumed."""

BOX_LAG_H = 4.0
"""Time constant of the air on its way to another temperature, held back by the goods. Assumed."""

OTHER_SET_POINT_C = 1.5
"""A set point this far from the agreed one is another one."""

OUTER_SHARE = 0.25
"""Share of the way from the goods to the weather that the air at the outer pallets goes without
power. Assumed: walls of 45 W/K against goods of 70 MJ/K warm the mean by 0.002 of the difference an
hour; with this share the outer pallets, which pass a limit first, warm three times as fast."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest value of each sensor, carried on until the next one.

    Args:
        air_at: when an air temperature was last measured.
        impossible: how many readings in a row held a value that no cargo hold can have.
        doubted: `supply` or `return` where that sensor drifted and the other stands in, else "".
    """

    supply_c: float | None = None
    return_c: float | None = None
    probe_c: float | None = None
    ambient_c: float | None = None
    set_point_c: float | None = None
    powered: bool | None = None
    door_open: bool | None = None
    air_at: datetime | None = None
    impossible: int = 0
    doubted: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """Since when something is so without a break; None: it is not so."""

    unpowered: datetime | None = None
    door_open: datetime | None = None
    off_set_point: datetime | None = None
    warm_air: datetime | None = None
    chilling_air: datetime | None = None
    freezing_air: datetime | None = None


@dataclass(frozen=True, slots=True)
class Still:
    """How long one sensor has shown the very same value, and how far its neighbour moved."""

    since: datetime
    readings: int
    neighbour_low_c: float
    neighbour_high_c: float


@dataclass(frozen=True, slots=True)
class Consumed:
    """Reference days used up: the middle, and the ends of the 80 % interval of the pulp."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Goods:
    """The goods themselves, as far as they can be known from outside.

    Args:
        pulp: estimate of the temperature inside.
        consumed: reference days used up, those before loading included.
        before_days: those of them that were used up before loading.
        elapsed_h: hours since loading.
        kinetic_sum_h: integral of exp(-10,000 K / T) over hours, for the mean kinetic temperature.
        chilled_degree_h: degree-hours of the pulp below the chilling point.
        blind_h: hours in which nobody measured the air.
    """

    pulp: Pulp
    consumed: Consumed
    before_days: float = 0.0
    elapsed_h: float = 0.0
    kinetic_sum_h: float = 0.0
    chilled_degree_h: float = 0.0
    blind_h: float = 0.0


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit after its latest reading.

    Args:
        loaded_at: start of the journey, None without one.
        set_point_c: what was agreed for the journey.
        loaded_pulp_c: measured at loading.
        life_used_days: reference days used up before loading.
        at: instant of the latest reading; of loading, before the first.
        gap_h: time between the latest reading and the one before.
        interval_h: usual time between readings; 0 before the second.
        goods: None before the first temperature.
        open: kinds of the alarms that stand, in the order in which they were raised.
        signs: what tells faults apart.
    """

    container: ContainerNumber
    loaded_at: datetime | None = None
    set_point_c: float | None = None
    loaded_pulp_c: float | None = None
    life_used_days: float = 0.0
    at: datetime | None = None
    gap_h: float = 0.0
    interval_h: float = 0.0
    seen: Seen = Seen()
    goods: Goods | None = None
    since: Since = Since()
    supply_still: Still | None = None
    return_still: Still | None = None
    open: tuple[AlarmKind, ...] = ()
    signs: Signs = NO_SIGNS

    @property
    def told_c(self) -> float | None:
        """The set point that the unit reports, else the one agreed."""
        return self.set_point_c if self.seen.set_point_c is None else self.seen.set_point_c


@dataclass(frozen=True, slots=True)
class Unit:
    """A container with perishable goods, as the room's tables know it.

    Args:
        journey: None when readings came for a container of which nobody told what is in it.
        state: after the latest reading.
        life: None without a journey or a temperature.
        readings: how many were recorded for this container.
        standing: kinds of the alarms that stand.
        departed_at: when it left the border.
    """

    container: ContainerNumber
    journey: Journey | None
    state: UnitState
    life: ShelfLife | None
    readings: int
    standing: tuple[AlarmKind, ...]
    departed_at: datetime | None


def begin(container: ContainerNumber, journey: Journey | None = None) -> UnitState:
    """Return the state of a unit before its first reading."""
    if journey is None:
        return UnitState(container)
    return UnitState(
        container,
        loaded_at=journey.loaded_at,
        set_point_c=journey.set_point_c,
        loaded_pulp_c=journey.loaded_pulp_c,
        life_used_days=journey.life_used_days,
        at=journey.loaded_at,
    )


def air_c(seen: Seen) -> float | None:
    """Return the air that the goods stand in, or None when no sensor tells.

    The mean of supply and return while the unit cools. While supply is the warmer one (a defrost
    heats the coil with the fans off; a heating unit) the return is what has been at the goods.
    Without air sensors a probe stands in. Where one air sensor drifted, the other one and the usual
    rise through the goods say what the mean is.
    """
    if seen.doubted and seen.supply_c is not None and seen.return_c is not None:
        return _without_doubted_c(seen, seen.supply_c, seen.return_c)
    if seen.return_c is None:
        return seen.probe_c if seen.supply_c is None else seen.supply_c
    if seen.supply_c is None or seen.supply_c > seen.return_c:
        return seen.return_c
    return (seen.supply_c + seen.return_c) / 2.0


def _without_doubted_c(seen: Seen, supply_c: float, return_c: float) -> float:
    known_c = supply_c if seen.doubted == "return" else return_c
    half_c = usual_rise_c(known_c, seen.ambient_c) / 2.0
    return known_c + half_c if seen.doubted == "return" else known_c - half_c


def air_goes_to_c(state: UnitState) -> float | None:
    """Return where the air goes if nothing changes; None: it stays as it is.

    Without power it goes towards the weather, and does not get there while the goods are cold: it
    settles where what the walls let in equals what the goods take up. A unit with power goes to a
    set point that is other than was agreed; that it will reach the agreed one, nobody promises.
    """
    seen, agreed_c = state.seen, state.set_point_c
    if seen.powered is False:
        weather_c = WEATHER_C if seen.ambient_c is None else seen.ambient_c
        if state.goods is None:
            return weather_c
        pulp_c = state.goods.pulp.c
        return pulp_c + OUTER_SHARE * (weather_c - pulp_c)
    told_c = seen.set_point_c
    if told_c is None or agreed_c is None or abs(told_c - agreed_c) < OTHER_SET_POINT_C:
        return None
    # The unit holds its supply air; the mean at the goods is half the usual rise above.
    return told_c + max(0.0, usual_rise_c(told_c, seen.ambient_c) / 2.0)


def stirring(seen: Seen) -> float:
    """Return how much of the usual exchange between air and goods takes place, above 0 to 1."""
    return STILL_AIR_SHARE if seen.powered is False else 1.0
