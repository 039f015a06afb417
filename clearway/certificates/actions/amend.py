"""Mend an application before it is examined, or after it was sent back."""

from __future__ import annotations

from dataclasses import replace

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.asking import require_grounds, require_sound
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.certificates.issuing.model import Request
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.places import Country


def amend(act: Act, number: str, request: Request, country: Country) -> Fact:
    """Record what is applied for now; results of other goods than these no longer count.

    Args:
        number: of the application.
        request: whole; its party, kind and purpose stay as they were.
        country: ours.

    Raises:
        NotFound: no such application is on file.
        WrongState: it is approved, or has come to its end.
        RuleViolation: rules find severe faults, or another kind or purpose is asked for.
        Refused: policy says no.
    """
    held = take_up(act, number, Step.AMEND)
    before = held.request
    same = replace(request, party=before.party)
    kept = (before.purpose, before.replaces, before.content.type_code)
    if kept != (same.purpose, same.replaces, same.content.type_code):
        raise RuleViolation(
            f"The application {number} is for another kind or purpose; cancel it and apply anew"
        )
    findings = require_sound(same, country, act.now)
    require_grounds(act, same, number)
    return act.append(facts.Amended(number, same, findings), subject=held.subject)
