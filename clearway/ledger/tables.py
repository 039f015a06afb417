"""The ledger's own tables. `METADATA` also carries the projections that rooms declare on it."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.ledger.columns import Instant

METADATA = MetaData()

fact = Table(
    "fact",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Index("fact_by_subject", "subject", "seq"),
    Index("fact_by_type", "type", "seq"),
)

# Full tiles only (256 hashes); the partial tile at the right edge is the tail of `fact.leaf_hash`.
tile = Table(
    "tile",
    METADATA,
    Column("level", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "number"),
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "checkpoint",
    METADATA,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
)

# Idempotency keys: the first content that came under a key, and the fact it became.
claim = Table(
    "claim",
    METADATA,
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    sqlite_with_rowid=False,
)
