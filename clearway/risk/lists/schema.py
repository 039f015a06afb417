"""Tables of watch lists, and the one question that is asked for every declaration.

`risk_list`        what is said of each list
`risk_list_entry`  its entries by key; one taken off stays, so that a look-up of a former moment
                   gives what it gave then
`risk_list_change` who changed the entries of a list, why, and which rules it steered
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

watch_list = Table(
    "risk_list",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant),
    Column("kept_by", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

entry = Table(
    "risk_list_entry",
    METADATA,
    Column("key", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("added", Integer, nullable=False),  # seq of the fact
    Column("removed", Integer),
    PrimaryKeyConstraint("key", "list", "added"),
    Index("risk_list_entry_by_list", "list", "key"),
    sqlite_with_rowid=False,
)

change = Table(
    "risk_list_change",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("list", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("risk_list_change_by_list", "list", "seq"),
)


@lru_cache(maxsize=64)
def look_up(keys: int) -> str:
    """Return the query of so many keys; parameters are (*keys, now, now) in microseconds."""
    return (
        "SELECT e.key, e.list FROM risk_list_entry e JOIN risk_list l ON l.name = e.list"
        f" WHERE e.key IN ({', '.join('?' * keys)}) AND e.removed IS NULL"
        " AND l.starts <= ? AND (l.ends IS NULL OR l.ends > ?)"
    )
