"""What happens to a lane after the choice. Subject: `declaration:<MRN>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.clearance.model import Conformity, Discrepancy, Scope
from clearway.ledger.fact import BY_FIELD
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Money


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A documentary check that nobody began became an audit after clearance.

    Args:
        office: whose place of the blue lane it takes.
        day: on which day, since 1970 UTC.
        examination: the order that nobody began.
        ordered_at: since when it waited.
        waited_days: the office's limit, which has passed.
    """

    TYPE: ClassVar[str] = "clearance.rerouted/1"

    mrn: Mrn
    office: str
    day: int
    examination: str
    ordered_at: datetime
    waited_days: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """An officer stopped a green declaration while it was held.

    Args:
        scope: what customs wants to look at.
        reason: in the officer's words.
    """

    TYPE: ClassVar[str] = "clearance.stopped/1"

    mrn: Mrn
    scope: Scope
    reason: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit after clearance found.

    Args:
        agency: that audited.
        outcome: conform or not.
        findings: what was found; empty when conform.
        extra_revenue: duties and taxes found to be owed besides; None: none.
        ended_at: aware UTC.
    """

    TYPE: ClassVar[str] = "clearance.audited/1"
    FORM: ClassVar[int] = BY_FIELD

    mrn: Mrn
    agency: str
    outcome: Conformity
    findings: tuple[Discrepancy, ...]
    extra_revenue: Money | None
    ended_at: datetime
