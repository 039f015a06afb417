"""An officer releases goods that the rules hold, and says why."""

from __future__ import annotations

from clearway.clearance import rules
from clearway.clearance.actions.settle import let_go
from clearway.clearance.evidence import gather, load_case
from clearway.clearance.facts import Decided
from clearway.clearance.model import Outcome
from clearway.declarations import tables as declarations
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.reason import Reason


def release(act: Act, mrn: Mrn, reason: str) -> Fact:
    """Release by hand; return the fact of the decision, which bears the officer's name.

    Args:
        reason: one sentence; the trader sees it.

    Raises:
        NotFound: no such declaration.
        WrongState: an examination is open, the goods are refused, released or not here.
        RuleViolation: no reason is given.
        Refused: policy says no (four eyes, own goods, not a customs officer).
    """
    summary = declarations.get_summary(act.connection, mrn)
    act.require("clearance.release", **summary.policy_attributes)
    case = load_case(act.connection, mrn)
    evidence = gather(act.connection, case, act.now)
    rules.require_releasable(evidence.consignment.outcome, evidence.situation, reason, mrn=str(mrn))
    reasons = (Reason("CLR_R80", reason.strip()),)
    body = Decided(
        mrn=mrn,
        decision=Outcome.RELEASE,
        reasons=reasons,
        inputs=evidence.inputs,
        rules=rules.VERSION,
        model="" if case.last is None else case.last.model,
        by_hand=True,
        needs=case.needs,
    )
    fact = act.append(body, subject=f"declaration:{mrn}")
    let_go(act, case, reasons)
    return fact
