"""Retire a rule, which another than its author must do, or give up a draft.

A rule in force was agreed on by two people; to end it lowers control, so it takes two as well: who
vouched for it and somebody else. What floods a lane meanwhile is bounded by the lane's capacity.
"""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.profiles import tables
from clearway.risk.profiles.facts import RuleRetired
from clearway.risk.profiles.model import State


def retire(act: Act, id: str, version: int, reason: str) -> Fact:
    """Record that a version of a rule selects no longer, or never will.

    Raises:
        Refused: policy says no, or the author would end what is in force. NotFound: there is no
            such version.
        WrongState: its life is over already, or no reason is given.
    """
    act.require("risk.retire_rule", subject=id)
    found = tables.get(act.connection, id, version)
    if found.state is State.ACTIVE:
        act.require("risk.retire_rule", subject=id, drafted_by=found.author)
    if found.state not in (State.DRAFT, State.ACTIVE):
        raise WrongState(f"Version {version} of the rule {id} is {found.state} already")
    if not reason.strip():
        raise WrongState(f"Say why the rule {id} is retired")
    rules = tables.rules_in_force(act.connection)
    if found.state is State.ACTIVE:
        others = [one for one in tables.active(act.connection) if one.id != id]
        rules = tables.set_of(tuple(others))
    return act.append(RuleRetired(id, version, rules.version, reason), subject=f"rule:{id}")
