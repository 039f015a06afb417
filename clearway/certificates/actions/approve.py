"""Approve an application: the certificate may be issued, and gets its number."""

from __future__ import annotations

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import facts, numbering, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.certificates.issuing.rules import require_examined
from clearway.certificates.model import Key
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def approve(act: Act, number: str) -> Fact:
    """Record the approval and give the certificate its number and its place in the status list.

    Args:
        number: of the application.

    Raises:
        NotFound: no such application is on file.
        WrongState: it is approved already, or has come to its end.
        RuleViolation: a result that the profile asks for is missing or bad.
        Refused: policy says no, or a second person is asked for and this is not one.
    """
    held = take_up(act, number, Step.APPROVE)
    profile = profile_of(held.type_code)
    require_examined(held, profile)
    country = held.request.content.issuing_country
    name = numbering.certificate_series(profile, country, act.now.year)
    running = tables.last_number(act.connection, name) + 1
    written = numbering.written(name, running, profile.issue.digits)
    key = Key.of(held.type_code, country, written)
    if tables.is_taken(act.connection, key):
        raise RuleViolation(f"The number {written} is taken; let its profile state another prefix")
    index = tables.last_number(act.connection, numbering.status_series(held.type_code))
    body = facts.Approved(number, key.subject, written, name, running, index)
    return act.append(body, subject=held.subject)
