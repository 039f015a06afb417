"""Decide on a case by the rules, and do what follows: order, ask, cancel, release."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from clearway.certificates import tables as certificates
from clearway.certificates.actions.use import use
from clearway.certificates.quantity import UseKind
from clearway.clearance import rules, tables
from clearway.clearance.evidence import Case, Evidence, gather
from clearway.clearance.facts import (
    Decided,
    ExaminationCancelled,
    ExaminationOrdered,
)
from clearway.clearance.model import Decision, Examination, MissingDocument, Outcome, Part
from clearway.clearance.standing import by_rules
from clearway.declarations.actions.order_control import order_control
from clearway.declarations.actions.release import release
from clearway.declarations.actions.request_documents import request_documents
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.reason import Reason


def settle(act: Act, case: Case) -> Fact | None:
    """Decide anew on a case; return the fact of the decision, None when nothing changed.

    An examination that has begun is finished before anything else is decided.
    """
    act = by_rules(act)
    evidence = gather(act.connection, case, act.now)
    if not evidence.consignment.is_open:
        return None
    decision = rules.decide(evidence.situation)
    order = next((one for one in evidence.situation.orders if one.is_open), None)
    if order is not None and order.started_at and decision.outcome is not Outcome.EXAMINE:
        return None
    parts = _parts(order, decision)
    is_same_order = order is not None and order.parts == parts
    before = case.last
    examination = _examination_id(act, case, order) if parts else ""
    decided = _decided(case, evidence, decision, examination)
    if before is not None and _is_same(before, decided) and (is_same_order or not parts):
        return None
    fact = act.append(decided, subject=f"declaration:{case.mrn}")
    _ask(act, case, decision, () if before is None else before.missing)
    if parts and not is_same_order:
        _order(act, case, decision, examination, parts, is_new=order is None)
    elif order is not None and not parts:
        cancelled = ExaminationCancelled(order.id, case.mrn)
        act.append(cancelled, subject=f"examination:{order.id}")
    if decision.outcome is Outcome.RELEASE and not decision.on_arrival:
        let_go(act, case, decision.reasons)
    elif decision.outcome is Outcome.REFUSE:
        end_uses(act, case, UseKind.RETURN)
    return fact


def let_go(act: Act, case: Case, reasons: tuple[Reason, ...]) -> Fact:
    """Release the goods and use up what they hold of certificates."""
    end_uses(act, case, UseKind.CONSUME)
    return release(act, case.mrn, rules.for_trader(reasons))


def end_uses(act: Act, case: Case, kind: UseKind) -> None:
    """Consume or return everything that a declaration has reserved.

    What a certificate that is no longer usable gave is returned, whatever was asked.
    """
    if not case.names_certificates:
        return
    usable = {
        one.match.certificate
        for one in tables.matches_of(act.connection, case.mrn)
        if one.match.is_usable
    }
    act = by_rules(act)
    for key, line, position in certificates.list_uses(act.connection, case.mrn):
        if position.reserved.value:
            ending = kind if key in usable else UseKind.RETURN
            use(act, key, line, case.mrn, position.item, ending)


def _parts(order: Examination | None, decision: Decision) -> tuple[Part, ...]:
    """Return who examines: what is needed now; once begun, nobody leaves."""
    if order is not None and order.started_at is not None:
        return rules.extend(order, decision.parts)
    return decision.parts


def _examination_id(act: Act, case: Case, order: Examination | None) -> str:
    if order is not None:
        return order.id
    return f"{case.mrn}-{len(tables.examinations_of(act.connection, case.mrn)) + 1}"


def _decided(case: Case, evidence: Evidence, decision: Decision, examination: str) -> Decided:
    assessment = case.assessment
    return Decided(
        mrn=case.mrn,
        decision=decision.outcome,
        reasons=decision.reasons,
        inputs=evidence.inputs,
        rules=rules.VERSION,
        model="" if assessment is None else assessment.model,
        on_arrival=decision.on_arrival,
        missing=decision.missing,
        examination=examination,
        needs=case.needs,
    )


def _is_same(one: Decided, other: Decided) -> bool:
    """Return whether two decisions say the same, on whatever inputs."""
    return (one.decision, one.reasons, one.missing, one.on_arrival) == (
        other.decision,
        other.reasons,
        other.missing,
        other.on_arrival,
    )


def _order(
    act: Act,
    case: Case,
    decision: Decision,
    examination: str,
    parts: tuple[Part, ...],
    *,
    is_new: bool,
) -> None:
    """Give all agencies one appointment, and tell the trader."""
    agencies = tuple(part.agency for part in parts)
    reasons = tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))
    body = ExaminationOrdered(
        examination,
        case.mrn,
        case.declaration.office,
        agencies,
        reasons,
        decision.is_mandatory,
        parts,
    )
    act.append(body, subject=f"examination:{examination}")
    if is_new and len(tables.examinations_of(act.connection, case.mrn)) == 1:
        order_control(act, case.mrn, agencies, rules.for_trader(reasons))


def _ask(act: Act, case: Case, decision: Decision, asked: tuple[MissingDocument, ...]) -> None:
    """Ask for the missing documents that were not asked for before, agency by agency."""
    new = [each for each in decision.missing if each not in asked]
    for agency, wanted in groupby(sorted(new, key=_agency), key=_agency):
        documents, reasons = _request(wanted)
        request_documents(by_rules(act, agency), case.mrn, documents, reasons)


def _agency(missing: MissingDocument) -> str:
    return missing.agency


def _request(
    wanted: Iterable[MissingDocument],
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    each = tuple(wanted)
    types = dict.fromkeys(code for one in each for code in one.type_codes)
    return tuple(types), tuple(Reason("CLR_R01", one.text, one.number) for one in each)
