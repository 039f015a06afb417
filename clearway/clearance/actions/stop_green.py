"""An officer stops a green declaration while it is held, and says why."""

from __future__ import annotations

from clearway.clearance import rules
from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import load_case
from clearway.clearance.lanes.facts import Stopped
from clearway.clearance.lanes.tables import lane_of
from clearway.clearance.model import Scope
from clearway.declarations import tables as declarations
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def stop_green(act: Act, mrn: Mrn, scope: Scope, reason: str) -> Fact:
    """Call customs to the goods or documents of a held declaration; return the fact of the stop.

    Args:
        scope: what customs wants to look at.
        reason: one sentence; the trader does not see it.

    Raises:
        NotFound: no such declaration.
        WrongState: it is not held, or its time is over.
        RuleViolation: no reason is given.
        Refused: policy says no.
    """
    summary = declarations.get_summary(act.connection, mrn)
    act.require("clearance.stop", **summary.policy_attributes)
    lane = lane_of(act.connection, mrn)
    rules.require_stoppable(
        lane.held_until if lane.is_held else None, reason, act.now, mrn=str(mrn)
    )
    fact = act.append(Stopped(mrn, scope, reason.strip()), subject=f"declaration:{mrn}")
    settle(act, load_case(act.connection, mrn))
    return fact
