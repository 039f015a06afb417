"""Somebody looks at a seal: goods under a broken one are examined."""

from __future__ import annotations

from clearway.clearance.actions.reconsider import reconsider_container
from clearway.movements.actions.check_seal import check_seal as record_check
from clearway.movements.model import SealCheck, Whereabouts
from clearway.policy.act import Act


def check_seal(act: Act, check: SealCheck) -> Whereabouts:
    """Record a look at a seal and decide anew on the goods behind it.

    Raises: RuleViolation: the movement cannot be. Refused.
    """
    whereabouts = record_check(act, check)
    if not check.is_intact:
        reconsider_container(act, check.container)
    return whereabouts
