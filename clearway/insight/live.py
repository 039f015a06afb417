"""The running day: the same calculations as over the lake, fed from the node's own tables.

For the dashboard only; published figures come from the lake (`archive`). At most the latest `MOST`
consignments are looked at, so that a question never weighs on the node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from clearway.clearance import tables
from clearway.clearance.model import Conformity, Result, Scope, Step
from clearway.clearance.record import Consignment
from clearway.coldchain import commodities
from clearway.coldchain import tables as coldchain
from clearway.coldchain.custody import Attribution, attribute
from clearway.coldchain.model import Reading
from clearway.coldchain.state import Unit
from clearway.errors import WrongState
from clearway.insight.custody import BorderStay, Opening, custodies, life_points
from clearway.insight.hit_rates import hit_rates, targeting
from clearway.insight.life import by_custody
from clearway.insight.model import (
    HitRate,
    LifeSpent,
    Passage,
    ReleaseTime,
    Selection,
    Stay,
    Targeting,
)
from clearway.insight.release_times import study
from clearway.movements import tables as movements

MOST = 5_000
_CUSTOMS = "customs"
WHO = {
    Step.LODGED: "trader",
    Step.ARRIVED: "carrier",
    Step.DOCUMENTS_COMPLETE: "trader",
    Step.EXAMINATION_ORDERED: _CUSTOMS,
    Step.EXAMINATION_STARTED: _CUSTOMS,
    Step.RELEASED: _CUSTOMS,
}
"""Who passes a step; EXAMINED is passed by each agency for itself."""

Reports = dict[str, list[tuple[Scope, Result]]]


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
        page = tables.list_consignments(connection, before=before, limit=tables.MOST_LISTED)
        found += page
        if len(page) < tables.MOST_LISTED:
            break
        before = page[-1].seq
    return tuple(found)


def release_times(
    connection: Connection, *, since: Step = Step.ARRIVED, by: tuple[str, ...] = ()
) -> tuple[ReleaseTime, ...]:
    """Return hours from arrival (or another step) to each step (TFA 7.6)."""
    found = consignments(connection)
    reports = _reports(connection, found)
    return study((_stay(each, reports) for each in found), since=since, by=by)


def hits(connection: Connection) -> tuple[HitRate, ...]:
    """Return what examinations by customs found, by channel and stratum."""
    return hit_rates(_selections(connection))


def aim(connection: Connection) -> Targeting:
    """Return how much of what is hidden the selection finds, estimated without bias."""
    return targeting(_selections(connection))


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


def life_of(
    connection: Connection, mrn: str, now: datetime
) -> tuple[tuple[str, tuple[LifeSpent, ...]], ...]:
    """Return for each cold container of a consignment the life spent in each custody so far.

    Raises: NotFound: no such declaration.
    """
    consignment = tables.get(connection, mrn)
    orders = tables.examinations_of(connection, mrn)
    openings = tuple(
        Opening(result.agency, result.started_at, result.ended_at)
        for order in orders
        for result in order.results
    )
    found = []
    for box in tables.containers_of(connection, mrn):
        unit = coldchain.find_unit(connection, box.container)
        commodity = None if unit is None or unit.journey is None else unit.journey.commodity
        known = commodities.find(commodity)
        if unit is None or unit.journey is None or known is None or box.arrived_at is None:
            continue
        loaded_at = unit.journey.loaded_at
        readings = coldchain.get_readings(connection, box.container, since=loaded_at)
        points = life_points(readings, unit.journey, known)
        stay = BorderStay(loaded_at, box.arrived_at, openings, consignment.released_at or now)
        handovers = movements.custody_spans(connection, box.container, since=loaded_at)
        found.append((box.container, by_custody(points, custodies(stay, handovers))))
    return tuple(found)


def loss_in(
    connection: Connection, unit: Unit, readings: Iterable[Reading], now: datetime
) -> Attribution:
    """Return in whose hands the goods of a container lost their life, since they were loaded.

    Args:
        readings: of the container since then, in order of time.

    Raises: WrongState: nobody told which goods it holds.
    """
    journey = unit.journey
    known = None if journey is None else commodities.find(journey.commodity)
    if journey is None or known is None:
        raise WrongState(
            f"Nobody told which goods went into {unit.container}; tell its journey, then ask again"
        )
    handovers = movements.custody_spans(connection, unit.container, since=journey.loaded_at)
    stay = _stay_of(connection, unit.container, journey.loaded_at, now)
    return attribute(life_points(readings, journey, known), custodies(stay, handovers))


def _stay_of(
    connection: Connection, container: str, loaded_at: datetime, now: datetime
) -> BorderStay:
    """Return the stay, with the examinations of the open declaration that names the container."""
    here = movements.find(connection, container)
    arrived_at = None if here is None else here.arrived_at
    ended_at = (None if here is None else here.departed_at) or now
    openings: tuple[Opening, ...] = ()
    for mrn in tables.in_container(connection, container)[-1:]:
        arrived_at = tables.get(connection, mrn).arrived_at or arrived_at
        openings = tuple(
            Opening(result.agency, result.started_at, result.ended_at)
            for order in tables.examinations_of(connection, mrn)
            for result in order.results
        )
    return BorderStay(loaded_at, max(arrived_at or now, loaded_at), openings, ended_at)


def _reports(connection: Connection, found: Iterable[Consignment]) -> Reports:
    """Return by MRN what agencies reported."""
    reports: Reports = defaultdict(list)
    first = min((each.seq for each in found), default=0)
    for mrn, scope, result in tables.reports_since(connection, first):
        reports[mrn].append((scope, result))
    return reports


def _stay(consignment: Consignment, reports: Reports) -> Stay:
    """Return a consignment's way as a time release study counts it."""
    passages = [
        Passage(step, WHO[step], at)
        for step, at in consignment.steps()
        if step is not Step.EXAMINED
    ]
    ends: dict[str, datetime] = {}
    for _, result in reports.get(consignment.mrn, ()):
        ends[result.agency] = max(result.ended_at, ends.get(result.agency, result.ended_at))
    passages += [Passage(Step.EXAMINED, agency, at) for agency, at in ends.items()]
    return Stay(
        mrn=consignment.mrn,
        passages=tuple(passages),
        mode=consignment.mode,
        channel=consignment.channel,
        chapter=consignment.chapter,
        office=consignment.office,
    )


def _selections(connection: Connection) -> tuple[Selection, ...]:
    found = consignments(connection)
    reports = _reports(connection, found)
    return tuple(_selection(each, reports) for each in found if each.channel)


def _selection(consignment: Consignment, reports: Reports) -> Selection:
    mine = [
        (scope, result)
        for scope, result in reports.get(consignment.mrn, ())
        if result.agency == _CUSTOMS
    ]
    return Selection(
        channel=consignment.channel,
        stratum=consignment.stratum,
        propensity=consignment.propensity,
        is_examined=bool(mine),
        is_opened=any(scope is Scope.GOODS for scope, _ in mine),
        is_hit=any(result.outcome is Conformity.NOT_CONFORM for _, result in mine),
        extra_revenue=sum(
            (result.extra_revenue.amount for _, result in mine if result.extra_revenue),
            start=Decimal(0),
        ),
    )
