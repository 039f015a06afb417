"""Who acts at a border: agencies, accounts, parties, their mandates, devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber

# The agencies that a border usually has; a country may name others.
AGENCIES: dict[str, str] = {
    "customs": "Customs",
    "plant_health": "Plant health",
    "food_safety": "Food safety",
    "veterinary": "Veterinary",
    "port_health": "Port health",
}


class ActorKind(StrEnum):
    """What kind of actor this is; the first part of `Actor.reference`."""

    OFFICER = "officer"
    TRADER = "trader"
    DEVICE = "device"
    SYSTEM = "system"


class Role(StrEnum):
    """What an account may be trusted with. One account may have several."""

    CUSTOMS_OFFICER = "customs_officer"
    RISK_ANALYST = "risk_analyst"
    PLANT_HEALTH_INSPECTOR = "plant_health_inspector"
    FOOD_INSPECTOR = "food_inspector"
    VETERINARY_INSPECTOR = "veterinary_inspector"
    PORT_HEALTH_INSPECTOR = "port_health_inspector"
    CERTIFYING_OFFICER = "certifying_officer"
    TRADER = "trader"
    BROKER = "broker"
    CARRIER = "carrier"
    TERMINAL = "terminal"
    DEVICE = "device"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, as proved at the door.

    Args:
        kind: officer, trader, device or system.
        id: account name, unique on this node.
        agency: code of the agency that answers for it, such as `customs`, `plant_health`;
            for traders and devices the agency that enrolled them.
        roles: what it may be trusted with.
        party: the trader's own party id (EORI or the like), None for officers.
        represents: party ids for which it holds a mandate, its own included.
        name: shown to people.
    """

    kind: ActorKind
    id: str
    agency: str
    roles: frozenset[Role]
    party: str | None = None
    represents: frozenset[str] = field(default_factory=frozenset)
    name: str = ""

    @property
    def reference(self) -> str:
        """`<kind>:<id>`, as facts name their actor."""
        return f"{self.kind}:{self.id}"


def founder(agency: str) -> Actor:
    """Return the one who opens the first account of a new node: the machine's own operator."""
    return Actor(ActorKind.SYSTEM, "founder", agency, frozenset({Role.ADMINISTRATOR}))


@dataclass(frozen=True, slots=True)
class Account:
    """A name under which somebody, or something, comes in.

    Args:
        id: unique on this node, for ever: a closed account's name is not given again.
        kind: decides which roles it may have.
        agency: that answers for it.
        roles: what it may be trusted with.
        party: of a trader; None for officers.
        name: shown to people.
        opened_at, closed_at: aware UTC; open while `closed_at` is None.
    """

    id: str
    kind: ActorKind
    agency: str
    roles: frozenset[Role]
    party: PartyId | None
    name: str
    opened_at: datetime
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can still come in."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class RegisteredParty:
    """A firm or person that trades, as an agency registered it."""

    id: PartyId
    name: str
    country: Country
    address: str
    agency: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Mandate:
    """One party's power to act for another.

    Args:
        principal: who is represented (the importer).
        agent: who acts (the broker).
        period: when it holds, unless withdrawn before.
        withdrawn_at: aware UTC, or None.
    """

    principal: PartyId
    agent: PartyId
    period: Period
    withdrawn_at: datetime | None = None

    def holds_at(self, instant: datetime) -> bool:
        """Return whether the agent may act for the principal at that instant."""
        is_withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= instant
        return self.period.contains(instant) and not is_withdrawn


@dataclass(frozen=True, slots=True)
class Device:
    """A logger, tracker or gate reader; its account bears the same id.

    Args:
        container: where it is fixed, if it is.
        party: who owns it, if known.
    """

    id: str
    agency: str
    maker: str
    container: ContainerNumber | None
    party: PartyId | None
    enrolled_at: datetime
