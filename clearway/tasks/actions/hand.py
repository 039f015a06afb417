"""In whose name a task is acted on, and what policy is told of it."""

from __future__ import annotations

from dataclasses import replace

from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act
from clearway.tasks.model import Audience, Task

HOUSE = Actor(ActorKind.SYSTEM, "tasks", "customs", frozenset({Role.WORKER}), name="Rules of tasks")
AUDIENCE_OF = {
    Role.TERMINAL: Audience.TERMINAL,
    Role.CARRIER: Audience.CARRIER,
    Role.TRADER: Audience.TRADER,
    Role.BROKER: Audience.TRADER,
}


def by_house(act: Act, agency: str) -> Act:
    """Return the same act in the name of the rules: an alarm asks, not whoever sent readings."""
    return replace(act, actor=replace(HOUSE, agency=agency))


def stated(actor: Actor, task: Task) -> dict[str, str]:
    """Return what policy is told of a task: as who it asked this actor, whose it is."""
    mine = {AUDIENCE_OF[role] for role in actor.roles if role in AUDIENCE_OF}
    audience = next((one for one in task.audiences if one in mine), task.audience)
    party = {"party": task.party} if task.party else {}
    known = {"task": str(task.seq), "agency": task.agency, "audience": audience.value}
    return {**known, **party}


def require(act: Act, action: str, task: Task) -> None:
    """Ask policy for an action on a task. Raises: Refused."""
    act.require(action, **stated(act.actor, task))
