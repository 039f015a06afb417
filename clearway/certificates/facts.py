"""What happened to certificates; subjects are `certificate:<type>:<country>:<number>`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.certificates.lifecycle import Change
from clearway.certificates.model import Assurance, Certificate, Provenance
from clearway.certificates.proof import Verdict
from clearway.certificates.quantity import UseKind
from clearway.ledger.fact import BY_FIELD
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Received:
    """A version of a certificate came in and counts from now on.

    Args:
        certificate: as read, with the digests of the message.
        provenance: where it came from.
        assurance: how far that proves its origin.
        findings: of reading it and of the rules.
        change: what it meant for what was on file: new, confirmed, step or correction.
        original: the message as received, in base64.
        verdict: what is proved of its origin and what is not, with the reasons.
    """

    TYPE: ClassVar[str] = "certificate.received/1"
    FORM: ClassVar[int] = BY_FIELD
    certificate: Certificate
    provenance: Provenance
    assurance: Assurance
    findings: tuple[Finding, ...]
    change: Change
    original: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Other content came under a number on file, with no change of status to explain it: an alarm.

    Args:
        certificate: what came.
        registered_digest: SHA-256 of the message on file, hexadecimal.
        registered_seq: its fact.
        prevails: what came is better proved; a `certificate.received/1` follows.
        is_disputed: nothing tells which is true, so neither can be used.
        original: the message in base64; "" when it prevails, since the next fact holds it.
        verdict: what is proved of the origin of what came, with the reasons.
    """

    TYPE: ClassVar[str] = "certificate.conflict/1"
    certificate: Certificate
    provenance: Provenance
    assurance: Assurance
    registered_digest: str
    registered_seq: int
    prevails: bool
    is_disputed: bool
    original: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The authority withdrew the certificate.

    Args:
        certificate: subject.
        reason: in the words of whoever withdrew it; "" when it does not say.
    """

    TYPE: ClassVar[str] = "certificate.withdrawn/1"
    certificate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The authority replaced the certificate by another.

    Args:
        certificate: subject of the one that no longer counts.
        replaced_by: subject of the new one; None when only the status is known.
    """

    TYPE: ClassVar[str] = "certificate.replaced/1"
    certificate: str
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Used:
    """A quantity of a line was reserved, consumed or returned for an item of a declaration.

    Args:
        certificate: subject.
        line: number of the line.
        mrn, item: for which goods.
        quantity: as asked for; of a return, what was held.
        kind: reserve, consume or return.
    """

    TYPE: ClassVar[str] = "certificate.used/1"
    certificate: str
    line: int
    mrn: Mrn
    item: int
    quantity: Quantity
    kind: UseKind
