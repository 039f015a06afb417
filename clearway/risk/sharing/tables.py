"""Sharing's tables, how they follow facts, and what can be asked of them.

`risk_case`        each examined item, of every agency of this node: what counts are made of
`risk_hazard`      cells that partners told
`risk_comparison`  comparisons of watch lists, for their rate
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    select,
)

from clearway.declarations import tables as declarations
from clearway.errors import ClearwayError
from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.risk.guilt import guilty_items
from clearway.risk.history import day_of
from clearway.risk.model import Goods
from clearway.risk.sharing.facts import HazardShared, ListsCompared
from clearway.risk.sharing.hazards import Case, prior, require_cells
from clearway.terms.identifiers import Mrn

case = Table(
    "risk_case",
    METADATA,
    Column("mrn", Text, nullable=False),
    Column("item", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("hs6", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("importer", Text, nullable=False),
    Column("is_found", Boolean, nullable=False),
    Column("kinds", Text, nullable=False),
    PrimaryKeyConstraint("mrn", "item", "agency"),
    Index("risk_case_by_day", "agency", "day"),
)

hazard = Table(
    "risk_hazard",
    METADATA,
    Column("partner", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("product", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("examined", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    PrimaryKeyConstraint("partner", "agency", "first", "last", "product", "origin"),
    Index("risk_hazard_by_origin", "origin", "product"),
)

shared = Table(
    "risk_hazard_period",
    METADATA,
    Column("agency", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("cells", Integer, nullable=False),
    PrimaryKeyConstraint("agency", "first"),
)

comparison = Table(
    "risk_comparison",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("partner", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("is_asked", Boolean, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("common", Integer),
    Index("risk_comparison_by_partner", "partner", "at"),
)

TABLES: tuple[Table, ...] = (case, hazard, shared, comparison)

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner told of a product from an origin, over all its periods."""

    partner: str
    product: str
    origin: str
    examined: int
    found: int
    last: int


def cases(connection: Connection, agency: str, first: int, last: int) -> tuple[Case, ...]:
    """Return the examined items of an agency from one day to another, both counted."""
    query = (
        select(case.c.hs6, case.c.origin, case.c.importer, case.c.is_found, case.c.kinds)
        .where(case.c.agency == agency, case.c.day.between(first, last))
        .order_by(case.c.mrn, case.c.item)
    )
    return tuple(
        Case(hs6, origin, importer, bool(is_found), tuple(kinds.split()))
        for hs6, origin, importer, is_found, kinds in connection.execute(query)
    )


def overlapping(
    connection: Connection, agency: str, first: int, last: int
) -> tuple[int, int] | None:
    """Return a period that was shared and overlaps this one, None: there is none."""
    query = (
        select(shared.c.first, shared.c.last)
        .where(shared.c.agency == agency, shared.c.first <= last, shared.c.last >= first)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else (row.first, row.last)


def list_told(connection: Connection, *, limit: int = 500) -> tuple[Told, ...]:
    """Return what partners told, the most found first."""
    query = (
        select(
            hazard.c.partner, hazard.c.product, hazard.c.origin,
            func.sum(hazard.c.examined).label("examined"), func.sum(hazard.c.found).label("found"),
            func.max(hazard.c.last).label("last"),
        )
        .group_by(hazard.c.partner, hazard.c.product, hazard.c.origin)
        .order_by(func.sum(hazard.c.found).desc(), hazard.c.product, hazard.c.origin)
        .limit(limit)
    )  # fmt: skip
    return tuple(
        Told(row.partner, row.product, row.origin, int(row.examined), int(row.found), row.last)
        for row in connection.execute(query)
    )


def hazard_priors(connection: Connection, items: Iterable[Goods]) -> dict[int, float]:
    """Return the rate at which partners found hazards in such goods, by item; absent: none told."""
    wanted = {each.item: (each.hs, each.origin) for each in items}
    if run(connection, "SELECT 1 FROM risk_hazard LIMIT 1").fetchone() is None:
        return {}
    products = sorted({code for hs, _ in wanted.values() for code in (hs[:4], hs[:6])})
    origins = sorted({origin for _, origin in wanted.values()})
    query = (
        select(
            hazard.c.product, hazard.c.origin,
            func.sum(hazard.c.examined), func.sum(hazard.c.found),
        )
        .where(hazard.c.product.in_(products), hazard.c.origin.in_(origins))
        .group_by(hazard.c.product, hazard.c.origin)
    )  # fmt: skip
    counts: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for product, origin, examined, found in connection.execute(query):
        counts[origin][product] = (int(examined), int(found))
    rates = {item: prior(counts[origin], hs) for item, (hs, origin) in wanted.items()}
    return {item: rate for item, rate in rates.items() if rate >= 0.0}


def count_answered(connection: Connection, partner: str, since: datetime) -> int:
    """Return how many comparisons a partner asked us for since then."""
    query = select(func.count()).where(
        comparison.c.partner == partner,
        comparison.c.is_asked.is_(False),
        comparison.c.at >= since,
    )
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class _Finding:
    kind: str = ""
    item: int | None = None


@dataclass(frozen=True, slots=True)
class _Examined:
    """What sharing reads of `clearance.examined/1`."""

    mrn: str
    agency: str
    outcome: str
    findings: tuple[_Finding, ...] = ()


def _examine(connection: Connection, fact: Fact) -> None:
    examined = decode(fact.body, _Examined)
    record = declarations.get(connection, Mrn(examined.mrn))
    importer = record.declaration.importer
    numbers = {item.number for item in record.declaration.items}
    named = [(finding.item, 0.0) for finding in examined.findings]
    is_found = examined.outcome == "not_conform"
    guilty = guilty_items(numbers, named, 0.0) if is_found else {}
    rows = [
        (
            examined.mrn,
            item.number,
            examined.agency,
            day_of(fact.occurred_at),
            str(item.hs)[:6],
            str(item.origin or ""),
            str(importer.id or importer.name),
            item.number in guilty,
            _kinds(examined, item.number) if item.number in guilty else "",
        )
        for item in record.declaration.items
    ]
    run(connection, _ADD_CASE, rows)


def _kinds(examined: _Examined, item: int) -> str:
    return " ".join(sorted({f.kind for f in examined.findings if f.item in (None, item)}))


def _share(connection: Connection, fact: Fact) -> None:
    stated = decode(fact.body, HazardShared)
    row = (stated.agency, stated.first, stated.last, fact.seq, len(stated.cells))
    run(connection, _ADD_PERIOD, row)


@dataclass(frozen=True, slots=True)
class _Received:
    """What sharing reads of `peer.fact_received/1`."""

    partner: str
    type: str
    body: str


def _receive(connection: Connection, fact: Fact) -> None:
    """Take what a partner told; what is no count is told to the operator, and does not count."""
    if HazardShared.TYPE.encode() not in fact.body:
        return
    received = decode(fact.body, _Received)
    if received.type != HazardShared.TYPE or not received.body:
        return
    try:
        told = decode(received.body.encode(), HazardShared)
        require_cells(told.cells)
    except (msgspec.MsgspecError, ClearwayError) as error:
        logger.warning("hazards_not_counted", partner=received.partner, detail=str(error)[:300])
        return
    rows = [
        (
            received.partner, told.agency, told.first, told.last,
            cell.product, cell.origin, cell.examined, cell.found,
        )
        for cell in told.cells
    ]  # fmt: skip
    if rows:
        run(connection, _ADD_HAZARD, rows)


def _compare(connection: Connection, fact: Fact) -> None:
    stated = decode(fact.body, ListsCompared)
    row = (
        fact.seq,
        to_microseconds(fact.recorded_at),
        stated.partner,
        stated.list,
        stated.is_asked,
        stated.asked,
        stated.held,
        stated.common,
    )
    run(connection, _ADD_COMPARISON, row)


PROJECTIONS: Mapping[str, tuple[Projection, ...]] = {
    "clearance.examined/1": (_examine,),
    "peer.fact_received/1": (_receive,),
    HazardShared.TYPE: (_share,),
    ListsCompared.TYPE: (_compare,),
}


def _insert(table: Table, conflict: str) -> str:
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(names))
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
        f" ON CONFLICT ({conflict}) DO NOTHING"
    )


_ADD_CASE = _insert(case, "mrn, item, agency")
_ADD_HAZARD = _insert(hazard, "partner, agency, first, last, product, origin")
_ADD_PERIOD = _insert(shared, "agency, first")
_ADD_COMPARISON = _insert(comparison, "seq")
