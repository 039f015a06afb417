"""The table of past cases.

`risk_precedent`   each item that customs examined or audited, with what was found
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from clearway.ledger.tables import METADATA

precedent = Table(
    "risk_precedent",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("importer", Text, nullable=False),
    Column("exporter", Text, nullable=False),
    Column("hs", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("examined_day", Integer, nullable=False),
    Column("found", Boolean, nullable=False),
    Column("kinds", Text, nullable=False),
    Index("risk_precedent_by_importer", "importer", "examined_day"),
    Index("risk_precedent_by_exporter", "exporter", "examined_day"),
    Index("risk_precedent_by_goods", "heading", "origin", "examined_day"),
)
