"""What happens to a lane after the choice. Subject: `declaration:<MRN>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.clearance.model import Scope
from clearway.terms.identifiers import Mrn


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
