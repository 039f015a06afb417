"""What clearance knows: matches, decisions, examinations, the queue and the reasons of delay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from clearway.certificates.model import Key
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Money
from clearway.terms.quantity import Quantity
from clearway.terms.reason import Reason

_HOUR = timedelta(hours=1)


class Verdict(StrEnum):
    """What comparing one field of a declaration with a certificate gave."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"
    NOT_CHECKED = "not_checked"


class Cover(StrEnum):
    """What a certificate does for a declaration that names it."""

    COVERS = "covers"
    COVERS_IN_PART = "covers_in_part"
    DOES_NOT_COVER = "does_not_cover"


class Outcome(StrEnum):
    """What is decided on a declaration."""

    RELEASE = "release"
    EXAMINE = "examine"
    HOLD = "hold"
    REFUSE = "refuse"


class Scope(StrEnum):
    """What an agency's part of an examination looks at; GOODS includes the documents."""

    DOCUMENTS = "documents"
    GOODS = "goods"


class Conformity(StrEnum):
    """What an agency found when it examined."""

    CONFORM = "conform"
    NOT_CONFORM = "not_conform"


class Extent(StrEnum):
    """How much of what was suspected an examination or an audit showed."""

    NOTHING = "nothing"
    PARTIAL = "partial"
    FULL = "full"


class Fraud(StrEnum):
    """Kinds of discrepancy that concern revenue and risk, as codes of `Discrepancy.kind`.

    Other codes are allowed there (a pest, a broken seal); these alone are counted as fraud.
    """

    UNDERVALUATION = "undervaluation"
    MISCLASSIFICATION = "misclassification"
    FALSE_ORIGIN = "false_origin"
    SHORT_QUANTITY = "short_quantity"
    OVER_QUANTITY = "over_quantity"
    CONCEALED = "concealed"
    PROHIBITED = "prohibited"
    DOCUMENTS = "documents"


class Step(StrEnum):
    """The steps of a clearance, as a time release study names them."""

    LODGED = "lodged"
    ARRIVED = "arrived"
    DOCUMENTS_COMPLETE = "documents_complete"
    EXAMINATION_ORDERED = "examination_ordered"
    EXAMINATION_STARTED = "examination_started"
    EXAMINED = "examined"
    RELEASED = "released"


class Place(StrEnum):
    """Why an entry stands where it stands in the queue."""

    LIFE_ENDING = "life_ending"
    SPOILS = "spoils"
    MANDATORY = "mandatory"
    KEEPS = "keeps"
    WAITED_LONG = "waited_long"
    BEYOND_SAVING = "beyond_saving"


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """One field of a declaration against a certificate.

    Args:
        field: name of the field, with the item where there is one: `item 2: net mass`.
        verdict: what comparing gave.
        declared: what the declaration says, as shown.
        certified: what the certificate says, as shown.
        note: one sentence, empty when there is nothing to add.
        code: of the field, for statistics and translation: `CLR_M12` is the amount.
    """

    field: str
    verdict: Verdict
    declared: str = ""
    certified: str = ""
    note: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class LineUse:
    """How much of a certificate's line one item of a declaration takes.

    Args:
        quantity: in the unit of the line; None when nothing stated can be compared.
    """

    line: int
    item: int
    quantity: Quantity | None


@dataclass(frozen=True, slots=True)
class Match:
    """A certificate compared with a declaration that names it.

    Args:
        certificate: which certificate.
        digest: sha256 (hex) of the certificate's bytes that were compared.
        cover: the verdict over all fields.
        fields: one verdict per field, in the order in which an officer reads them.
        uses: which item takes how much of which line.
        for_officer: one sentence.
        for_trader: one sentence that says what to do.
        is_usable: whether the certificate's own status lets goods enter.
        is_overdrawn: whether other declarations have used what these goods would need.
        is_disputed: whether other content came under its number.
    """

    certificate: Key
    digest: str
    cover: Cover
    fields: tuple[FieldVerdict, ...]
    uses: tuple[LineUse, ...]
    for_officer: str
    for_trader: str
    is_usable: bool = True
    is_overdrawn: bool = False
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One agency's share in an examination."""

    agency: str
    scope: Scope
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something found in an examination.

    Args:
        kind: a code of what was found: one of `Fraud`, or another such as `quarantine_pest`.
        item: number of the declaration's item, None for the consignment as a whole.
        detail: one sentence.
        revenue: duties and taxes found to be owed for this; None: not told apart.
    """

    kind: str
    item: int | None
    detail: str
    revenue: Money | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one agency reports of its part.

    Args:
        agency: whose part.
        outcome: conform or not.
        discrepancies: what was found; at least one when not conform.
        extra_revenue: duties and taxes found to be owed besides; None: none.
        started_at: aware UTC.
        ended_at: aware UTC, not before `started_at`.
        officer: reference of the actor who reports.
        extent: how much was shown; None: not said, see `found`.
        hours: of work that all officers spent; None: not told.
        note: the officer's own words.
    """

    agency: str
    outcome: Conformity
    discrepancies: tuple[Discrepancy, ...]
    extra_revenue: Money | None
    started_at: datetime
    ended_at: datetime
    officer: str = ""
    extent: Extent | None = None
    hours: float | None = None
    note: str = ""

    @property
    def found(self) -> Extent:
        """How much was shown; where it was not said, all of what is not conform."""
        if self.extent is not None:
            return self.extent
        return Extent.NOTHING if self.outcome is Conformity.CONFORM else Extent.FULL


@dataclass(frozen=True, slots=True)
class Examination:
    """One appointment for all agencies (TFA 8): the goods are opened once.

    Args:
        id: `<mrn>-<n>`, the n-th order on the declaration.
        mrn: which declaration.
        ordered_at: aware UTC.
        is_mandatory: whether a law demands it (and not only a selection).
        parts: one per agency, customs first.
        results: of the agencies that have reported.
        started_at: when the first agency began, None before.
        closed_at: when the last agency had reported, or the order was cancelled; None before.
        is_cancelled: whether its reasons fell away before anybody began.
    """

    id: str
    mrn: Mrn
    ordered_at: datetime
    is_mandatory: bool
    parts: tuple[Part, ...]
    results: tuple[Result, ...] = ()
    started_at: datetime | None = None
    closed_at: datetime | None = None
    is_cancelled: bool = False

    @property
    def is_open(self) -> bool:
        """Whether an agency has still to report."""
        return self.closed_at is None

    @property
    def agencies(self) -> tuple[str, ...]:
        """All agencies that take part."""
        return tuple(part.agency for part in self.parts)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The agencies that have not reported yet."""
        done = {result.agency for result in self.results}
        return tuple(agency for agency in self.agencies if agency not in done)


@dataclass(frozen=True, slots=True)
class MissingDocument:
    """A document that the goods need and the border does not have.

    Args:
        type_codes: any one of these would do.
        agency: which agency asks for it.
        text: one sentence for the trader.
        number: of the document that the declaration names, empty when it names none.
    """

    type_codes: tuple[str, ...]
    agency: str
    text: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided, and every reason for it.

    Args:
        outcome: release, examine, hold or refuse.
        reasons: in the order of their weight for the outcome; never empty.
        parts: who examines what; empty unless an examination is needed.
        missing: documents that a release waits for, whatever else is decided.
        is_mandatory: whether a law demands the examination.
        on_arrival: a release that takes effect when the goods arrive (TFA 7.1).
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    parts: tuple[Part, ...] = ()
    missing: tuple[MissingDocument, ...] = ()
    is_mandatory: bool = False
    on_arrival: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """An examination that waits to begin, with what decides its place in the queue.

    Args:
        examination: id of the order.
        mrn: of the declaration.
        goods: what the goods are, as shown: `Fresh salmon`.
        since: when both order and goods were there, aware UTC.
        is_mandatory: whether a law demands the examination.
        agencies: who takes part.
        spoils_at: end of life at the cautious estimate (q10), aware UTC; None: does not spoil.
        spoils_about: the same at the middle estimate (q50).
        keeps_until: the same at the hopeful estimate (q90).
        onward_h: hours of transit still ahead after release.
        examination_h: hours that the examination takes.
        value: statistical value (national currency): what is at stake.
        mass_kg: net mass; decides where values are equal.
    """

    examination: str
    mrn: Mrn
    goods: str
    since: datetime
    is_mandatory: bool = False
    agencies: tuple[str, ...] = ()
    spoils_at: datetime | None = None
    spoils_about: datetime | None = None
    keeps_until: datetime | None = None
    onward_h: float = 0.0
    examination_h: float = 1.0
    value: Decimal = Decimal(0)
    mass_kg: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An examination in its place in the queue.

    Args:
        waiting: the examination.
        rank: 1 is examined first.
        moved: places gained against first come, first served; negative: places given up.
        place: why it stands there.
        at: for which instant the queue was ordered, aware UTC.
        latest_start: when it should begin at the latest, aware UTC.
        bound: from when on it stands in the line of those that waited long, aware UTC.
    """

    waiting: Waiting
    rank: int
    moved: int
    place: Place
    at: datetime
    latest_start: datetime
    bound: datetime

    @property
    def slack_h(self) -> float:
        """Hours until it should begin at the latest; negative: too late already."""
        return (self.latest_start - self.at) / _HOUR

    @property
    def waited_h(self) -> float:
        """Hours since order and goods were there."""
        return (self.at - self.waiting.since) / _HOUR

    @property
    def bound_h(self) -> float:
        """Hours from arrival to its bound."""
        return (self.bound - self.waiting.since) / _HOUR

    @property
    def remaining_life_h(self) -> float | None:
        """Hours of life at the cautious estimate, None: does not spoil."""
        spoils_at = self.waiting.spoils_at
        return None if spoils_at is None else (spoils_at - self.at) / _HOUR

    @property
    def examination(self) -> str:
        """Id of the examination."""
        return self.waiting.examination

    @property
    def mrn(self) -> Mrn:
        """Of the declaration."""
        return self.waiting.mrn

    @property
    def is_perishable(self) -> bool:
        """Whether the goods spoil."""
        return self.waiting.spoils_at is not None

    @property
    def is_mandatory(self) -> bool:
        """Whether a law demands the examination."""
        return self.waiting.is_mandatory


@dataclass(frozen=True, slots=True)
class DelayReason:
    """Where the time went between arrival and release (TFA 7.9.4).

    Args:
        code: `CLR_D01` and so on.
        agency: which agency or party the time was spent with.
        step: which step was waited for.
        started_at: aware UTC.
        ended_at: aware UTC; the present instant while it still lasts.
        text: one sentence for the importer.
    """

    code: str
    agency: str
    step: Step
    started_at: datetime
    ended_at: datetime
    text: str

    @property
    def hours(self) -> float:
        """How long it took, hours."""
        return (self.ended_at - self.started_at).total_seconds() / 3600
