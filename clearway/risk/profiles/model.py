"""One version of a rule, and where it stands in its life.

draft --back-test--> draft --activate (another person)--> active --retire (another)--> retired
                                                          active --a newer one--> replaced
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clearway.errors import BadTerm
from clearway.risk.model import Profile

MOST_ACTIVE = 1_000
"""Rules in force at once: what a back-test still weighs a new one against in seconds."""


class State(StrEnum):
    """Where a version of a rule stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    REPLACED = "replaced"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the selections of a rule in each office; mandatory rules have no bounds.

    Args:
        most_per_day: selections a day; None: as many as the lanes have room for.
        opens: hour UTC from which it selects.
        closes: hour UTC from which it does so no more.
    """

    most_per_day: int | None = None
    opens: int = 0
    closes: int = 24

    def __post_init__(self) -> None:
        if self.most_per_day is not None and self.most_per_day < 0:
            raise BadTerm("most_per_day", self.most_per_day, "is 0 or more", field="most_per_day")
        if not 0 <= self.opens < self.closes <= 24:
            raise BadTerm(
                "hours of a rule", (self.opens, self.closes), "open before they close, 0 to 24",
                field="opens",
            )  # fmt: skip


NO_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Tested:
    """The back-test of a version.

    Args:
        seq: of its fact.
        at: when it was recorded.
        expression: SHA-256 of the expression that was tried.
        declarations: in the history.
        hits: of them.
        examined, found: among the hits.
        sampled: share of the declarations that were judged.
    """

    seq: int
    at: datetime
    expression: str
    declarations: int
    hits: int
    examined: int
    found: int
    sampled: float = 1.0


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule.

    Args:
        profile: the rule itself; its id names the rule, whatever the version.
        version: from 1.
        state: where it stands.
        bounds: of its selections.
        reason: why it was drafted.
        author: who did, such as `officer:amina`.
        drafted_at: when.
        tested: its last back-test; None: it was not tried.
        approver: who activated it; "": nobody.
        activated_at, ended_at: when; None: not.
        ended_why: why it was retired or replaced.
        ended_by: who did.
    """

    profile: Profile
    version: int
    state: State
    bounds: Bounds
    reason: str
    author: str
    drafted_at: datetime
    tested: Tested | None = None
    approver: str = ""
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    ended_why: str = ""
    ended_by: str = ""
