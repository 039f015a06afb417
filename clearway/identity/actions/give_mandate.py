"""One party lets another act for it."""

from __future__ import annotations

from clearway.errors import RuleViolation
from clearway.identity.facts import MandateGiven
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period


def give_mandate(act: Hand, principal: PartyId, agent: PartyId, period: Period) -> Fact:
    """Let `agent` act for `principal` during `period`; replaces an earlier mandate of the two.

    The principal itself may give it, or an administrator who holds the signed paper.

    Raises: Refused. RuleViolation: a party cannot represent itself by mandate, or the period is
    over already.
    """
    act.require("identity.manage", what="mandate", party=principal)
    if principal == agent:
        raise RuleViolation(f"{principal} needs no mandate for itself")
    if period.end is not None and period.end <= act.now:
        raise RuleViolation(f"The mandate would have ended already, at {period.end.isoformat()}")
    return act.append(MandateGiven(principal, agent, period), subject=f"party:{principal}")
