"""The outbox: addresses, and notices on their way."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

address = Table(
    "notice_address",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("audience", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of the Address
    Index("notice_address_by_audience", "audience", "name"),
    sqlite_with_rowid=False,
)

outbox = Table(
    "notice_outbox",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("progress", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("detail", Text, nullable=False),
    Index("notice_outbox_by_about", "about", "progress"),
    Index(
        "notice_outbox_waiting",
        "due_at",
        "seq",
        sqlite_where=text("progress = 'waiting'"),
        postgresql_where=text("progress = 'waiting'"),
    ),
)

TABLES: tuple[Table, ...] = (address, outbox)
