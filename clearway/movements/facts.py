"""What happens to containers at the border. Subject: `container:<number>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from clearway.movements.model import (
    Arrival,
    Departure,
    Direction,
    GatePass,
    Movement,
    SealCheck,
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

    @property
    def movement(self) -> GatePass:
        """The movement itself."""
        return GatePass(
            self.container, self.office, self.at, self.gate, self.direction, self.gross_mass_kg
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

    @property
    def movement(self) -> SealCheck:
        """The movement itself."""
        return SealCheck(self.container, self.office, self.at, self.seal, self.intact)


MovementFact = Arrived | Departed | GatePassed | SealChecked


def of(movement: Movement) -> MovementFact:
    """Return the fact of a movement."""
    match movement:
        case Arrival(container, office, at, vessel):
            return Arrived(container, office, at, vessel)
        case Departure(container, office, at, destination):
            return Departed(container, office, at, destination)
        case GatePass(container, office, at, gate, direction, gross_mass_kg):
            return GatePassed(container, office, at, gate, direction, gross_mass_kg)
        case SealCheck(container, office, at, seal, is_intact):
            return SealChecked(container, office, at, seal, is_intact)
