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
    # How its leaf commits to it: 1 whole, 2 by field (`commitment`).
    Column("form", Integer, nullable=False, server_default="1"),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Index("fact_by_subject", "subject", "seq"),
)

# Facts whose body and salt were destroyed, and the commitment that their leaf entries still hold.
erased = Table(
    "erased",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("commitment", LargeBinary, nullable=False),
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
