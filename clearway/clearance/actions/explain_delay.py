"""Tell an importer why the goods are late, as the record has it (TFA 7.9.4)."""

from __future__ import annotations

from clearway.clearance import tables
from clearway.clearance.delays import Course, explain
from clearway.clearance.facts import DelayExplained
from clearway.errors import WrongState
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
    consignment = tables.get(act.connection, mrn)
    if consignment.arrived_at is None:
        raise WrongState(f"The goods of {mrn} have not arrived, so they are not late yet")
    last = tables.last_decision(act.connection, mrn)
    course = Course(
        arrived_at=consignment.arrived_at,
        lodged_at=consignment.lodged_at,
        complete_at=consignment.complete_at,
        missing=() if last is None else last.decided.missing,
        examinations=tuple(
            order for order in tables.examinations_of(act.connection, mrn) if not order.is_cancelled
        ),
        released_at=consignment.released_at,
        now=act.now,
    )
    total = (course.ended_at - course.arrived_at).total_seconds() / 3600
    body = DelayExplained(mrn, explain(course), max(total, 0.0), requested_by)
    return act.append(body, subject=f"declaration:{mrn}")
