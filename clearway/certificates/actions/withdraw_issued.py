"""Withdraw a certificate of ours: it no longer counts, and the importing country is told."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import name_of, take_up_issued
from clearway.certificates.model import Key
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def withdraw_issued(act: Act, key: Key, reason: str) -> Fact:
    """Record the withdrawal (40); what was dispatched before is due to be told.

    Args:
        key: of a certificate of ours.
        reason: in words; the importing country may ask for it.

    Raises:
        NotFound: we did not issue it.
        WrongState: it was withdrawn or replaced already, or has expired.
        RuleViolation: no reason is given.
        Refused: policy says no.
    """
    held = take_up_issued(act, key, Step.WITHDRAW)
    if not reason.strip():
        raise RuleViolation(f"Why the {name_of(held)} is withdrawn must be said")
    return act.append(facts.Withdrawn(key.subject, reason.strip()), subject=key.subject)
