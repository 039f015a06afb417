"""What happens to containers at the border. Subject: `container:<number>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, assert_never

from clearway.movements.model import (
    Arrival,
    Association,
    CustodyChange,
    Departure,
    Direction,
    GatePass,
    Link,
    Movement,
    Position,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
)
from clearway.terms.transport import ContainerNumber, SealNumber


@dataclass(frozen=True, slots=True)
class Arrived:
    """A container came to an office's place."""

    TYPE: ClassVar[str] = "movement.arrived/1"

    container: ContainerNumber
    office: str
    at: datetime
    vessel: str = ""

    @property
    def movement(self) -> Arrival:
        """The movement itself."""
        return Arrival(self.container, self.office, self.at, self.vessel)


@dataclass(frozen=True, slots=True)
class Departed:
    """A container left an office's place."""

    TYPE: ClassVar[str] = "movement.departed/1"

    container: ContainerNumber
    office: str
    at: datetime
    destination: str = ""

    @property
    def movement(self) -> Departure:
        """The movement itself."""
        return Departure(self.container, self.office, self.at, self.destination)


@dataclass(frozen=True, slots=True)
class GatePassed:
    """A container went through a gate."""

    TYPE: ClassVar[str] = "movement.gate_passed/1"

    container: ContainerNumber
    office: str
    at: datetime
    gate: str
    direction: Direction
    gross_mass_kg: Decimal | None = None
    tare_kg: Decimal | None = None

    @property
    def movement(self) -> GatePass:
        """The movement itself."""
        return GatePass(
            self.container,
            self.office,
            self.at,
            self.gate,
            self.direction,
            self.gross_mass_kg,
            self.tare_kg,
        )


@dataclass(frozen=True, slots=True)
class SealChecked:
    """Somebody looked at a seal."""

    TYPE: ClassVar[str] = "movement.seal_checked/1"

    container: ContainerNumber
    office: str
    at: datetime
    seal: SealNumber
    intact: bool
    present: bool = True

    @property
    def movement(self) -> SealCheck:
        """The movement itself."""
        return SealCheck(self.container, self.office, self.at, self.seal, self.intact, self.present)


@dataclass(frozen=True, slots=True)
class SealReported:
    """An electronic seal told of itself."""

    TYPE: ClassVar[str] = "movement.seal_reported/1"

    container: ContainerNumber
    office: str
    at: datetime
    seal: SealNumber
    state: SealState
    changed_at: datetime | None = None
    place: str = ""
    position: Position | None = None
    battery_low: bool | None = None
    manufacturer: str = ""
    tag: str = ""

    @property
    def movement(self) -> SealReport:
        """The movement itself."""
        return SealReport(
            self.container,
            self.office,
            self.at,
            self.seal,
            self.state,
            self.changed_at,
            self.place,
            self.position,
            self.battery_low,
            self.manufacturer,
            self.tag,
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """A container stood on a weighbridge."""

    TYPE: ClassVar[str] = "movement.weighed/1"

    container: ContainerNumber
    office: str
    at: datetime
    weighbridge: str
    gross_mass_kg: Decimal
    tare_kg: Decimal | None = None

    @property
    def movement(self) -> Weighing:
        """The movement itself."""
        return Weighing(
            self.container, self.office, self.at, self.weighbridge, self.gross_mass_kg, self.tare_kg
        )


@dataclass(frozen=True, slots=True)
class CustodyChanged:
    """A container passed from one holder to another."""

    TYPE: ClassVar[str] = "movement.custody_changed/1"

    container: ContainerNumber
    office: str
    at: datetime
    giver: str
    taker: str
    place: str = ""

    @property
    def movement(self) -> CustodyChange:
        """The movement itself."""
        return CustodyChange(
            self.container, self.office, self.at, self.giver, self.taker, self.place
        )


@dataclass(frozen=True, slots=True)
class DeviceAssociated:
    """A device was fixed to a container, or taken off it."""

    TYPE: ClassVar[str] = "movement.device_associated/1"

    container: ContainerNumber
    office: str
    at: datetime
    device: str
    link: Link
    place: str = ""

    @property
    def movement(self) -> Association:
        """The movement itself."""
        return Association(self.container, self.office, self.at, self.device, self.link, self.place)


MovementFact = (
    Arrived
    | Departed
    | GatePassed
    | SealChecked
    | SealReported
    | Weighed
    | CustodyChanged
    | DeviceAssociated
)


def of(movement: Movement) -> MovementFact:
    """Return the fact of a movement."""
    match movement:
        case Arrival(container, office, at, vessel):
            return Arrived(container, office, at, vessel)
        case Departure(container, office, at, destination):
            return Departed(container, office, at, destination)
        case GatePass(container, office, at, gate, direction, gross_mass_kg, tare_kg):
            return GatePassed(container, office, at, gate, direction, gross_mass_kg, tare_kg)
        case SealCheck(container, office, at, seal, is_intact, is_present):
            return SealChecked(container, office, at, seal, is_intact, is_present)
        case SealReport(container, office, at, seal, state, changed, place, where, low, maker, tag):
            return SealReported(
                container, office, at, seal, state, changed, place, where, low, maker, tag
            )
        case Weighing(container, office, at, weighbridge, gross_mass_kg, tare_kg):
            return Weighed(container, office, at, weighbridge, gross_mass_kg, tare_kg)
        case CustodyChange(container, office, at, giver, taker, place):
            return CustodyChanged(container, office, at, giver, taker, place)
        case Association(container, office, at, device, link, place):
            return DeviceAssociated(container, office, at, device, link, place)
        case _:
            assert_never(movement)
