"""What the tables give back: a declaration with its standing, rows of lists, notifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Declaration, Kind
from clearway.terms.finding import Finding
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, Mrn, PartyId, Ucr
from clearway.terms.money import Money
from clearway.terms.places import Country

T = TypeVar("T")

# Customs answers for declarations, whoever enrolled the trader that lodged one.
AGENCY = "customs"


@dataclass(frozen=True, slots=True)
class Summary:
    """One declaration in a list.

    Args:
        seq: the fact by which it was lodged; lists are ordered by it.
        version: 1, and one more for each correction.
        trader: party number of the importer, or of the exporter for exports.
        trader_name: as declared.
        lodged_by, corrected_by: actors as facts name them.
        at: when it came into each state, by state; aware UTC.
    """

    mrn: Mrn
    seq: int
    version: int
    status: Status
    kind: Kind
    additional_type: str
    lrn: Lrn
    ucr: Ucr | None
    declarant: PartyId | None
    trader: PartyId | None
    trader_name: str
    office: str
    vessel: str
    arrival_expected_at: datetime | None
    country_of_dispatch: Country
    invoice: Money
    gross_mass_kg: Decimal
    packages: int
    items: int
    lodged_by: str
    corrected_by: str
    at: dict[Status, datetime]

    @property
    def policy_attributes(self) -> dict[str, str]:
        """What policy is told of this declaration."""
        known = {
            "agency": AGENCY,
            "mrn": str(self.mrn),
            "lodged_by": self.lodged_by,
            "corrected_by": self.corrected_by,
            "party": str(self.trader or self.declarant or ""),
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class Lodging:
    """How a lodging was answered, whatever happened since.

    Args:
        status: accepted or rejected.
        findings: as they were then.
    """

    mrn: Mrn
    seq: int
    status: Status
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One declaration with its standing.

    Args:
        content_seq: the fact that holds this version of the declaration.
        digest: SHA-256 of the message that brought this version.
        findings: of the reader and of the rules, on this version.
    """

    summary: Summary
    content_seq: int
    digest: bytes
    declaration: Declaration
    findings: tuple[Finding, ...]

    @property
    def mrn(self) -> Mrn:
        """Movement reference number."""
        return self.summary.mrn

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.summary.status

    @property
    def version(self) -> int:
        """1, and one more for each correction."""
        return self.summary.version


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One goods item in a list."""

    mrn: Mrn
    number: int
    hs: HsCode
    description: str
    origin: Country
    net_mass_kg: Decimal
    value: Money
    packages: int


@dataclass(frozen=True, slots=True)
class Notification:
    """What a party was told.

    Args:
        seq: the fact that it tells of.
        party: party number of the declarant; "" where it has none.
        kind: the new state, or `key_conflict`.
        code: of the text (`notices.TEXTS`), stable.
        params: values of the text.
    """

    seq: int
    party: str
    mrn: Mrn
    lrn: Lrn
    version: int
    kind: str
    at: datetime
    code: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about a declaration, of whichever room.

    Args:
        type: stored type of the fact, such as `declaration.released/1`.
        occurred_at, recorded_at: aware UTC.
    """

    seq: int
    type: str
    actor: str
    issuer: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which declarations a list shows; what is not set does not restrict.

    Args:
        party: named as declarant, importer, exporter or representative.
        visible_to: the same for any of these: what a trader may see.
        text: beginning of an MRN, LRN, UCR or container number.
    """

    statuses: frozenset[Status] = field(default_factory=frozenset)
    kind: Kind | None = None
    office: str = ""
    importer: str = ""
    party: str = ""
    visible_to: frozenset[str] | None = None
    container: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list.

    Args:
        next: cursor of the following page; None: this is the last.
    """

    items: tuple[T, ...]
    next: int | None
