"""An application and the certificate that becomes of it: one thing with one life.

Before it is issued it is an application (UNECE 1001: 850) with a number of its own; at its approval
it gets the number of the certificate. What was issued never changes: a correction is another
certificate that replaces it (ISPM 12, section 5).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from clearway.certificates.issuing.course import Delivery, Stage, Step
from clearway.certificates.model import Certificate, CertificateLine, Key
from clearway.certificates.parts import Attachment, Treatment
from clearway.ledger.fact import encode
from clearway.terms.finding import Finding
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity

APPLICATION: Final = "850"


class Purpose(StrEnum):
    """Why a certificate is applied for."""

    NEW = "new"
    REPLACEMENT = "replacement"
    RE_EXPORT = "re_export"


class ResultKind(StrEnum):
    """What was done to know the goods."""

    INSPECTION = "inspection"
    LABORATORY = "laboratory"
    TREATMENT = "treatment"


@dataclass(frozen=True, slots=True)
class Original:
    """Goods of an imported certificate that are re-exported.

    Args:
        certificate: its subject.
        line: its line.
        quantity: how much of it leaves again.
    """

    certificate: str
    line: int
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Request:
    """What is applied for.

    Args:
        content: the certificate as it shall become, a draft (UNECE 4405: 47).
        purpose: new, replacement or re-export.
        party: id of the exporter on whose behalf it is; "" when an officer applies for nobody.
        replaces: subject of the certificate of ours that it replaces; None for the others.
        originals: imported goods that are re-exported.
        attachments: digests of what is attached, such as photographs; kept by the applicant.
    """

    content: Certificate
    purpose: Purpose = Purpose.NEW
    party: str = ""
    replaces: str | None = None
    originals: tuple[Original, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What an inspection, a laboratory or a treatment showed.

    Args:
        kind: which of the three.
        conforms: the goods may be certified as far as this goes.
        done_at: when, aware UTC.
        place: where.
        text: what was found, in words.
        lines: numbers of the lines that it is about; none: all.
        treatment: what was done, for a treatment; it goes into the certificate.
        declaration: an additional declaration that this result allows; it goes in as well.
        attachments: reports, by their digests.
        goods: digest of the lines as they were (`goods_digest`): results are of those goods.
    """

    kind: ResultKind
    conforms: bool
    done_at: datetime
    place: str = ""
    text: str = ""
    lines: tuple[int, ...] = ()
    treatment: Treatment | None = None
    declaration: str = ""
    attachments: tuple[Attachment, ...] = ()
    goods: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What Customs abroad said was used.

    Args:
        line: of the certificate.
        reference: of the declaration there; a second report under it takes the first one's place.
        quantity: in whatever unit of the line's family.
    """

    line: int
    reference: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken.

    Args:
        step: which.
        actor: `<kind>:<id>`.
        at: aware UTC.
        seq: its fact.
        remark: a reason or a number, as far as there is one.
    """

    step: Step
    actor: str
    at: datetime
    seq: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One application, or the certificate that became of it, as this node holds it.

    Args:
        number: of the application, such as `XA-A-2026-000012`.
        request: what is applied for, as amended.
        agency: code of the agency that decides.
        stage, delivery: where it stands, see `course`.
        key: of the certificate; None before its approval.
        issued: the certificate as issued; None before.
        findings: remarks of the rules on the application.
        results: what was examined, in the order of recording.
        uses: abroad, as reported.
        history: every step, the first one first.
        changed_at: of the last step, aware UTC.
        seq: of the first fact; lists are in its order.
        content_seq: of the fact that made what is prepared from: an issue rests on it.
        status_index: place in the status lists of its kind, from 0; None before the approval.
        replaced_by: subject of the certificate of ours that replaced it, or None.
        hub_number: of the last dispatch, or "".
    """

    number: str
    request: Request
    agency: str
    stage: Stage
    delivery: Delivery
    key: Key | None
    issued: Certificate | None
    findings: tuple[Finding, ...]
    results: tuple[Result, ...]
    uses: tuple[Use, ...]
    history: tuple[Done, ...]
    changed_at: datetime
    seq: int
    content_seq: int
    status_index: int | None = None
    replaced_by: str | None = None
    hub_number: str = ""

    @property
    def subject(self) -> str:
        """How facts name it: by its application until it is issued."""
        if self.issued is not None and self.key is not None:
            return self.key.subject
        return application_subject(self.request.content.issuing_country, self.number)

    @property
    def type_code(self) -> str:
        """The kind of certificate applied for."""
        return self.request.content.type_code

    @property
    def party(self) -> str:
        """The exporter's id, or ""."""
        return self.request.party

    @property
    def content(self) -> Certificate:
        """The certificate as issued, else as applied for."""
        return self.issued or self.request.content

    @property
    def used(self) -> tuple[Use, ...]:
        """Uses of more than nothing."""
        return tuple(use for use in self.uses if use.quantity.value > 0)

    def doers(self, *steps: Step) -> tuple[str, ...]:
        """Return who took any of these steps, each once."""
        return tuple(dict.fromkeys(done.actor for done in self.history if done.step in steps))


@dataclass(frozen=True, slots=True)
class Issue:
    """What was made outside the transaction to issue a certificate.

    Args:
        certificate: status 70, as read back from the signed document, with its digests.
        document: the signed XML.
        seal: COSE seal for the QR code; empty where no seal is made.
        secret: 128 bits, hexadecimal, from which a single use abroad proves itself.
        content_seq: the fact from which it was prepared.
    """

    certificate: Certificate
    document: bytes
    seal: bytes
    secret: str
    content_seq: int


def application_subject(country: Country, number: str) -> str:
    """Return how facts name an application."""
    return Key.of(APPLICATION, country, number).subject


def goods_digest(lines: tuple[CertificateLine, ...]) -> str:
    """Return SHA-256 of the lines: results hold for the goods that were examined, no others."""
    return hashlib.sha256(encode(lines)).hexdigest()
