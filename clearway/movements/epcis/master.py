"""Master data: what documents told of places and things themselves, and questions that need it.

The last word on an attribute of an element counts. `WD_readPoint` and `WD_bizLocation` reach what
master data puts inside a place, besides what its identifier tells. Source: GS1 EPCIS 2.0, 6.5 and
8.2.7.1 (HASATTR, EQATTR, WD).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, select

from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.movements.epcis import names, schema
from clearway.movements.epcis.facts import MasterDataCaptured
from clearway.movements.epcis.query import MOST_VALUES, AnyOf, Attributed, Clause, Query

_DEEPEST = 8
_ATTRIBUTES = f"{Rows(schema.attribute).insert} ON CONFLICT DO NOTHING"
_CHILDREN = f"{Rows(schema.child).insert} ON CONFLICT DO NOTHING"
_WITHIN = ("WD_readPoint", "WD_bizLocation")


def learn(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_master_data_captured/1`."""
    body = decode(fact.body, MasterDataCaptured)
    known = schema.attribute.c
    for element in (one for vocabulary in body.vocabularies for one in vocabulary.elements):
        id = names.identifier(element.id)
        told = sorted({(id, names.uri(one.id), one.text) for one in element.attributes})
        for attribute in {attribute for _, attribute, _ in told}:
            connection.execute(
                delete(schema.attribute).where(known.element == id, known.attribute == attribute)
            )
        children = sorted({(id, names.identifier(one)) for one in element.children})
        for statement, rows in ((_ATTRIBUTES, told), (_CHILDREN, children)):
            if rows:
                run(connection, statement, rows)


def resolved(connection: Connection, query: Query) -> Query:
    """Return a query whose clauses on master data name the values that they mean now."""
    clauses = tuple(_resolve(connection, clause) for clause in query.clauses)
    return query if clauses == query.clauses else replace(query, clauses=clauses)


def _resolve(connection: Connection, clause: Clause) -> Clause:
    match clause:
        case Attributed(field, attribute, values):
            known = schema.attribute.c
            asked = select(known.element).where(known.attribute == attribute).distinct()
            if values:
                asked = asked.where(known.value.in_(values))
            found = connection.execute(asked.order_by(known.element).limit(MOST_VALUES)).scalars()
            return AnyOf(field, tuple(found))
        case AnyOf(field, values) if field in _WITHIN:
            return AnyOf(field, _inside(connection, values))
        case _:
            return clause


def _inside(connection: Connection, places: tuple[str, ...]) -> tuple[str, ...]:
    """Return places and all that lies in them, a few levels deep, at most `MOST_VALUES`."""
    found = dict.fromkeys(places)
    layer = places
    for _ in range(_DEEPEST):
        known = schema.child.c
        asked = select(known.child).where(known.parent.in_(layer)).order_by(known.child)
        below = connection.execute(asked.limit(MOST_VALUES)).scalars()
        layer = tuple(one for one in below if one not in found)
        found.update(dict.fromkeys(layer))
        if not layer or len(found) >= MOST_VALUES:
            break
    return tuple(found)[:MOST_VALUES]
