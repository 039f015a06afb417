"""What an order of examination saves: the same arrivals worked off in two orders.

A small model of an examination hall: goods arrive, wait, and are examined in one of several bays.
Whoever orders the queue may be wrong about how long goods keep (`Visit.waiting` holds what was
believed, `Visit.spoils_at` the truth). The demonstration uses it on a real day's arrivals to say
what first come, first served would have cost.

    saved = lost(simulate(visits, bays=3, order=first_come)) - lost(
        simulate(visits, bays=3, order=priority.order))
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from clearway.clearance.model import QueueEntry, Waiting


class Order(Protocol):
    """`priority.order`, or another that it is compared with."""

    def __call__(
        self, waiting: Sequence[Waiting], now: datetime, *, turn: int
    ) -> Sequence[QueueEntry]:
        """Return the queue when `turn` examinations have begun."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One consignment that comes to be examined.

    Args:
        waiting: what the queue believes; `since` is the arrival.
        service_h: hours that its examination really takes.
        spoils_at: when it really is too late for it to leave, aware UTC; None: does not spoil.
    """

    waiting: Waiting
    service_h: float
    spoils_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Treated:
    """A visit that was examined."""

    visit: Visit
    started_at: datetime
    ended_at: datetime

    @property
    def is_lost(self) -> bool:
        """Whether the goods left after they were spoilt."""
        return self.visit.spoils_at is not None and self.ended_at > self.visit.spoils_at

    @property
    def waited_h(self) -> float:
        """Hours from arrival to the beginning of the examination."""
        return (self.started_at - self.visit.waiting.since).total_seconds() / 3600

    @property
    def stay_h(self) -> float:
        """Hours from arrival to the end of the examination."""
        return (self.ended_at - self.visit.waiting.since).total_seconds() / 3600


def simulate(visits: Sequence[Visit], bays: int, order: Order) -> tuple[Treated, ...]:
    """Return every visit with its times, in the order in which examinations began.

    Args:
        visits: in any order.
        bays: examinations at the same time, at least 1.
        order: the queue's order; its first entry takes the bay that became free.
    """
    coming = sorted(visits, key=lambda visit: (visit.waiting.since, visit.waiting.examination))
    waiting: dict[str, Visit] = {}
    free = [coming[0].waiting.since] * bays if coming else []
    treated: list[Treated] = []
    arrived = 0
    while arrived < len(coming) or waiting:
        now = free[0] if waiting else max(free[0], coming[arrived].waiting.since)
        while arrived < len(coming) and coming[arrived].waiting.since <= now:
            waiting[coming[arrived].waiting.examination] = coming[arrived]
            arrived += 1
        entries = tuple(visit.waiting for visit in waiting.values())
        visit = waiting.pop(order(entries, now, turn=len(treated))[0].examination)
        end = now + timedelta(hours=visit.service_h)
        heapq.heapreplace(free, end)
        treated.append(Treated(visit, now, end))
    return tuple(treated)


def lost(treated: Sequence[Treated]) -> int:
    """Return how many consignments were spoilt before they could leave."""
    return sum(one.is_lost for one in treated)


def lost_share(treated: Sequence[Treated]) -> float:
    """Return the share (0 to 1) of the goods that spoil that were lost; 0 when none spoil."""
    spoiling = sum(one.visit.spoils_at is not None for one in treated)
    return lost(treated) / spoiling if spoiling else 0.0
