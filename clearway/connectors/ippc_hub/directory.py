"""Who takes part in a hub, and what each country can take: a file of its operator.

    {"members": [{"country": "EC", "name": "AGROCALIDAD", "certificates": ["9f86d0..."],
      "allowed": [{"type": 851, "statuses": [70, 40]}]}]}

A country is known by the SHA-256 of its TLS client certificates; several hold in a rotation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from clearway.connectors.ippc_hub.model import Channel, ChannelRule, SigningCertificate
from clearway.errors import BadTerm, InputError
from clearway.terms.places import Country

MOST_BYTES: Final = 8 << 20
MOST_MEMBERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """A kind of certificate (UNECE 1001) and the statuses (4405) in which it can be received."""

    type: int
    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One country at the hub.

    Args:
        certificates: SHA-256 of its TLS client certificates, hexadecimal.
        sends, receives: whether it does so through the hub.
        allowed: what it can receive; all else goes on paper.
        signature: with what it signs certificates; told to all.
        channel_rules: FORWARD and INC: copies of what it gets go to another country as well.
        messages_per_second, burst: most calls; content_bytes: largest certificate;
        waiting: most of its letters that may wait for the store.
    """

    country: str
    name: str = ""
    certificates: tuple[str, ...] = ()
    sends: bool = True
    receives: bool = True
    allowed: tuple[Allowed, ...] = ()
    signature: SigningCertificate | None = None
    channel_rules: tuple[ChannelRule, ...] = ()
    messages_per_second: float = 1_000.0
    burst: int = 2_000
    content_bytes: int = 8 << 20
    waiting: int = 256

    def can_receive(self, type_: int, status: int) -> bool:
        """Return whether it can take a certificate of this type in this status."""
        return any(each.type == type_ and status in each.statuses for each in self.allowed)

    def forwards(self, type_: int, status: int) -> tuple[str, ...]:
        """Return the countries that get a copy of what it gets."""
        return tuple(
            rule.country
            for rule in self.channel_rules
            if rule.is_active
            and (rule.kind, rule.direction) == ("FORWARD", "INC")
            and (rule.certificate_type, rule.certificate_status) == (type_, status)
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """All members and channels of a hub."""

    members: tuple[Member, ...] = ()
    channels: tuple[Channel, ...] = ()
    _by_country: dict[str, Member] = field(init=False, repr=False, compare=False)
    _by_certificate: dict[str, Member] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_country = {each.country: each for each in self.members}
        by_certificate = {
            shown.lower(): each for each in self.members for shown in each.certificates
        }
        object.__setattr__(self, "_by_country", by_country)
        object.__setattr__(self, "_by_certificate", by_certificate)

    def find(self, country: str) -> Member | None:
        """Return a member by its country."""
        return self._by_country.get(country)

    def of_certificate(self, fingerprint: str) -> Member | None:
        """Return whose TLS certificate has this SHA-256."""
        return self._by_certificate.get(fingerprint)


@dataclass(frozen=True, slots=True)
class _File:
    members: tuple[Member, ...] = ()
    channels: tuple[Channel, ...] = ()


def read(data: bytes) -> Directory:
    """Return the directory in a file.

    Raises: InputError: it is none; names the place. BadTerm: no such country, or one twice, or one
    certificate for two.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"The directory has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(f"The hub's directory cannot be read: {error}") from error
    _require_distinct(file.members)
    return Directory(file.members, file.channels)


def write(directory: Directory) -> bytes:
    """Return the directory as a file: JSON, for people to edit."""
    file = _File(directory.members, directory.channels)
    return msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"


def _require_distinct(members: tuple[Member, ...]) -> None:
    if len(members) > MOST_MEMBERS:
        raise InputError(f"The directory has {len(members):,} members; at most {MOST_MEMBERS:,}")
    countries: set[str] = set()
    certificates: set[str] = set()
    for each in members:
        if Country(each.country) in countries:
            raise BadTerm("Member", each.country, "stands in the directory twice")
        countries.add(each.country)
        for shown in each.certificates:
            if shown.lower() in certificates:
                raise BadTerm("Certificate", shown, "stands in the directory twice")
            certificates.add(shown.lower())
