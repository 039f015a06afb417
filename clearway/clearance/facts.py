"""What happens in clearance, as it is kept for good.

Subjects: `declaration:<MRN>`, and `examination:<id>` for what is done in an examination.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.clearance.claims import ClaimResult
from clearway.clearance.model import (
    Conformity,
    DelayReason,
    Discrepancy,
    Extent,
    Match,
    MissingDocument,
    Outcome,
    Part,
)
from clearway.clearance.situation import Need
from clearway.ledger.fact import BY_FIELD
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Money
from clearway.terms.reason import Reason
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class CertificateMatched:
    """A certificate was compared with a declaration that names it.

    Args:
        mrn: the declaration.
        document_type: as the declaration names it.
        certificate_seq: fact of the version that was compared.
        match: field by field.
        claims: treatments that it claims, against the loggers.
    """

    TYPE: ClassVar[str] = "clearance.certificate_matched/1"

    mrn: Mrn
    document_type: str
    certificate_seq: int
    match: Match
    claims: tuple[ClaimResult, ...] = ()


@dataclass(frozen=True, slots=True)
class ExaminationOrdered:
    """All agencies that must look at the goods got one appointment, or more joined an open one.

    Args:
        examination: id of the order.
        mrn: the declaration.
        office: where.
        agencies: all that take part, customs first.
        reasons: all of them, each once.
        mandatory: whether a law demands it.
        parts: agency by agency; they replace those of an earlier fact of the same order.
    """

    TYPE: ClassVar[str] = "clearance.examination_ordered/1"

    examination: str
    mrn: Mrn
    office: str
    agencies: tuple[str, ...]
    reasons: tuple[Reason, ...]
    mandatory: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ExaminationCancelled:
    """The reasons for an examination fell away before anybody began."""

    TYPE: ClassVar[str] = "clearance.examination_cancelled/1"

    examination: str
    mrn: Mrn


@dataclass(frozen=True, slots=True)
class ExaminationStarted:
    """The first agency opened the goods."""

    TYPE: ClassVar[str] = "clearance.examination_started/1"

    examination: str
    mrn: Mrn
    agency: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Examined:
    """One agency reported what it found (see `model.Result`).

    Args:
        findings: what was found; empty when conform.
        is_last: whether all agencies have now reported: the order is closed.
        extent, hours, note: see `model.Result`; not in facts of before.
    """

    TYPE: ClassVar[str] = "clearance.examined/1"
    FORM: ClassVar[int] = BY_FIELD

    examination: str
    mrn: Mrn
    agency: str
    outcome: Conformity
    findings: tuple[Discrepancy, ...]
    extra_revenue: Money | None
    started_at: datetime
    ended_at: datetime
    is_last: bool
    extent: Extent | None = None
    hours: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit after clearance found; the goods are gone, so nothing is decided on them.

    Subject: `declaration:<MRN>`. Args: as in `Examined`; `note` may say where the books were seen.
    """

    TYPE: ClassVar[str] = "clearance.audited/1"
    FORM: ClassVar[int] = BY_FIELD

    mrn: Mrn
    agency: str
    outcome: Conformity
    findings: tuple[Discrepancy, ...]
    extra_revenue: Money | None
    started_at: datetime
    ended_at: datetime
    extent: Extent | None = None
    hours: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Facts that a decision rests on, by their place in the log.

    Args:
        declaration: the acceptance, or the last correction.
        assessment: of risk.
        certificates: versions that were compared.
        alarms: of the cold chain, those that stood.
        seals: checks that found one broken.
        examinations: results of agencies.
        arrival: that made the goods complete.
        movement_alarms: of seals and mass, those that stood.
    """

    declaration: int
    assessment: int | None = None
    certificates: tuple[int, ...] = ()
    alarms: tuple[int, ...] = ()
    seals: tuple[int, ...] = ()
    examinations: tuple[int, ...] = ()
    arrival: int | None = None
    movement_alarms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """It was decided what happens to the goods; everything that an appeal needs is in here.

    Args:
        decision: release, examine, hold or refuse.
        reasons: in the order of their weight; never empty.
        inputs: what it rests on.
        rules: version of the rules.
        model: of risk, empty when none was used.
        on_arrival: a release that takes effect when the goods arrive.
        missing: documents that a release waits for.
        examination: id of the order, empty when none is needed.
        by_hand: whether an officer decided, and not the rules.
        needs: what measures demand of the goods, as the law stood at acceptance.
    """

    TYPE: ClassVar[str] = "clearance.decided/1"
    FORM: ClassVar[int] = BY_FIELD

    mrn: Mrn
    decision: Outcome
    reasons: tuple[Reason, ...]
    inputs: Inputs
    rules: str
    model: str = ""
    on_arrival: bool = False
    missing: tuple[MissingDocument, ...] = ()
    examination: str = ""
    by_hand: bool = False
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """All goods of a declaration are at the border.

    Args:
        arrived_at: of the last container, or when loose goods were presented; aware UTC.
        containers: all of them; empty for goods without a container number.
        place: where they stand, as stated.
    """

    TYPE: ClassVar[str] = "clearance.arrived/1"

    mrn: Mrn
    arrived_at: datetime
    containers: tuple[ContainerNumber, ...]
    place: str


@dataclass(frozen=True, slots=True)
class DelayExplained:
    """The importer was told why the goods are late (TFA 7.9.4).

    Args:
        reasons: where the time went, the longest first.
        total_h: hours from arrival to release, or until now.
        requested_by: who asked in writing, as stated.
    """

    TYPE: ClassVar[str] = "clearance.delay_explained/1"

    mrn: Mrn
    reasons: tuple[DelayReason, ...]
    total_h: float
    requested_by: str
