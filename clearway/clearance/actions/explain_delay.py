"""Tell an importer why the goods are late, as the record has it (TFA 7.9.4)."""

from __future__ import annotations

from clearway.clearance.delays import explain
from clearway.clearance.facts import DelayExplained
from clearway.clearance.lateness import course_of
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def explain_delay(act: Act, mrn: Mrn, requested_by: str) -> Fact:
    """Record the reasons of the delay as communicated; the fact holds them.

    Args:
        requested_by: who asked in writing.

    Raises: NotFound. WrongState: the goods are not here. Refused.
    """
    act.require("clearance.explain_delay", agency=act.actor.agency, mrn=mrn)
    course = course_of(act.connection, mrn, act.now)
    total = (course.ended_at - course.arrived_at).total_seconds() / 3600
    body = DelayExplained(mrn, explain(course), max(total, 0.0), requested_by)
    return act.append(body, subject=f"declaration:{mrn}")
