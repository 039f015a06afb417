"""Who acts at a border: agencies, accounts, parties, their mandates, devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
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

KEY_OVERLAP = timedelta(days=90)
"""How long after its replacement a device's key may still have signed what arrives: no device was
away longer, and kept its readings."""

PLACED_LATE = timedelta(hours=1)
"""By how much the event that fixes a device to a container, or takes it off, may be off."""


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
class DeviceKey:
    """A key of a device, by the certificate that binds it.

    Args:
        key_id: first 8 bytes of SHA-256 of `public_key`; signed batches name it.
        public_key: SubjectPublicKeyInfo (DER).
        serial: of the certificate, hex.
        not_before, not_after: when the certificate opens connections, aware UTC.
        replaced_at: a newer key took its place then.
        revoked_at: nothing that it signs counts from its arrival after that instant.
    """

    key_id: bytes
    public_key: bytes
    serial: str
    not_before: datetime
    not_after: datetime
    replaced_at: datetime | None = None
    revoked_at: datetime | None = None

    def signs_at(self, arrived_at: datetime) -> bool:
        """Return whether a batch that arrives then may bear its signature.

        A device that was out of reach sends what it sealed before a renewal, so a replaced key
        goes on for `KEY_OVERLAP`; the end of a certificate ends connections, not the past.
        """
        is_revoked = self.revoked_at is not None and self.revoked_at <= arrived_at
        is_past = self.replaced_at is not None and self.replaced_at + KEY_OVERLAP <= arrived_at
        return not is_revoked and not is_past


@dataclass(frozen=True, slots=True)
class Placement:
    """A time in which a device was fixed to a container.

    Args:
        since: None: from before anybody told (its enrolment).
        until: None: it still is.
    """

    container: ContainerNumber
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Device:
    """A logger, tracker or gate reader; its account bears the same id.

    Args:
        id: its name: of its account, in its certificate, in its topics.
        container: where it is fixed, if it is.
        party: who owns it, if known.
        revoked_at: when it was revoked for good, or None.
        keys: of its certificates, the oldest first; empty while it comes in with a token only.
        placements: the containers to which it was fixed.
    """

    id: str
    agency: str
    maker: str
    container: ContainerNumber | None
    party: PartyId | None
    enrolled_at: datetime
    revoked_at: datetime | None = None
    keys: tuple[DeviceKey, ...] = ()
    placements: tuple[Placement, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it may still speak."""
        return self.revoked_at is None

    @property
    def key(self) -> DeviceKey | None:
        """Its present key, None without a certificate."""
        return self.keys[-1] if self.keys else None

    def find_key(self, key_id: bytes) -> DeviceKey | None:
        """Return its key of this id, present or former, or None."""
        return next((key for key in reversed(self.keys) if key.key_id == key_id), None)

    def is_fixed_to(self, container: str, first: datetime, last: datetime) -> bool:
        """Return whether it was fixed to the container while it measured from `first` to `last`.

        The hour of `PLACED_LATE` goes for events that are told after the fact, and for its clock.
        """
        return any(
            place.container == container
            and (place.since is None or last >= place.since - PLACED_LATE)
            and (place.until is None or first <= place.until + PLACED_LATE)
            for place in self.placements
        )
