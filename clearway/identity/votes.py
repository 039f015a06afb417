"""How partner agencies decide together: proposals, votes, and one pure rule that counts them.

Each agency votes in its own log; the receipt of its vote is recorded by the others. A proposal
names who may vote on it, so that the same votes give the same result on every node, in whatever
order they came, and whoever joins later decides nothing that was opened before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class ProposalKind(StrEnum):
    """What agencies decide together."""

    ADMIT = "admit"
    REMOVE = "remove"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is voted on.

    Args:
        kind: of `ProposalKind`.
        subject: origin of the agency to admit or remove; empty for a quorum.
        value: of a quorum: how many witnesses must cosign; else empty.
        term: tells two proposals of the same content apart, such as the date of the first.
        electorate: origins of the agencies that may vote on it, in order.
    """

    kind: str
    subject: str
    value: str
    term: str
    electorate: tuple[str, ...]

    @property
    def id(self) -> str:
        """16 hex digits; the same on every node."""
        content = (self.kind, self.subject, self.value, self.term, *self.electorate)
        parts = ("clearway-proposal/1", *content)
        return sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Vote:
    """One agency's word on a proposal.

    Args:
        voter: origin of the agency.
        approves: yes or no.
    """

    proposal: Proposal
    voter: str
    approves: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a proposal."""

    proposal: str
    kind: str
    subject: str
    value: str
    carried: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Majority:
    """The share of all who may vote that must say yes: `numerator` of `denominator`."""

    numerator: int = 2
    denominator: int = 3

    def needed(self, electorate: int) -> int:
        """Return how many yes are enough: the share, rounded up."""
        return -(-electorate * self.numerator // self.denominator)


TWO_THIRDS = Majority()


class Outcome(StrEnum):
    """Where a count stands."""

    OPEN = "open"
    CARRIED = "carried"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of a proposal's votes.

    Args:
        yes, no: votes that count.
        needed: yes that are enough.
        electorate: how many may vote.
    """

    yes: int
    no: int
    needed: int
    electorate: int

    @property
    def outcome(self) -> Outcome:
        """Carried; or rejected, when too few are left to carry it; or open."""
        if self.electorate and self.yes >= self.needed:
            return Outcome.CARRIED
        if self.electorate - self.no < self.needed or not self.electorate:
            return Outcome.REJECTED
        return Outcome.OPEN


def count(proposal: Proposal, votes: Iterable[Vote], majority: Majority = TWO_THIRDS) -> Tally:
    """Count the votes on one proposal.

    A vote on another, or from outside the electorate, does not count; of two votes of one agency
    the no stands, since who signs both ways is not to be trusted with a yes.
    """
    electorate = frozenset(proposal.electorate)
    said: dict[str, bool] = {}
    for each in votes:
        if each.proposal == proposal and each.voter in electorate:
            said[each.voter] = said.get(each.voter, True) and each.approves
    yes = sum(said.values())
    return Tally(yes, len(said) - yes, majority.needed(len(electorate)), len(electorate))
