"""Goods as they were counted when they were accepted, in `risk_declaration`.

What was known of the importer that day is in them, so a result is learnt under the very keys under
which the goods were counted, whatever became known since.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection

from clearway.ledger.fact import encode
from clearway.ledger.statement import run
from clearway.risk import schema
from clearway.risk.model import Goods


def find(connection: Connection, mrn: str) -> tuple[Goods, ...]:
    """Return the goods of a declaration as they were counted; () when they never were."""
    row = run(connection, schema.GET_DECLARATION, (mrn,)).fetchone()
    return () if row is None else unpack(row[0])


def pack(goods: Iterable[Goods]) -> bytes:
    """Return goods as they are kept."""
    # NaN has no JSON form; msgspec writes it as null.
    return encode([_FIELDS(each) for each in goods])


def unpack(data: bytes) -> tuple[Goods, ...]:
    """Return the goods of `pack`."""
    rows: list[list[Any]] = msgspec.json.decode(data)
    return tuple(Goods(*[_number(value) for value in row]) for row in rows)


def _number(value: Any) -> Any:
    return math.nan if value is None else value


_FIELDS = attrgetter(*(field.name for field in fields(Goods)))
