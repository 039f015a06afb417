"""What is done to a message before the transaction: read it, hold it against the rules, weigh it.

examined = examine(original, provenance, country=Country("KE"), now=now)
receive(act, examined.certificate, examined.findings, original, provenance)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Certificate, Provenance
from clearway.certificates.proof import Verdict, authenticity
from clearway.certificates.rules import Desk, check
from clearway.terms.finding import Finding
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class Examined:
    """A message understood, and what is to be said of it.

    Args:
        certificate: as read.
        findings: of the reader, then of the rules.
        verdict: what is proved of its origin, and what is not.
    """

    certificate: Certificate
    findings: tuple[Finding, ...]
    verdict: Verdict


def examine(
    original: bytes, provenance: Provenance, *, country: Country, now: datetime
) -> Examined:
    """Return what a message says and what is wrong with it.

    Args:
        original: as received.
        provenance: where it came from, as the door proved it.
        country: ours.
        now: aware UTC.

    Raises: MalformedMessage, TooLarge, RuleViolation: see `sps_certificate.read`.
    """
    certificate, findings = sps_certificate.read(original)
    desk = Desk(profile_of(certificate.type_code), country, now, provenance)
    return Examined(
        certificate, findings + check(certificate, desk), authenticity(certificate, provenance)
    )
