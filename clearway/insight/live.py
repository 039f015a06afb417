"""The running day: the same calculations as over the lake, fed from the node's own tables.

For the dashboard only; published figures come from the lake. At most the latest `MOST` consignments
are looked at, so that a question never weighs on the node.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from clearway.clearance import tables
from clearway.clearance.model import Conformity, Step
from clearway.clearance.record import Consignment
from clearway.insight.hit_rates import hit_rates
from clearway.insight.model import HitRate, Passage, ReleaseTime, Selection, Stay
from clearway.insight.release_times import study
from clearway.risk import tables as risk

MOST = 5_000
_PAGE = 500
_CUSTOMS = "customs"
_TRADER_STEPS = frozenset({Step.LODGED, Step.DOCUMENTS_COMPLETE})


@dataclass(frozen=True, slots=True)
class Hour:
    """What happened in one hour."""

    at: datetime
    lodged: int
    released: int
    examined: int


def consignments(connection: Connection) -> tuple[Consignment, ...]:
    """Return the latest consignments, at most `MOST`."""
    found: list[Consignment] = []
    before: int | None = None
    while len(found) < MOST:
        page = tables.list_consignments(connection, before=before, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            break
        before = page[-1].seq
    return tuple(found)


def release_times(connection: Connection) -> tuple[ReleaseTime, ...]:
    """Return hours from arrival to each step (TFA 7.6)."""
    return study(stay_of(each) for each in consignments(connection))


def hits(connection: Connection) -> tuple[HitRate, ...]:
    """Return what examinations found, by channel and stratum."""
    return hit_rates(_selection(connection, each) for each in consignments(connection))


def stay_of(consignment: Consignment) -> Stay:
    """Return a consignment's way as a time release study counts it."""
    passages = tuple(
        Passage(step, "trader" if step in _TRADER_STEPS else _CUSTOMS, at)
        for step, at in consignment.steps()
    )
    return Stay(
        mrn=consignment.mrn,
        passages=passages,
        mode=consignment.mode,
        channel=consignment.channel,
        chapter=consignment.chapter,
        office=consignment.office,
    )


def _selection(connection: Connection, consignment: Consignment) -> Selection:
    orders = tables.examinations_of(connection, consignment.mrn) if consignment.examination else ()
    results = [result for order in orders for result in order.results]
    return Selection(
        channel=consignment.channel,
        stratum=consignment.stratum,
        propensity=_propensity(connection, consignment),
        is_examined=any(order.closed_at is not None for order in orders),
        is_hit=any(result.outcome is Conformity.NOT_CONFORM for result in results),
        extra_revenue=sum(
            (result.extra_revenue.amount for result in results if result.extra_revenue),
            start=Decimal(0),
        ),
    )


def _propensity(connection: Connection, consignment: Consignment) -> float:
    if not consignment.channel:
        return 0.0
    return risk.get_assessment(connection, consignment.mrn).assessment.propensity


def flow(connection: Connection) -> tuple[Hour, ...]:
    """Return the hours of the latest day with what was lodged, released and examined in each."""
    counts: dict[datetime, list[int]] = {}
    for each in consignments(connection):
        stamps = (each.lodged_at, each.released_at, each.examined_at)
        for place, at in enumerate(stamps):
            if at is not None:
                hour = at.replace(minute=0, second=0, microsecond=0)
                counts.setdefault(hour, [0, 0, 0])[place] += 1
    return tuple(Hour(hour, *counts[hour]) for hour in sorted(counts)[-24:])
