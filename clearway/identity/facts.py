"""What happened to accounts, parties, mandates and devices. No fact ever holds a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.identity.model import ActorKind, Role
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class PartyRegistered:
    """An agency knows this party; a later one of the same id replaces what was known."""

    TYPE: ClassVar[str] = "identity.party_registered/1"

    party: PartyId
    name: str
    country: Country
    address: str
    agency: str


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """Somebody, or something, may come in under this name. `roles` are in order of their names."""

    TYPE: ClassVar[str] = "identity.account_opened/1"

    account: str
    kind: ActorKind
    agency: str
    roles: tuple[Role, ...]
    party: PartyId | None
    name: str


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """The account is dead: its tokens, password and sessions open nothing any more."""

    TYPE: ClassVar[str] = "identity.account_closed/1"

    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class MandateGiven:
    """The agent may act for the principal; replaces an earlier one between the two."""

    TYPE: ClassVar[str] = "identity.mandate_given/1"

    principal: PartyId
    agent: PartyId
    period: Period


@dataclass(frozen=True, slots=True)
class MandateWithdrawn:
    """The agent may no longer act for the principal."""

    TYPE: ClassVar[str] = "identity.mandate_withdrawn/1"

    principal: PartyId
    agent: PartyId
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceEnrolled:
    """A device may record what it measures; its account is opened beside."""

    TYPE: ClassVar[str] = "identity.device_enrolled/1"

    device: str
    agency: str
    maker: str
    container: ContainerNumber | None
    party: PartyId | None


@dataclass(frozen=True, slots=True)
class DeviceCertified:
    """The agency's authority issued a certificate for a device's key; a former one is replaced.

    Args:
        serial: of the certificate, hex.
        certificate: in PEM form.
        public_key: SubjectPublicKeyInfo (DER).
        not_before, not_after: aware UTC.
    """

    TYPE: ClassVar[str] = "identity.device_certified/1"

    device: str
    serial: str
    certificate: str
    public_key: bytes
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class DeviceKeyRevoked:
    """One key of a device counts no more; it may have another one."""

    TYPE: ClassVar[str] = "identity.device_key_revoked/1"

    device: str
    serial: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceRevoked:
    """The device may not speak any more, for good; all its keys are revoked with it."""

    TYPE: ClassVar[str] = "identity.device_revoked/1"

    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class CredentialIssued:
    """The account got a token or a password; `credential` names it and gives nothing away."""

    TYPE: ClassVar[str] = "identity.credential_issued/1"

    account: str
    credential: str
    kind: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialRevoked:
    """The token or password opens nothing any more."""

    TYPE: ClassVar[str] = "identity.credential_revoked/1"

    account: str
    credential: str
    reason: str
