"""Who held the goods at the border, and how much of their life went in whose hands.

From loading to arrival the carrier holds them; then the terminal, but for the hours in which an
agency examines. Life comes from the container's own readings, gone through once more
(`coldchain.watch`), so that what was told late counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clearway.clearance.model import Step
from clearway.coldchain.model import Commodity, Journey, Reading
from clearway.coldchain.state import begin
from clearway.coldchain.watch import trace
from clearway.insight.model import Custody, LifePoint

CARRIER, TERMINAL = "carrier", "terminal"


@dataclass(frozen=True, slots=True)
class Opening:
    """The hours in which one agency examined."""

    agency: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class BorderStay:
    """One consignment at the border.

    Args:
        loaded_at: start of the journey.
        arrived_at: at the border.
        openings: of all agencies, in any order.
        released_at: the present instant while it waits.
    """

    loaded_at: datetime
    arrived_at: datetime
    openings: tuple[Opening, ...]
    released_at: datetime


def custodies(stay: BorderStay) -> tuple[Custody, ...]:
    """Return who held the goods from loading to release, without gap or overlap."""
    held = [Custody(CARRIER, stay.loaded_at, stay.arrived_at)]
    reached, step = stay.arrived_at, Step.EXAMINATION_STARTED
    for one in sorted(stay.openings, key=lambda each: (each.started_at, each.ended_at)):
        start, end = max(one.started_at, reached), min(one.ended_at, stay.released_at)
        if start > reached:
            held.append(Custody(TERMINAL, reached, start, step))
        if end > start:
            held.append(Custody(one.agency, start, end, Step.EXAMINED))
        reached, step = max(reached, end), Step.EXAMINED
    if stay.released_at > reached:
        held.append(Custody(TERMINAL, reached, stay.released_at, Step.RELEASED))
    return tuple(one for one in held if one.ended_at > one.started_at)


def life_points(
    readings: Iterable[Reading], journey: Journey, commodity: Commodity
) -> tuple[LifePoint, ...]:
    """Return how much life the goods had used after each reading.

    Args:
        readings: in order of time.
    """
    start = begin(journey.container, journey)
    return tuple(
        LifePoint(state.at, state.goods.consumed.middle)
        for state, _ in trace(start, readings, commodity)
        if state.at is not None and state.goods is not None
    )
