"""When to train a new model: on schedule, on drift, and not again at once after a failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# After a failure one waits a day, then two, four, eight at most: thin history grows slowly.
_MOST_WAIT = timedelta(days=8)
_LEAST_GAP = timedelta(days=7)


class Because(StrEnum):
    """Why a model is trained."""

    SCHEDULE = "schedule"
    DRIFT = "drift"
    FIRST = "first"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of training at a moment.

    Args:
        trained_at: when the newest model, active or challenger, was trained; None: there is none.
        drift_at: when drift was noticed last; None: never.
        failed_at: when training failed last; None: not since it worked.
        failures: in a row.
    """

    trained_at: datetime | None = None
    drift_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0


def due(now: datetime, every_days: int, standing: Standing) -> Because | None:
    """Return why a model is to be trained now, None: it is not.

    Args:
        now: aware UTC.
        every_days: of the schedule; 0: by schedule never, by drift all the same.
    """
    if standing.failed_at is not None:
        wait = min(_MOST_WAIT, timedelta(days=2.0 ** (max(1, standing.failures) - 1)))
        if now < standing.failed_at + wait:
            return None
    if standing.trained_at is None:
        return Because.FIRST if every_days else None
    if every_days and now >= standing.trained_at + timedelta(days=every_days):
        return Because.SCHEDULE
    is_new = standing.drift_at is not None and standing.drift_at > standing.trained_at
    if is_new and now >= standing.trained_at + _LEAST_GAP:
        return Because.DRIFT
    return None
