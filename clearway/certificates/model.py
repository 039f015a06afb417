"""Certificates as their authorities state them: one model for every kind.

A phytosanitary certificate (ISPM 12), a veterinary, health or origin certificate differ in their
type code (UNECE 1001) and in their `Profile`, which is data: the model is the same. Its words are
those of UN/CEFACT SPSCertificate:17 and of ISPM 12. The bytes of the whole message are kept beside
the model, since no model carries everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.certificates.parts import (
    Classification,
    Equipment,
    Location,
    Note,
    Origin,
    Packaging,
    Party,
    Reference,
    Signatory,
    Stated,
    Text,
    Transport,
    Treatment,
    in_english,
    noted,
)
from clearway.errors import BadTerm
from clearway.terms.goods import HsPrefix
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity

_SPACES = re.compile(r"\s+")


class Status(StrEnum):
    """Status of a certificate (UNECE 4405; the list gives some codes twice: the first is meant)."""

    APPROVED = "39"
    WITHDRAWN = "40"
    REJECTED = "41"
    PENDING = "42"
    REPLACED = "44"
    ABSENT = "46"
    DRAFT = "47"
    EXPIRED = "49"
    ISSUED = "70"


def describe_status(status: str) -> str:
    """Return a status with its name, such as `40 (withdrawn)`."""
    try:
        return f"{status} ({Status(status).name.lower()})"
    except ValueError:
        return f"{status} (unknown)"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes a certificate one: kind, issuing country and number.

    Args:
        type_code: UNECE 1001, such as `851`.
        country: the issuing country.
        number: as `normal_number` gives it, so that ` ec-2026 01` finds `EC-202601`.
    """

    type_code: str
    country: Country
    number: str

    @property
    def subject(self) -> str:
        """How facts name it."""
        return f"certificate:{self.type_code}:{self.country}:{self.number}"

    @classmethod
    def of(cls, type_code: str, country: str, number: str) -> Key:
        """Return the key of a number as people write it. Raises: BadTerm: no such country."""
        return cls(type_code, Country(country), normal_number(number))

    @classmethod
    def parse(cls, subject: str) -> Key:
        """Return the key that `subject` names. Raises: BadTerm: it names no certificate."""
        parts = subject.split(":", 3)
        if len(parts) != 4 or parts[0] != "certificate":
            raise BadTerm("Certificate", subject, "must be certificate:<type>:<country>:<number>")
        return cls.of(*parts[1:])


def normal_number(number: str) -> str:
    """Return a certificate number as it is compared: capitals, without blanks."""
    return _SPACES.sub("", number).upper()


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """Goods of one kind (IncludedSPSTradeLineItem).

    Args:
        number: as the sender counts, often from 1, sometimes from 0.
        hs: HS codes or headings, as far as they have that form; others are `classifications`.
        quantity: pieces or another measure beside mass and volume (OQV, OQU).
        net_mass, gross_mass: mass.
        net_volume, gross_volume: volume.
    """

    number: int
    hs: tuple[HsPrefix, ...] = ()
    descriptions: tuple[Text, ...] = ()
    common_names: tuple[Text, ...] = ()
    scientific_names: tuple[Text, ...] = ()
    intended_uses: tuple[Text, ...] = ()
    batches: tuple[str, ...] = ()
    net_mass: Quantity | None = None
    gross_mass: Quantity | None = None
    net_volume: Quantity | None = None
    gross_volume: Quantity | None = None
    quantity: Quantity | None = None
    packagings: tuple[Packaging, ...] = ()
    classifications: tuple[Classification, ...] = ()
    origins: tuple[Origin, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def description(self) -> str:
        """What the goods are, in English where stated so; else their common name."""
        return in_english(self.descriptions) or in_english(self.common_names)

    @property
    def botanical_name(self) -> str:
        """Scientific name of the plant or animal; several are joined by a comma."""
        return ", ".join(dict.fromkeys(name.text for name in self.scientific_names))

    @property
    def origin(self) -> Country | None:
        """The one country of origin; None when several or none are stated."""
        return self.origins[0].country if len(self.origins) == 1 else None

    @property
    def packages(self) -> int | None:
        """Number of outermost packages; None when not stated, or not whole."""
        outermost = min(self.packagings, key=lambda packaging: packaging.level, default=None)
        if outermost is None or outermost.count != int(outermost.count):
            return None
        return int(outermost.count)

    @property
    def packages_in_words(self) -> str:
        """Packages that have no code, such as `100 bags of 20 boxes`; or ""."""
        return ", ".join(noted(self.notes, "other_packages"))

    @property
    def certified(self) -> Quantity | None:
        """The quantity that can be used up: net mass, else pieces, net volume, gross."""
        candidates = (
            self.net_mass,
            self.quantity,
            self.net_volume,
            self.gross_mass,
            self.gross_volume,
        )
        return next((each for each in candidates if each is not None), None)

    @property
    def additional_declarations(self) -> tuple[str, ...]:
        """Official statements on this line alone."""
        return noted(self.notes, "additional_declaration")

    @property
    def original_certificate(self) -> tuple[str, str] | None:
        """Country and number of the certificate under which re-exported goods came in."""
        numbers = noted(self.notes, "original_number")
        countries = noted(self.notes, "original_country")
        return (countries[0] if countries else "", numbers[0]) if numbers else None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One version of one certificate, as stated by its authority.

    Args:
        number: as the authority writes it.
        type_code: UNECE 1001: 851 phytosanitary, 657 re-export, 853 veterinary, 861 origin ...
        status: UNECE 4405, see `Status`; as sent, even when unknown.
        issuing_country: of the authority; the exporting or re-exporting country.
        importing_country: None when it cannot be read.
        issued: date of issue.
        digest: SHA-256 of the message as received, hexadecimal.
        content_digest: SHA-256 of the document's exclusive canonical form (C14N without comments)
            without any enclosed signature, hexadecimal: what all proofs commit to.
        has_signature: the message encloses an XML signature, which nobody checked here.
        sense_digest: SHA-256 over the names, attributes and values, hexadecimal: equal for one
            content with other prefixes or indentation, by which a repeat is known.
    """

    number: str
    type_code: str
    status: str
    issuing_country: Country
    importing_country: Country | None
    issued: Stated | None
    issuer: Party
    consignor: Party
    consignee: Party
    lines: tuple[CertificateLine, ...]
    title: tuple[Text, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    transit_countries: tuple[Country, ...] = ()
    loading_place: Location | None = None
    entry_point: Location | None = None
    examination_place: str = ""
    transports: tuple[Transport, ...] = ()
    signatories: tuple[Signatory, ...] = ()
    notes: tuple[Note, ...] = ()
    references: tuple[Reference, ...] = ()
    consignment_id: str = ""
    digest: str = ""
    content_digest: str = ""
    has_signature: bool = False
    sense_digest: str = field(default="", compare=False)

    @property
    def key(self) -> Key:
        """What makes it this certificate."""
        return Key(self.type_code, self.issuing_country, normal_number(self.number))

    @property
    def sense(self) -> str:
        """By which a repeat is known; of a certificate that was never a document, its content."""
        return self.sense_digest or self.content_digest

    @property
    def issued_at(self) -> datetime | None:
        """Date of issue, aware UTC; None when it cannot be read."""
        return None if self.issued is None else self.issued.at

    @property
    def containers(self) -> tuple[str, ...]:
        """Container numbers as stated, on the consignment or on a line, each once."""
        return tuple(dict.fromkeys(each.container for each in self._all() if each.container))

    @property
    def seals(self) -> tuple[str, ...]:
        """Seal numbers as stated, each once."""
        return tuple(dict.fromkeys(seal for each in self._all() for seal in each.seals))

    @property
    def additional_declarations(self) -> tuple[str, ...]:
        """Official statements on the whole consignment."""
        return noted(self.notes, "additional_declaration")

    @property
    def replaces(self) -> str | None:
        """Number of the certificate that this one replaces."""
        numbers = noted(self.notes, "replaced_number")
        return numbers[0] if numbers else None

    def line(self, number: int) -> CertificateLine | None:
        """Return the line that bears this number."""
        return next((line for line in self.lines if line.number == number), None)

    def _all(self) -> tuple[Equipment, ...]:
        return self.equipment + tuple(each for line in self.lines for each in line.equipment)


class Channel(StrEnum):
    """The way by which a message came in."""

    HUB = "hub"  # an exchange that proves the sending authority, such as the IPPC ePhyto Hub
    PEER = "peer"  # another agency's node, which proves itself
    UPLOAD = "upload"  # handed in by a trader
    OFFICER = "officer"  # entered by an officer, from paper


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a message came from, as the door proved it.

    Args:
        channel: the way.
        sender: what the door proved: the country of the authority for `hub` and `peer`,
            the account for the others.
    """

    channel: Channel
    sender: str


class Assurance(StrEnum):
    """How far the origin of a certificate is proved."""

    SIGNED = "signed"  # it bears its authority's signature, which holds under a trusted key
    CHANNEL = "channel"  # it came from the authority of the issuing country, over its own channel
    UNPROVEN = "unproven"  # nothing proves the origin
    CONTRADICTED = "contradicted"  # another country's authority sent it, or its signature is false
