"""How an action takes up an application: load, ask policy, see that the step may follow.

    held = take_up(act, number, Step.APPROVE)
    held = take_up_issued(act, key, Step.WITHDRAW)

Policy is asked with all that it needs for a second person and for own goods; the rule of the room
is held apart from it, so that no policy file can switch it off where the profile demands it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course, rules, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Application
from clearway.certificates.model import Key
from clearway.errors import Refused
from clearway.identity.model import Actor
from clearway.policy.act import Act, Policy

# What policy calls each step.
ACTIONS: Final[dict[Step, str]] = {
    Step.APPLY: "certificate.apply",
    Step.AMEND: "certificate.apply",
    Step.CANCEL: "certificate.apply",
    Step.RECORD_RESULT: "certificate.inspect",
    Step.SEND_BACK: "certificate.approve",
    Step.REFUSE: "certificate.approve",
    Step.APPROVE: "certificate.approve",
    Step.ISSUE: "certificate.issue",
    Step.WITHDRAW: "certificate.end",
    Step.REPLACE: "certificate.apply",
    Step.EXPIRE: "certificate.exchange",
    Step.DISPATCH: "certificate.exchange",
    Step.REPORT_DELIVERY: "certificate.exchange",
    Step.REPORT_USE: "certificate.exchange",
    Step.REJECT: "certificate.exchange",
    Step.NOTIFY: "certificate.exchange",
}

# Steps that judge; whoever did the work before them must not take them.
JUDGING: Final = frozenset({Step.APPROVE, Step.ISSUE})


@dataclass(frozen=True, slots=True)
class Possible:
    """A step that may follow, and whether this actor may take it.

    Args:
        allowed: policy and rules say yes.
        reason: why, or why not, in plain words.
    """

    step: Step
    allowed: bool
    reason: str


def take_up(act: Act, number: str, step: Step) -> Application:
    """Return an application with which this actor may take this step now.

    Raises: NotFound, Refused, WrongState.
    """
    return _ready(act, tables.get_application(act.connection, number), step)


def take_up_issued(act: Act, key: Key, step: Step) -> Application:
    """Return a certificate of ours with which this actor may take this step now.

    Raises: NotFound, Refused, WrongState.
    """
    return _ready(act, tables.get_issued(act.connection, key), step)


def _ready(act: Act, held: Application, step: Step) -> Application:
    require(act.policy, act.actor, held, step)
    course.require(step, held.stage, name_of(held))
    return held


def require(policy: Policy, actor: Actor, held: Application, step: Step) -> str:
    """Return why this actor may take a step. Raises: Refused: why not."""
    allowed = policy.require(actor, ACTIONS[step], asked(held, actor, step))
    if step in JUDGING:
        profile = profile_of(held.type_code)
        rules.require_second_person(held, actor.reference, step, profile)
    return allowed.reason


def require_read(policy: Policy, actor: Actor, held: Application) -> None:
    """Refuse whoever may not see an application. Raises: Refused."""
    policy.require(actor, "application.read", asked(held, actor, Step.APPLY))


def asked(held: Application, actor: Actor, step: Step) -> dict[str, str]:
    """Return what policy must know of an application to judge a step."""
    stated = {"agency": held.agency, "certificate": held.subject}
    if held.party:
        stated["party"] = held.party
    if step in JUDGING:
        stated |= rules.hands(held, actor.reference, profile_of(held.type_code))
    return stated


def possible_steps(held: Application, actor: Actor, policy: Policy) -> tuple[Possible, ...]:
    """Return the steps that may follow now, for this actor: what a screen shows as buttons.

    A step of no use to a person, such as a report of the exchange, is among them: the screen
    chooses. Steps that cannot follow at this stage are left out, with or without permission.
    """
    return tuple(_judged(held, actor, policy))


def _judged(held: Application, actor: Actor, policy: Policy) -> Iterator[Possible]:
    for step in course.steps_from(held.stage):
        try:
            yield Possible(step, True, require(policy, actor, held, step))
        except Refused as error:
            yield Possible(step, False, error.detail)


def name_of(held: Application) -> str:
    """Return how people know it: by its certificate once issued, by its application before."""
    if held.issued is not None:
        return f"certificate {held.issued.number}"
    return f"application {held.number}"
