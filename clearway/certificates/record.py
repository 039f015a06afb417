"""A certificate as this node holds it: the version that counts, its proof, what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearway.certificates.model import Assurance, Certificate, Key, Provenance
from clearway.certificates.proof import Verdict
from clearway.certificates.quantity import Balance
from clearway.terms.finding import Finding


@dataclass(frozen=True, slots=True)
class Record:
    """One certificate on file.

    Args:
        certificate: the version that counts.
        status: its status now (UNECE 4405); a withdrawal may have come after the version.
        provenance: where the version came from.
        assurance: how far its origin is proved.
        findings: of reading it and of the rules at its receipt.
        is_disputed: other content came under the same number, and nothing tells which is true.
        replaced_by: subject of the certificate that replaced it, or None.
        received_at: when the version came, aware UTC.
        seq: fact of the version, whose body holds the message.
        balances: one for each line.
        verdict: what is proved of its origin and what is not, with the reasons.
    """

    certificate: Certificate
    status: str
    provenance: Provenance
    assurance: Assurance
    findings: tuple[Finding, ...]
    is_disputed: bool
    replaced_by: str | None
    received_at: datetime
    seq: int
    balances: tuple[Balance, ...] = ()
    verdict: Verdict | None = None

    @property
    def key(self) -> Key:
        """What makes it this certificate."""
        return self.certificate.key

    def balance(self, line: int) -> Balance | None:
        """Return the account of one line."""
        return next((each for each in self.balances if each.line == line), None)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Other content under the number of a certificate on file.

    Args:
        key: which certificate.
        seq: the fact of the alarm.
        at: when it was recorded, aware UTC.
        provenance: where the other content came from.
        registered_digest: of the version on file.
        other_digest: of the one that came.
        prevails: the one that came is better proved and counts from now on.
    """

    key: Key
    seq: int
    at: datetime
    provenance: Provenance
    registered_digest: str
    other_digest: str
    prevails: bool
