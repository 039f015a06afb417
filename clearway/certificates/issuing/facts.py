"""What happened to applications and to certificates of ours.

Until a certificate is issued the subject is `certificate:850:<country>:<number of application>`,
then `certificate:<type>:<country>:<number>`. Our own withdrawals and replacements are facts apart
from `certificate.withdrawn/1` and `certificate.replaced/1`: those follow from messages that anybody
may hand in under our number, and must never end what we issued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.certificates.issuing.course import Delivery
from clearway.certificates.issuing.model import Request, Result, Use
from clearway.certificates.issuing.notice import Notice
from clearway.certificates.model import Certificate
from clearway.ledger.fact import BY_FIELD
from clearway.terms.finding import Finding


@dataclass(frozen=True, slots=True)
class Applied:
    """A certificate was applied for.

    Args:
        application: number of the application.
        series, running: where that number comes from.
        agency: code of the agency that decides.
        findings: remarks of the rules; none is severe.
    """

    TYPE: ClassVar[str] = "certificate.applied/1"
    FORM: ClassVar[int] = BY_FIELD
    application: str
    series: str
    running: int
    agency: str
    request: Request
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Amended:
    """The application was mended."""

    TYPE: ClassVar[str] = "certificate.amended/1"
    FORM: ClassVar[int] = BY_FIELD
    application: str
    request: Request
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SentBack:
    """The applicant must mend the application, for this reason."""

    TYPE: ClassVar[str] = "certificate.sent_back/1"
    application: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The applicant no longer wants the certificate."""

    TYPE: ClassVar[str] = "certificate.cancelled/1"
    application: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The authority will not certify, for this reason; a number that was given stays void."""

    TYPE: ClassVar[str] = "certificate.refused/1"
    application: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """An inspection, a laboratory or a treatment showed something."""

    TYPE: ClassVar[str] = "certificate.inspected/1"
    FORM: ClassVar[int] = BY_FIELD
    application: str
    result: Result


@dataclass(frozen=True, slots=True)
class Approved:
    """The certificate may be issued, and has its number.

    Args:
        certificate: subject of the certificate.
        number: as it is written on it.
        series, running: where that number comes from.
        status_index: its place among the certificates of its kind in the status lists, from 0.
    """

    TYPE: ClassVar[str] = "certificate.approved/1"
    application: str
    certificate: str
    number: str
    series: str
    running: int
    status_index: int


@dataclass(frozen=True, slots=True)
class Issued:
    """The certificate was issued; from now on it never changes.

    Args:
        certificate: as read back from the signed document, status 70.
        document: the signed XML, in base64.
        seal: the COSE seal, in base64; "" where none was made.
        secret: 128 bits, hexadecimal, behind the nullifier of its single use.
    """

    TYPE: ClassVar[str] = "certificate.issued/1"
    FORM: ClassVar[int] = BY_FIELD
    application: str
    certificate: Certificate
    status_index: int
    document: str
    seal: str
    secret: str


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The newest word of the certificate was sent to the importing country.

    Args:
        channel: `hub`, `peer` or `paper`.
        status: UNECE 4405 of what was sent.
        hub_number: delivery number, or "".
        digest: SHA-256 of what was sent, hexadecimal; "" on paper.
    """

    TYPE: ClassVar[str] = "certificate.dispatched/1"
    certificate: str
    channel: str
    status: str
    hub_number: str
    digest: str


@dataclass(frozen=True, slots=True)
class DeliveryReported:
    """The exchange, or the importing country, said what became of it."""

    TYPE: ClassVar[str] = "certificate.delivery_reported/1"
    certificate: str
    delivery: Delivery
    hub_number: str
    message: str


@dataclass(frozen=True, slots=True)
class UseReported:
    """Customs abroad said what was used of a line.

    Args:
        is_exhausted: nothing is left of any line.
        exceeds: more was used of this line than is certified: an alarm.
    """

    TYPE: ClassVar[str] = "certificate.use_reported/1"
    certificate: str
    use: Use
    is_exhausted: bool
    exceeds: bool


@dataclass(frozen=True, slots=True)
class RejectedAbroad:
    """The importing country does not accept the certificate."""

    TYPE: ClassVar[str] = "certificate.rejected_abroad/1"
    certificate: str
    country: str
    reason: str
    reference: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """We withdrew the certificate, for this reason."""

    TYPE: ClassVar[str] = "certificate.issue_withdrawn/1"
    certificate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """We issued another certificate (its subject) in place of this one."""

    TYPE: ClassVar[str] = "certificate.issue_replaced/1"
    certificate: str
    replaced_by: str


@dataclass(frozen=True, slots=True)
class Expired:
    """The certificate is too old to be used."""

    TYPE: ClassVar[str] = "certificate.expired/1"
    certificate: str
    valid_days: int


@dataclass(frozen=True, slots=True)
class NoncomplianceNotified:
    """A notification of non-compliance (ISPM 13) went to the exporting country, or came to us."""

    TYPE: ClassVar[str] = "certificate.noncompliance_notified/1"
    FORM: ClassVar[int] = BY_FIELD
    certificate: str
    is_ours: bool
    notice: Notice
