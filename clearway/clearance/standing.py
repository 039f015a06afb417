"""In whose name the rules act.

A trader lodges, a terminal reports an arrival, an authority sends a certificate: what follows by
the rules (an examination, a release) is not theirs to decide. It is done in the name of the
administration's rules, which is an actor of its own in every fact, so that nobody takes it for the
decision of a person, nor of whoever happened to knock.
"""

from __future__ import annotations

from dataclasses import replace

from clearway.clearance.calls import CUSTOMS
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act

RULES = Actor(
    ActorKind.SYSTEM,
    "clearance",
    CUSTOMS,
    frozenset({Role.CUSTOMS_OFFICER}),
    name="Rules of clearance",
)


def by_rules(act: Act, agency: str = CUSTOMS) -> Act:
    """Return the same act in the name of the rules of an agency."""
    return replace(act, actor=replace(RULES, agency=agency))
