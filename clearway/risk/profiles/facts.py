"""What is stated of rules. Subject of all: `rule:<id>`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.risk.model import Profile
from clearway.risk.profiles.model import Bounds


@dataclass(frozen=True, slots=True)
class RuleDrafted:
    """Somebody wrote a version of a rule; nothing is selected by it yet.

    Args:
        profile: the rule.
        version: from 1; the versions of a rule follow one another.
        bounds: of its selections.
        reason: why.
    """

    TYPE: ClassVar[str] = "risk.rule_drafted/1"

    profile: Profile
    version: int
    bounds: Bounds
    reason: str


@dataclass(frozen=True, slots=True)
class RuleTested:
    """A version was tried on the history.

    Args:
        rule: its id.
        version: that was tried.
        expression: SHA-256 of the expression that was tried.
        declarations: in the history.
        since, until: first and last day of it.
        hits: declarations that the rule would have selected.
        examined: of them, as it happened.
        found: of these, not conform.
        revenue: that the examinations of its hits brought.
        sampled: share of the declarations that were judged; 1: all.
    """

    TYPE: ClassVar[str] = "risk.rule_tested/1"

    rule: str
    version: int
    expression: str
    declarations: int
    since: str
    until: str
    hits: int
    examined: int
    found: int
    revenue: float
    sampled: float = 1.0


@dataclass(frozen=True, slots=True)
class RuleActivated:
    """From now on a version selects, in its period; a former version of the rule no longer does.

    Args:
        rule: its id.
        version: that selects.
        expression: SHA-256 of its expression.
        tested: seq of the back-test of the same expression.
        rules: version of the whole set from now on, as assessments name it.
        reason: why, in the approver's words.
    """

    TYPE: ClassVar[str] = "risk.rule_activated/1"

    rule: str
    version: int
    expression: str
    tested: int
    rules: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleRetired:
    """A version no longer selects; or a draft was given up.

    Args:
        rule: its id.
        version: that does no longer.
        rules: version of the whole set from now on.
        reason: why.
    """

    TYPE: ClassVar[str] = "risk.rule_retired/1"

    rule: str
    version: int
    rules: str
    reason: str
