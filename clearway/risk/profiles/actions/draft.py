"""Draft a rule, or a new version of one: nothing is selected by it yet."""

from __future__ import annotations

import re

from clearway.errors import BadTerm, RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.model import Profile, Stratum
from clearway.risk.profiles import tables
from clearway.risk.profiles.facts import RuleDrafted
from clearway.risk.profiles.model import NO_BOUNDS, Bounds
from clearway.risk.rules import Profiles

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_TAKEN = re.compile(rf"ctl([._-].*)?|model|{'|'.join(Stratum)}", re.IGNORECASE)
"""Mandatory controls are named `CTL-...`; strata and the model stand beside rules in figures."""
_MOST_TEXT = 500


def draft(act: Act, profile: Profile, reason: str, bounds: Bounds = NO_BOUNDS) -> Fact:
    """Record a version of a rule; its number follows the last one's.

    Args:
        profile: the rule; an id that exists makes a new version of that rule.
        reason: why, in the author's words.
        bounds: of its selections in each office.

    Raises:
        Refused: policy says no.
        BadTerm: the id is no name, or one that mandatory controls or strata bear.
        RuleViolation: the expression cannot be used, nobody owns it, the officer's text is missing,
            or a mandatory rule has bounds.
    """
    act.require("risk.draft_rule", subject=profile.id)
    if not _ID.fullmatch(profile.id):
        raise BadTerm("id of a rule", profile.id, "is 1 to 40 letters, digits, '.', '_' or '-'")
    if _TAKEN.fullmatch(profile.id):
        raise BadTerm(
            "id of a rule", profile.id, "would be read as a mandatory control, a stratum or the"
            " model; begin it otherwise, such as R-0302-1", field="id",
        )  # fmt: skip
    if not profile.owner or not 1 <= len(profile.text) <= _MOST_TEXT:
        raise RuleViolation(
            f"The rule {profile.id} needs an owner, and a text of 1 to {_MOST_TEXT} characters that"
            " tells officers why it selects"
        )
    if profile.mandatory and bounds != NO_BOUNDS:
        raise RuleViolation(f"The rule {profile.id} is mandatory; what is mandatory has no bounds")
    Profiles([profile])
    version = tables.latest(act.connection, profile.id) + 1
    return act.append(RuleDrafted(profile, version, bounds, reason), subject=f"rule:{profile.id}")
