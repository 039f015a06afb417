"""Where containers are, who holds them, and what was seen of them at quay, gate, road and dock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from clearway.terms.transport import ContainerNumber, SealNumber


@dataclass(frozen=True, slots=True)
class Arrival:
    """A container came to an office's place: discharged from a ship, or driven in.

    Args:
        office: code of the customs office, or UN/LOCODE, that watches the place.
        at: when, aware UTC.
        vessel: ship, flight or truck that brought it; "" when unknown.
    """

    container: ContainerNumber
    office: str
    at: datetime
    vessel: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """A container left an office's place; `destination` as told, "" when unknown."""

    container: ContainerNumber
    office: str
    at: datetime
    destination: str = ""


class Direction(StrEnum):
    """Which way through a gate."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class GatePass:
    """A container went through a gate.

    Args:
        gate: name of the lane.
        gross_mass_kg: what the weighbridge in the lane showed; None without one.
        tare_kg: how much of it is container and vehicle; None: not told.
    """

    container: ContainerNumber
    office: str
    at: datetime
    gate: str
    direction: Direction
    gross_mass_kg: Decimal | None = None
    tare_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SealCheck:
    """Somebody looked at a seal.

    Args:
        seal: the number that was read on it, or that was looked for.
        is_intact: whether it was whole and closed.
        is_present: false: it was looked for and is not there.
    """

    container: ContainerNumber
    office: str
    at: datetime
    seal: SealNumber
    is_intact: bool
    is_present: bool = True


class SealState(StrEnum):
    """The state that an electronic seal tells of itself (ISO 18185-1, seal status)."""

    SEALED = "sealed"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees of WGS 84, north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class SealReport:
    """What an electronic seal told of itself (ISO 18185).

    Args:
        office: that watches the reader's place; "" on the road.
        at: when the reader heard it.
        state: sealed or opened.
        changed_at: when it was sealed or opened, by the seal's own clock, which ISO 18185 lets run
            5 seconds a day wrong; None: not told.
        place: name of the read point or place, "" when unknown.
        position: of the reader or tracker; None when unknown.
        is_battery_low: what the seal tells of its battery; None: nothing.
        manufacturer: id of the maker, four hexadecimal digits (ISO/IEC 15963), "" when unknown.
        tag: the seal's own number among that maker's, eight hexadecimal digits, "" when unknown.
    """

    container: ContainerNumber
    office: str
    at: datetime
    seal: SealNumber
    state: SealState
    changed_at: datetime | None = None
    place: str = ""
    position: Position | None = None
    is_battery_low: bool | None = None
    manufacturer: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Weighing:
    """A container stood on a weighbridge that belongs to no gate.

    Args:
        weighbridge: its name.
        gross_mass_kg: what it showed.
        tare_kg: how much of it is container and vehicle; None: not told.
    """

    container: ContainerNumber
    office: str
    at: datetime
    weighbridge: str
    gross_mass_kg: Decimal
    tare_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CustodyChange:
    """A container passed from one holder to another.

    Args:
        office: that watches the place; "" elsewhere.
        giver, taker: party numbers, or codes of agencies; `giver` may be "" when it is unknown.
        place: where, "" when unknown.
    """

    container: ContainerNumber
    office: str
    at: datetime
    giver: str
    taker: str
    place: str = ""


class Link(StrEnum):
    """Whether a thing is put to a container or taken off it (EPCIS AssociationEvent `action`)."""

    ADD = "ADD"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Association:
    """A device was fixed to a container or taken off it.

    Args:
        office: that watches the place; "" elsewhere.
        device: name under which it is enrolled.
        place: where, "" when unknown.
    """

    container: ContainerNumber
    office: str
    at: datetime
    device: str
    link: Link
    place: str = ""


Movement = (
    Arrival | Departure | GatePass | SealCheck | SealReport | Weighing | CustodyChange | Association
)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of one container now.

    Args:
        office: where it is or, after it left, was last; "" before the first arrival.
        is_here: whether it is there still.
        since: instant of the arrival or departure that says so.
        arrived_at, departed_at: of the latest stay.
        vessel: what brought it.
        gate, gate_at: the last gate that it passed.
        gross_mass_kg: the last weight.
        seal, seal_is_intact, seal_checked_at: the last that was seen of a seal, by eye or by
            itself; an opened seal is not intact.
        tare_kg, weighed_at: of the last weight.
        seal_battery_is_low: as the seal told last.
        holder, held_since: in whose hands it is, "" when nobody told.
    """

    container: ContainerNumber
    office: str = ""
    is_here: bool = False
    since: datetime | None = None
    arrived_at: datetime | None = None
    departed_at: datetime | None = None
    vessel: str = ""
    gate: str = ""
    gate_at: datetime | None = None
    gross_mass_kg: Decimal | None = None
    seal: SealNumber | None = None
    seal_is_intact: bool | None = None
    seal_checked_at: datetime | None = None
    tare_kg: Decimal | None = None
    weighed_at: datetime | None = None
    seal_battery_is_low: bool | None = None
    holder: str = ""
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustodySpan:
    """In whose hands a container was, from one handover to the next.

    Args:
        until: None: until now.
        place: where it was handed over to `holder`.
    """

    holder: str
    since: datetime
    until: datetime | None
    place: str = ""
