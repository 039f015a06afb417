"""Past cases as stored, and what can be asked of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, desc, select

from clearway.ledger.transaction import Projection
from clearway.risk.precedents import projections
from clearway.risk.precedents.model import Likeness, Precedent
from clearway.risk.precedents.rules import closest
from clearway.risk.precedents.schema import precedent

TABLES: tuple[Table, ...] = (precedent,)

PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    "clearance.examined/1": (projections.put_cases,),
    "clearance.audited/1": (projections.put_cases,),
}

# Of each way of being alike: what is older than these is hardly comparable.
_MOST_CANDIDATES = 100
_column = precedent.c


def find(connection: Connection, goods: Likeness, most: int = 5) -> tuple[Precedent, ...]:
    """Return the past cases that are closest to these goods; three short reads.

    Args:
        goods: what is to be examined; only cases of earlier days are returned.
        most: at most so many.
    """
    alike: tuple[tuple[ColumnElement[bool], bool], ...] = (
        (_column.importer == goods.importer, bool(goods.importer)),
        (_column.exporter == goods.exporter, bool(goods.exporter)),
        ((_column.heading == goods.hs[:4]) & (_column.origin == goods.origin), bool(goods.hs)),
    )
    candidates = [
        _case(row)
        for condition, known in alike
        if known
        for row in connection.execute(
            select(precedent)
            .where(condition, _column.examined_day < goods.day)
            .order_by(desc(_column.examined_day), _column.mrn, _column.item)
            .limit(_MOST_CANDIDATES)
        )
    ]
    return closest(goods, candidates, most)


def _case(row: Any) -> Precedent:
    goods = Likeness(row.importer, row.exporter, row.hs, row.origin, row.day)
    kinds = tuple(row.kinds.split())
    return Precedent(row.mrn, row.item, goods, row.examined_day, row.found, kinds)
