"""A stretch of time, half open: its start belongs to it, its end does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.errors import BadTerm

_ZERO = timedelta(0)


def require_utc(term: str, instant: datetime) -> datetime:
    """Return an aware UTC instant. Raises: BadTerm: naive, or of another zone."""
    if instant.utcoffset() != _ZERO:
        raise BadTerm(term, instant.isoformat(), "must be an instant in UTC, such as ...T12:00Z")
    return instant


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to just before `end`, aware UTC.

    Args:
        start: first instant.
        end: first instant after it; None: until further notice.
    """

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        """Check both ends."""
        require_utc("Period", self.start)
        if self.end is not None and require_utc("Period", self.end) <= self.start:
            shown = f"{self.start.isoformat()} to {self.end.isoformat()}"
            raise BadTerm("Period", shown, "must end after it starts")

    @property
    def duration(self) -> timedelta | None:
        """How long it lasts; None when it is open."""
        return None if self.end is None else self.end - self.start

    def contains(self, instant: datetime) -> bool:
        """Return whether the instant lies in the period."""
        return self.start <= instant and (self.end is None or instant < self.end)

    def overlaps(self, other: Period) -> bool:
        """Return whether some instant lies in both."""
        return self.contains(other.start) or other.contains(self.start)
