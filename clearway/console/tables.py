"""What pages ask across rooms and no room answers alone: events of several subjects, counts.

Read-only, as everything in the console.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from clearway.clearance import schema as clearance
from clearway.clearance.facts import Examined
from clearway.clearance.model import Conformity
from clearway.declarations import schema as declarations
from clearway.ledger import tables as ledger
from clearway.ledger.fact import decode

_FACT, _GOODS = ledger.fact.c, clearance.consignment.c


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, without its content.

    Args:
        type: stored type, such as `declaration.released/1`.
        occurred_at: aware UTC.
    """

    seq: int
    type: str
    subject: str
    actor: str
    issuer: str
    occurred_at: datetime


def events_of(
    connection: Connection, subjects: Sequence[str], *, limit: int = 500
) -> tuple[Event, ...]:
    """Return the facts about these subjects, in their order."""
    columns = (_FACT.seq, _FACT.type, _FACT.subject, _FACT.actor, _FACT.issuer, _FACT.occurred_at)
    query = select(*columns).where(_FACT.subject.in_(subjects)).order_by(_FACT.seq).limit(limit)
    return tuple(Event(*row) for row in connection.execute(query))


def event_at(connection: Connection, seq: int) -> Event | None:
    """Return one fact of the log without its content, or None."""
    columns = (_FACT.seq, _FACT.type, _FACT.subject, _FACT.actor, _FACT.issuer, _FACT.occurred_at)
    row = connection.execute(select(*columns).where(_FACT.seq == seq)).first()
    return None if row is None else Event(*row)


def count_released(connection: Connection, since: datetime) -> int:
    """Return how many consignments were released since an instant."""
    query = select(func.count()).where(_GOODS.released_at >= since)
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Lane:
    """What came from one country.

    Args:
        country: of dispatch, ISO 3166-1 alpha-2.
        count: consignments lodged.
        selected: of these, for an examination of goods or documents.
        not_conform: of these, found not conform.
    """

    country: str
    count: int
    selected: int
    not_conform: int


def lanes(connection: Connection) -> tuple[Lane, ...]:
    """Return one lane per country of dispatch, the busiest first."""
    country = declarations.declaration.c.country_of_dispatch
    selected = case((_GOODS.examination != "", 1), else_=0)
    query = (
        select(country, func.count(), func.sum(selected))
        .join(clearance.consignment, _GOODS.mrn == declarations.declaration.c.mrn)
        .group_by(country)
    )
    found = connection.execute(query).all()
    bad = Counter(_not_conform(connection))
    made = (Lane(code, count, int(chosen), bad[code]) for code, count, chosen in found)
    return tuple(sorted(made, key=lambda lane: (-lane.count, lane.country)))


def _not_conform(connection: Connection) -> Iterator[str]:
    """Yield the country of dispatch of each consignment that was found not conform."""
    results, header = clearance.result, declarations.declaration
    query = (
        select(header.c.mrn, header.c.country_of_dispatch, results.c.body)
        .join(clearance.examination, clearance.examination.c.id == results.c.examination)
        .join(header, header.c.mrn == clearance.examination.c.mrn)
    )
    seen = set()
    for mrn, country, body in connection.execute(query):
        if mrn not in seen and decode(body, Examined).outcome is Conformity.NOT_CONFORM:
            seen.add(mrn)
            yield country
