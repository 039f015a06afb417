"""The order's tables: in the node's own store (`local`), or in the application's own file."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from clearway.ledger.tables import METADATA

_Number = BigInteger().with_variant(Integer, "sqlite")
_FOR_GOOD = text("draws IS NULL")


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, _Number, nullable=nullable)


# Where the order stands; one row for each order of this store.
order_head = Table(
    "order_head",
    METADATA,
    Column("name", Text, primary_key=True),
    _number("height"),
    _number("size"),
    Column("nodes", LargeBinary, nullable=False),
    _number("uses"),
    Column("use_nodes", LargeBinary, nullable=False),
    Column("governance", LargeBinary, nullable=False),
)

# Who took part at the beginning: what a replay starts from.
order_genesis = Table(
    "order_genesis",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("genesis", LargeBinary, nullable=False),
)

# Blocks that changed something, and the genesis.
order_block = Table(
    "order_block",
    METADATA,
    Column("height", _Number, primary_key=True, autoincrement=False),
    _number("size"),
    Column("root", LargeBinary, nullable=False),
    _number("uses"),
    Column("uses_root", LargeBinary, nullable=False),
    Column("governance", LargeBinary, nullable=False),
    Column("app_hash", LargeBinary, nullable=False),
)

order_transaction = Table(
    "order_transaction",
    METADATA,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, nullable=False),
    _number("height"),
    Column("agency", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("outcome", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Index("order_transaction_by_id", "id", unique=True),
    Index("order_transaction_by_height", "height", "seq"),
)

# Every accepted use, in the order of the single-use set. Its unique index refuses a second use for
# good even if the state machine were wrong: the block would fail, and the node stop.
order_use = Table(
    "order_use",
    METADATA,
    Column("place", _Number, primary_key=True, autoincrement=False),
    Column("nullifier", LargeBinary, nullable=False),
    Column("agency", Text, nullable=False),
    Column("holder", Text, nullable=False),
    _number("draws", nullable=True),
    _number("total"),
    _number("seq"),
    _number("item"),
    Column("leaf_hash", LargeBinary, nullable=False),
    Index(
        "order_use_for_good",
        "nullifier",
        unique=True,
        sqlite_where=_FOR_GOOD,
        postgresql_where=_FOR_GOOD,
    ),
)

order_quota = Table(
    "order_quota",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("agency", Text, nullable=False),
    _number("bound"),
    _number("drawn"),
    _number("seq"),
    _number("item"),
)

order_log = Table(
    "order_log",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    _number("size"),
    Column("root", LargeBinary, nullable=False),
    _number("seq"),
    _number("item"),
)

# Full tiles of the single-use set (256 hashes), so that a proof reads a few rows.
order_tile = Table(
    "order_tile",
    METADATA,
    _number("level"),
    _number("number"),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "number"),
    sqlite_with_rowid=False,
)

TABLES = (
    order_head,
    order_genesis,
    order_block,
    order_transaction,
    order_use,
    order_quota,
    order_log,
    order_tile,
)
