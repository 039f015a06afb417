"""Refuse to certify: the goods or the application do not allow it."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def refuse(act: Act, number: str, reason: str) -> Fact:
    """Record that no certificate will be issued; a number given at approval stays void.

    Args:
        number: of the application.
        reason: in words; the applicant reads it.

    Raises:
        NotFound: no such application is on file.
        WrongState: it was issued, or has come to its end.
        RuleViolation: no reason is given.
        Refused: policy says no.
    """
    held = take_up(act, number, Step.REFUSE)
    if not reason.strip():
        raise RuleViolation(f"Why one refuses the application {number} must be said")
    return act.append(facts.Refused(number, reason.strip()), subject=held.subject)
