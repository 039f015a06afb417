"""How past cases follow the results of customs' examinations and audits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert

from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.risk import schema
from clearway.risk.guilt import guilty_items
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
    named = [(finding.item, 0.0) for finding in examined.findings]
    is_found = examined.outcome == "not_conform"
    guilty = guilty_items([each["item"] for each in goods], named, 0.0) if is_found else {}
    # Nobody could know it before it was recorded, whenever the examination ended.
    day = day_of(fact.recorded_at)
    rows = [_row(each, examined, day, found=each["item"] in guilty) for each in goods]
    connection.execute(delete(precedent).where(precedent.c.mrn == examined.mrn))
    connection.execute(insert(precedent), rows)


def _row(goods: dict[str, Any], examined: _Examined, day: int, *, found: bool) -> dict[str, Any]:
    numbers = (None, goods["item"])
    own = {finding.kind for finding in examined.findings if finding.item in numbers}
    # Of findings that name no item of the declaration, each is about all of them.
    kinds = own or {finding.kind for finding in examined.findings}
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
        "kinds": " ".join(sorted(kinds)) if found else "",
    }
