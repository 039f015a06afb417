"""An audit after clearance reports what it found in the books: the blue lane's answer."""

from __future__ import annotations

from dataclasses import replace

from clearway.clearance import rules, tables
from clearway.clearance.facts import Audited
from clearway.clearance.model import Result
from clearway.clearance.record import State
from clearway.declarations import tables as declarations
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def record_audit(act: Act, mrn: Mrn, result: Result) -> Fact:
    """Record one agency's audit of goods that were released; nothing is decided on them any more.

    Raises:
        NotFound: no such declaration.
        WrongState: the goods are not released, or the agency has reported its audit.
        RuleViolation: the report contradicts itself.
        Refused: policy says no.
    """
    summary = declarations.get_summary(act.connection, mrn)
    act.require("clearance.examine", **(summary.policy_attributes | {"agency": result.agency}))
    consignment = tables.get(act.connection, mrn)
    done = {each.agency for each in tables.audits_of(act.connection, mrn)}
    result = replace(result, officer=act.actor.reference)
    released_at = consignment.released_at if consignment.state is State.RELEASED else None
    rules.require_audit(released_at, result.agency in done, result, act.now)
    body = Audited(
        mrn=mrn,
        agency=result.agency,
        outcome=result.outcome,
        findings=result.discrepancies,
        extra_revenue=result.extra_revenue,
        started_at=result.started_at,
        ended_at=result.ended_at,
        extent=result.found,
        hours=result.hours,
        note=result.note,
    )
    return act.append(body, subject=f"declaration:{mrn}", occurred_at=result.ended_at)
