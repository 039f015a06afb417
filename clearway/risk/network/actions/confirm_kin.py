"""Say of a proposed link whether it is one: links are proposals, a confirmed link is a fact."""

from __future__ import annotations

from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.network.facts import KinConfirmed
from clearway.risk.network.model import Link, Verdict

_MOST_REASON = 2_000


def confirm_kin(
    act: Act, one: str, other: str, verdict: Verdict, reason: str, link: Link | None = None
) -> Fact:
    """Record a person's word on two numbers; a later word replaces it.

    Args:
        one, other: party numbers, in any order.
        verdict: the same people, or different ones.
        reason: why, in the officer's words; it is what an appeal will ask for.
        link: as it was proposed, if it was.

    Raises:
        Refused: policy says no.
        RuleViolation: the two are one number, a number is missing, the link is of others, or the
            reason is missing or too long.
    """
    act.require("risk.confirm_kin")
    first, second = sorted((one.strip(), other.strip()))
    if not first or first == second:
        raise RuleViolation("A link needs two different party numbers; give both")
    if link is not None and (link.one, link.other) != (first, second):
        raise RuleViolation(
            f"The proposal links {link.one} and {link.other}, not {first} and {second}"
        )
    if not 0 < len(reason.strip()) <= _MOST_REASON:
        raise RuleViolation(f"Say why, in at most {_MOST_REASON} characters")
    body = KinConfirmed(
        one=first,
        other=second,
        verdict=verdict,
        reason=reason.strip(),
        probability=None if link is None else link.probability,
        shared=() if link is None else link.shared,
    )
    return act.append(body, subject=f"party:{first}")
