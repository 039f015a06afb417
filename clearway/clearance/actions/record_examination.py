"""An agency reports what it found; after the last report the goods are decided on."""

from __future__ import annotations

from dataclasses import replace

from clearway.clearance import rules, tables
from clearway.clearance.actions.end_alarms import end_alarms
from clearway.clearance.actions.settle import settle
from clearway.clearance.actions.start_examination import require_part
from clearway.clearance.evidence import load_case
from clearway.clearance.facts import ExaminationStarted, Examined
from clearway.clearance.model import Result
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def record_examination(act: Act, examination: str, result: Result) -> Fact:
    """Record one agency's report; an officer reports for the own agency only.

    When all agencies have reported the order is closed, once, and the goods are released, held or
    refused by the rules.

    Raises:
        NotFound: no such examination.
        WrongState: the order is closed, the goods are not here, or the agency has reported.
        RuleViolation: the report contradicts itself.
        Refused: policy says no.
    """
    order = tables.get_examination(act.connection, examination)
    require_part(act, order, result.agency)
    consignment = tables.get(act.connection, order.mrn)
    rules.require_startable(order, is_arrived=consignment.arrived_at is not None)
    result = replace(result, officer=act.actor.reference)
    rules.require_result(order, result, act.now)
    subject = f"examination:{order.id}"
    if order.started_at is None:
        begun = ExaminationStarted(order.id, order.mrn, result.agency, result.started_at)
        act.append(begun, subject=subject, occurred_at=result.started_at)
    body = Examined(
        examination=order.id,
        mrn=order.mrn,
        agency=result.agency,
        outcome=result.outcome,
        findings=result.discrepancies,
        extra_revenue=result.extra_revenue,
        started_at=result.started_at,
        ended_at=result.ended_at,
        is_last=order.waiting_for == (result.agency,),
        extent=result.found,
        hours=result.hours,
        note=result.note,
    )
    fact = act.append(body, subject=subject, occurred_at=result.ended_at)
    if body.is_last:
        end_alarms(act, order)
        settle(act, load_case(act.connection, order.mrn))
    return fact
