"""What is done to a message before the transaction: read it, hold it against the rules, weigh it.

examined = examine(original, provenance, country=Country("KE"), now=now, trust_list=trust_list)
receive(act, examined.certificate, examined.findings, original, provenance, examined.verdict)
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import datetime

from clearway.certificates import signatures
from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.remarks import Remarks
from clearway.certificates.formats.schema import Schema
from clearway.certificates.formats.wrapping import unwrap
from clearway.certificates.model import Certificate, Provenance
from clearway.certificates.proof import NO_SIGNATURE, SignatureCheck, Verdict, authenticity
from clearway.certificates.rules import Desk, check
from clearway.certificates.trust.model import TrustList
from clearway.terms.finding import Finding
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class Examined:
    """A message understood, and what is to be said of it.

    Args:
        certificate: as read; of a signature that holds, from the signed bytes alone.
        findings: of the reader, then of the rules.
        verdict: what is proved of its origin, and what is not.
        signature: what checking the enclosed signature gave.
    """

    certificate: Certificate
    findings: tuple[Finding, ...]
    verdict: Verdict
    signature: SignatureCheck = NO_SIGNATURE


def examine(
    original: bytes,
    provenance: Provenance,
    *,
    country: Country,
    now: datetime,
    trust_list: TrustList | None = None,
    schema: Schema | None = None,
) -> Examined:
    """Return what a message says and what is wrong with it.

    Args:
        original: as received.
        provenance: where it came from, as the door proved it.
        country: ours.
        now: aware UTC.
        trust_list: whose signatures count (`trust.tables.find`); None: none is held.
        schema: the official one, if the operator has it (`formats.schema`).

    Raises: MalformedMessage, TooLarge, RuleViolation: see `sps_certificate.read`.
    """
    certificate, findings = sps_certificate.read(original)
    signature = NO_SIGNATURE
    if certificate.has_signature:
        certificate, findings, signature = _signed(original, certificate, findings, trust_list, now)
    if schema is not None:
        findings += schema.findings(unwrap(original, Remarks(), sps_certificate.LIMITS))
    desk = Desk(profile_of(certificate.type_code), country, now, provenance, signature)
    return Examined(
        certificate,
        findings + check(certificate, desk),
        authenticity(certificate, provenance, signature=signature),
        signature,
    )


def _signed(
    original: bytes,
    read: Certificate,
    findings: tuple[Finding, ...],
    trust_list: TrustList | None,
    now: datetime,
) -> tuple[Certificate, tuple[Finding, ...], SignatureCheck]:
    """Return the certificate with what its signature proves.

    If it holds, what was read before is forgotten, and what the verifier returned is read instead.
    """
    remarks = Remarks()
    document = unwrap(original, remarks, sps_certificate.LIMITS)
    signature, signed = signatures.check(document, trust_list, now)
    if signed is None:
        return read, findings, signature
    certificate = dataclasses.replace(
        signed.certificate, digest=hashlib.sha256(original).hexdigest(), has_signature=True
    )
    return certificate, remarks.findings() + signed.findings, signature
