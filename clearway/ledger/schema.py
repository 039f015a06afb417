"""The version of the ledger's own tables, written into each store and looked at when it opens.

Projections need no version: `clearway rebuild` makes them anew from the facts. What cannot be made
anew (facts, tiles, checkpoints, claims) is only read by a Clearway that knows its form.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, Integer, Table, Text, inspect

from clearway.errors import StorageFailure
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA

# Raise it with any change of the columns of these tables.
VERSION: Final = 2
VERSIONED: Final = ("fact", "erased", "tile", "checkpoint", "claim")
_PART: Final = "ledger"

version = Table(
    "store_version",
    METADATA,
    Column("part", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)


def prepare(connection: Connection) -> None:
    """Make the tables that are missing, and write the version of a new store.

    Raises: StorageFailure: the store is of another version.
    """
    is_new = not inspect(connection).has_table("fact")
    METADATA.create_all(connection)
    if is_new:
        run(connection, "INSERT INTO store_version VALUES (?, ?)", (_PART, VERSION))
    require(connection)


def require(connection: Connection) -> None:
    """Raises: StorageFailure: the store is of another version than this Clearway reads."""
    found = 0
    if inspect(connection).has_table(version.name):
        asked = "SELECT version FROM store_version WHERE part = ?"
        found = (run(connection, asked, (_PART,)).fetchone() or (0,))[0]
    if found != VERSION:
        raise StorageFailure(
            f"The ledger's tables are of version {found or 'none'}, and this Clearway reads"
            f" version {VERSION}; run the Clearway that wrote them, nothing was changed"
        )
