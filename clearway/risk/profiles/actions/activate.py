"""Activate a rule: from this fact on it selects. Another person than its author must do it."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.profiles import tables
from clearway.risk.profiles.facts import RuleActivated
from clearway.risk.profiles.model import MOST_ACTIVE, State
from clearway.risk.rules import digest_of


def activate(act: Act, id: str, version: int, reason: str = "") -> Fact:
    """Record that a version of a rule selects from now on, within its period.

    Raises:
        Refused: policy says no, or the author is the one who would approve.
        NotFound: there is no such version.
        WrongState: it is no draft, was never tried on the history, its period is over, or
            `MOST_ACTIVE` others are in force.
    """
    found = tables.get(act.connection, id, version)
    act.require("risk.activate_rule", subject=id, drafted_by=found.author)
    profile = found.profile
    digest = digest_of(profile.expression)
    if found.state is not State.DRAFT:
        raise WrongState(
            f"Version {version} of the rule {id} is {found.state}; only a draft can be activated"
        )
    if found.tested is None or found.tested.expression != digest:
        raise WrongState(f"Version {version} of the rule {id} needs a back-test first")
    if profile.period.end is not None and profile.period.end <= act.now:
        raise WrongState(f"The period of version {version} of the rule {id} is over; draft another")
    others = [one for one in tables.active(act.connection) if one.id != id]
    if len(others) >= MOST_ACTIVE:
        raise WrongState(f"{len(others)} rules are in force, as many as can be; retire one first")
    stated = RuleActivated(
        rule=id,
        version=version,
        expression=digest,
        tested=found.tested.seq,
        rules=tables.set_of((*others, profile)).version,
        reason=reason,
    )
    return act.append(stated, subject=f"rule:{id}")
