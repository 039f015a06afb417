"""Parts of a certificate: what is stated of a time, a party, a treatment, a document.

What a sender wrote and what we understood stay apart: a `Stated` time keeps the text beside the
instant. The words are those of UN/CEFACT SPSCertificate:17.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode

_CELSIUS = UnitCode("CEL")
_DAY = UnitCode("DAY")


class Precision(StrEnum):
    """How exactly a sender stated a time."""

    INSTANT = "instant"
    LOCAL = "local"  # date and time, but no zone: read as UTC
    DAY = "day"
    TEXT = "text"  # no single date can be read


@dataclass(frozen=True, slots=True)
class Stated:
    """A time in the sender's words, and what we read in them.

    Args:
        text: as sent, such as `2026-03-12` or `May 1,2,5 2020`.
        at: the instant, aware UTC; for a day, its first instant; None when none can be read.
        precision: how far `at` can be trusted.
    """

    text: str
    at: datetime | None
    precision: Precision

    @classmethod
    def instant(cls, at: datetime) -> Stated:
        """Return an instant, written in UTC."""
        return cls(at.astimezone(UTC).isoformat(), at.astimezone(UTC), Precision.INSTANT)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its language.

    Args:
        text: never empty.
        language: ISO 639-1, or "" where the sender does not say.
    """

    text: str
    language: str = ""


def in_english(texts: tuple[Text, ...]) -> str:
    """Return the English text, else the first that names no language, else the first; or ""."""
    for wanted in ("en", ""):
        for candidate in texts:
            if candidate.language[:2].lower() == wanted:
                return candidate.text
    return texts[0].text if texts else ""


@dataclass(frozen=True, slots=True)
class Party:
    """An exporter, importer or authority.

    Args:
        name: as stated.
        registration: its national registration number.
        address: up to five lines.
    """

    name: str
    id: str = ""
    role: str = ""
    registration: str = ""
    address: tuple[str, ...] = ()
    city: str = ""
    postcode: str = ""
    country: Country | None = None
    country_name: str = ""
    subdivision: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A place: UN/LOCODE or another code, and names."""

    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark under a subject, on the whole certificate or on one line.

    Args:
        subject: the sender's code, such as `ADEDL`.
        text: what is remarked.
        kind: what the subject means, in the words of the profile, such as
            `additional_declaration`; "" for a subject that the profile does not know.
        code: ContentCode, where a code stands beside the text.
        language: ISO 639-1, or "".
    """

    subject: str
    text: str
    kind: str = ""
    code: str = ""
    language: str = ""


def noted(notes: tuple[Note, ...], kind: str) -> tuple[str, ...]:
    """Return the texts of all notes of one kind."""
    return tuple(note.text for note in notes if note.kind == kind)


@dataclass(frozen=True, slots=True)
class Classification:
    """A class of the goods in some system.

    Args:
        system: `EPPO`, `IPPCPCVP` (commodity), `IPPCPCC` (condition) ...
        code: class code, or "".
        name: class name, or "".
    """

    system: str
    code: str = ""
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Packaging:
    """How many packages of a kind, at one level.

    Args:
        level: packaging level, `1` for the outermost as ePhytos use it (100 bags of 20 boxes:
            level 1 is 100 bags).
        type: UN/ECE Recommendation 21.
        count: how many.
    """

    level: str
    type: str
    count: Decimal


@dataclass(frozen=True, slots=True)
class Equipment:
    """A container as stated (its number may be wrong, see rules) and the seals on it."""

    container: str = ""
    seals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """A country where goods were grown or made, and the regions in it."""

    country: Country
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with a unit that need not be one that we convert, such as a concentration."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A property of a treatment under a code that we do not know."""

    code: str
    text: str = ""
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was done to the goods against pests, such as heat, cold or a fumigant.

    Args:
        type: treatment type of the IPPC list (TTL1), such as `HT`.
        subtype: its second level (TTL2).
        description: the treatment as text (TTFT).
        agents: active ingredients (TTCH), Codex numbers or names.
        concentration: of the agent.
        temperature: that was held: for cold the highest, for heat the lowest.
        duration: how long it was held.
        started, ended: when.
        information: remarks (TTAI).
        others: characteristics under other codes.
    """

    type: str = ""
    subtype: str = ""
    description: tuple[Text, ...] = ()
    agents: tuple[str, ...] = ()
    concentration: Measure | None = None
    temperature: Quantity | None = None
    duration: Quantity | None = None
    started: Stated | None = None
    ended: Stated | None = None
    information: tuple[Text, ...] = ()
    others: tuple[Characteristic, ...] = ()

    @property
    def agent(self) -> str:
        """The active ingredients as one text."""
        return ", ".join(self.agents)

    @property
    def temperature_c(self) -> Decimal | None:
        """The temperature in degrees Celsius."""
        return None if self.temperature is None else self.temperature.to(_CELSIUS).value

    @property
    def duration_days(self) -> Decimal | None:
        """The duration in days."""
        return None if self.duration is None else self.duration.to(_DAY).value


@dataclass(frozen=True, slots=True)
class Transport:
    """A leg of the journey.

    Args:
        mode: UN/ECE Recommendation 19, one digit, or "".
        voyage: voyage, flight or trip number.
        means: name of the vessel, vehicle or aircraft.
    """

    mode: str = ""
    voyage: str = ""
    means: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the certificate; its content stays in the original message.

    Args:
        size_bytes: after decoding; 0 when the content cannot be decoded.
        digest: SHA-256 of the decoded content, hexadecimal; "" when it cannot be decoded.
    """

    filename: str
    mime: str
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that the certificate refers to.

    Args:
        relationship: UNECE 1153: `AWR` for the original of this certificate, else `ZZZ`.
        type_code: UNECE 1001, or "".
    """

    relationship: str
    number: str = ""
    type_code: str = ""
    issued: Stated | None = None
    information: Text | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who certifies, where and when, and what.

    Args:
        signed: date of signature.
        authority: the office; its `person` is the officer.
        statements: the certifying statements.
    """

    signed: Stated | None
    place: Location | None
    authority: Party
    statements: tuple[Text, ...] = ()
    type: str = ""

    @property
    def officer(self) -> str:
        """Name of the certifying officer, or ""."""
        return self.authority.person
