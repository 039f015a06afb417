"""Who held the goods at the border, and how much of their life went in whose hands.

Handovers on record (`movements`) say who held them. Where none is on record, the carrier holds
them from loading to arrival, then the terminal, but for the hours in which an agency examines. Life
comes from the container's own readings, gone through once more (`coldchain.watch`), so that what
was told late counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clearway.clearance.model import Step
from clearway.coldchain.custody import Held, LifePoint
from clearway.coldchain.model import Commodity, Journey, Reading
from clearway.coldchain.state import begin
from clearway.coldchain.watch import trace
from clearway.movements.model import CustodySpan

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


def custodies(stay: BorderStay, handovers: Iterable[CustodySpan] = ()) -> tuple[Held, ...]:
    """Return who held the goods from loading to release, without gap or overlap.

    Args:
        handovers: on record, in order; from the first on they hold, but for examinations.
    """
    return (*_before(stay, spans := tuple(handovers)), *_on_record(stay, spans))


def _before(stay: BorderStay, handovers: tuple[CustodySpan, ...]) -> tuple[Held, ...]:
    """Return the custodies up to the first handover, as the border takes them to be."""
    until = min(handovers[0].since, stay.released_at) if handovers else stay.released_at
    held = [Held(CARRIER, stay.loaded_at, min(stay.arrived_at, until))]
    held += _with_examinations(stay, TERMINAL, stay.arrived_at, until, Step.RELEASED)
    return tuple(one for one in held if one.until > one.since)


def _on_record(stay: BorderStay, handovers: tuple[CustodySpan, ...]) -> tuple[Held, ...]:
    held: list[Held] = []
    for span in handovers:
        until = stay.released_at if span.until is None else min(span.until, stay.released_at)
        held += _with_examinations(stay, span.holder, span.since, until, None)
    return tuple(one for one in held if one.until > one.since)


def _with_examinations(
    stay: BorderStay, holder: str, since: datetime, until: datetime, last: Step | None
) -> list[Held]:
    """Return one holder's custody, cut where agencies examine.

    Args:
        last: what was waited for after the last examination; None: not at the border, or not known.
    """
    held: list[Held] = []
    reached = since
    step = "" if last is None else Step.EXAMINATION_STARTED.value
    for one in sorted(stay.openings, key=lambda each: (each.started_at, each.ended_at)):
        start, end = max(one.started_at, reached), min(one.ended_at, until)
        if end <= start:
            continue
        if start > reached:
            held.append(Held(holder, reached, start, step))
        held.append(Held(one.agency, start, end, Step.EXAMINED))
        reached = end
        step = "" if last is None else Step.EXAMINED.value
    if until > reached:
        held.append(Held(holder, reached, until, "" if last is None else last))
    return held


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
