"""Cancel an application: the certificate is no longer wanted."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def cancel(act: Act, number: str, reason: str) -> Fact:
    """Record that the applicant no longer wants the certificate.

    Args:
        number: of the application.
        reason: in words; kept for statistics.

    Raises:
        NotFound: no such application is on file.
        WrongState: it was approved already, or has come to its end.
        RuleViolation: no reason is given.
        Refused: policy says no.
    """
    held = take_up(act, number, Step.CANCEL)
    if not reason.strip():
        raise RuleViolation(f"Why one cancels the application {number} must be said")
    return act.append(facts.Cancelled(number, reason.strip()), subject=held.subject)
