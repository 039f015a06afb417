"""A certificate comes: file it, and decide anew on the declarations that name it."""

from __future__ import annotations

from clearway.certificates.actions.receive import Conflict, Received, receive
from clearway.certificates.model import Certificate, Provenance
from clearway.certificates.proof import Verdict
from clearway.clearance.actions.reconsider import reconsider_certificate
from clearway.policy.act import Act
from clearway.terms.finding import Finding


def receive_certificate(
    act: Act,
    certificate: Certificate,
    findings: tuple[Finding, ...],
    original: bytes,
    provenance: Provenance,
    verdict: Verdict | None = None,
) -> Received | Conflict:
    """File a certificate (see `certificates.actions.receive`) and match what waits for it.

    Declarations that name the certificate which it replaces are decided anew as well.

    Raises: TooLarge. Refused. RuleViolation: it cannot be filed.
    """
    outcome = receive(act, certificate, findings, original, provenance, verdict)
    if outcome.repeated:
        return outcome
    reconsider_certificate(act, certificate.type_code, certificate.number)
    if certificate.replaces is not None:
        reconsider_certificate(act, certificate.type_code, certificate.replaces)
    return outcome
