"""Where containers are, and what was seen of them at quay, gate and dock."""

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
    """

    container: ContainerNumber
    office: str
    at: datetime
    gate: str
    direction: Direction
    gross_mass_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SealCheck:
    """Somebody looked at a seal.

    Args:
        seal: the number that was read on it.
        is_intact: whether it was whole and closed.
    """

    container: ContainerNumber
    office: str
    at: datetime
    seal: SealNumber
    is_intact: bool


Movement = Arrival | Departure | GatePass | SealCheck


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
        seal, seal_is_intact, seal_checked_at: the last look at a seal.
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
