"""Send an application back to whoever applied: something must be mended."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def send_back(act: Act, number: str, reason: str) -> Fact:
    """Record what must be mended before the application can go on.

    Args:
        number: of the application.
        reason: in words; the applicant reads it.

    Raises:
        NotFound: no such application is on file.
        WrongState: it was approved, or has come to its end.
        RuleViolation: no reason is given.
        Refused: policy says no.
    """
    held = take_up(act, number, Step.SEND_BACK)
    if not reason.strip():
        raise RuleViolation(f"What must be mended in the application {number} must be said")
    return act.append(facts.SentBack(number, reason.strip()), subject=held.subject)
