"""How past cases follow the results of customs' examinations and audits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert

from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.risk import schema
from clearway.risk.history import day_of
from clearway.risk.model import CUSTOMS, Goods
from clearway.risk.precedents.schema import precedent

_NAMES = tuple(field.name for field in fields(Goods))


@dataclass(frozen=True, slots=True)
class _Finding:
    kind: str = ""
    item: int | None = None


@dataclass(frozen=True, slots=True)
class _Examined:
    mrn: str
    outcome: str
    agency: str = CUSTOMS
    findings: tuple[_Finding, ...] = ()


def put_cases(connection: Connection, fact: Fact) -> None:
    """Keep each item of a declaration that customs looked at, with what was found in it.

    A later result of the same declaration (an audit after an examination) takes its place.
    """
    examined = decode(fact.body, _Examined)
    if examined.agency != CUSTOMS:
        return
    row = run(connection, schema.GET_DECLARATION, (examined.mrn,)).fetchone()
    if row is None:
        return
    goods = [dict(zip(_NAMES, each, strict=False)) for each in msgspec.json.decode(row[0])]
    # A finding without a number of an item is of the whole consignment, as risk counts it.
    named = {finding.item for finding in examined.findings} & {each["item"] for each in goods}
    rows = [_row(each, examined, day_of(fact.occurred_at), whole=not named) for each in goods]
    connection.execute(delete(precedent).where(precedent.c.mrn == examined.mrn))
    connection.execute(insert(precedent), rows)


def _row(goods: dict[str, Any], examined: _Examined, day: int, *, whole: bool) -> dict[str, Any]:
    guilty = examined.outcome == "not_conform"
    own = [
        finding.kind
        for finding in examined.findings
        if finding.item == goods["item"] or whole or finding.item is None
    ]
    named = whole or any(finding.item == goods["item"] for finding in examined.findings)
    found = guilty and named
    return {
        "mrn": examined.mrn,
        "item": goods["item"],
        "importer": goods["importer"],
        "exporter": goods["exporter"],
        "hs": goods["hs"],
        "heading": goods["hs"][:4],
        "origin": goods["origin"],
        "day": goods["day"],
        "examined_day": day,
        "found": found,
        "kinds": " ".join(sorted(set(own))) if found else "",
    }
