"""The log's rows: every statement by which `log` reads and writes its three tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from clearway.errors import VerificationError
from clearway.ledger import tables
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import Fact
from clearway.ledger.statement import Rows, insert_many, run
from clearway.ledger.tiles import WIDTH, Tile, edge_width, full_tiles, levels

_fact, _tile, _checkpoint = tables.fact.c, tables.tile.c, tables.checkpoint.c

_INSERT_FACT = Rows(tables.fact).insert
_INSERT_TILE = Rows(tables.tile).insert
_INSERT_CHECKPOINT = Rows(tables.checkpoint).insert
_SELECT_TILE = select(_tile.hashes).where(
    _tile.level == bindparam("level"), _tile.number == bindparam("number")
)
_SELECT_TILES_FROM = (
    select(_tile.hashes)
    .where(_tile.level == bindparam("level"), _tile.number >= bindparam("first"))
    .order_by(_tile.number)
)
_SELECT_LEAVES_FROM = (
    select(_fact.leaf_hash).where(_fact.seq >= bindparam("first")).order_by(_fact.seq)
)
_SELECT_FACT = select(tables.fact).where(_fact.seq == bindparam("seq"))
_SELECT_SIZE = select(_fact.seq + 1).order_by(_fact.seq.desc()).limit(1)
_SELECT_LAST_NOTE = select(_checkpoint.note).order_by(_checkpoint.size.desc()).limit(1)

# All facts of a batch are recorded at one instant.
_of_batch = lru_cache(maxsize=4)(to_microseconds)


def read_size(connection: Connection) -> int:
    """Return how many facts are stored."""
    return connection.execute(_SELECT_SIZE).scalar() or 0


def read_last_note(connection: Connection) -> str | None:
    """Return the newest signed checkpoint, or None."""
    return connection.execute(_SELECT_LAST_NOTE).scalar()


def read_fact(connection: Connection, seq: int) -> tuple[Fact, bytes] | None:
    """Return a fact and its salt, or None."""
    row = connection.execute(_SELECT_FACT, {"seq": seq}).first()
    if row is None:
        return None
    *columns, salt, _ = row
    return Fact(*columns), salt


def read_tile(connection: Connection, level: int, number: int) -> Tile:
    """Return a full tile. Raises: VerificationError: it is missing or damaged."""
    stored = connection.execute(_SELECT_TILE, {"level": level, "number": number}).scalar()
    if stored is None:
        raise VerificationError(f"Tile {number} of level {level} is missing from the log")
    return Tile.read(stored)


def read_edges(connection: Connection, size: int) -> tuple[Tile, ...]:
    """Return the partial tile of each level; at most 255 rows of a level are read.

    Raises: VerificationError: rows are missing or damaged.
    """
    return tuple(_read_edge(connection, level, size) for level in range(levels(size)))


def _read_edge(connection: Connection, level: int, size: int) -> Tile:
    """Return leaf hashes at level 0, above it the roots of the full tiles below."""
    first = full_tiles(level, size) * WIDTH
    if level == 0:
        hashes = list(connection.execute(_SELECT_LEAVES_FROM, {"first": first}).scalars())
    else:
        below = {"level": level - 1, "first": first}
        rows = connection.execute(_SELECT_TILES_FROM, below).scalars()
        hashes = [Tile.read(stored).root() for stored in rows]
    if len(hashes) != edge_width(level, size):
        raise VerificationError(
            f"Level {level} of the log has {len(hashes)} hashes at its right edge; "
            f"{size} facts need {edge_width(level, size)}"
        )
    return Tile(hashes)


def insert_facts(
    connection: Connection,
    facts: Sequence[Fact],
    salts: Sequence[bytes],
    leaf_hashes: Sequence[bytes],
) -> None:
    """Insert facts as the driver takes them fastest.

    SQLite's driver looks for an adapter of each value but int, float, str and bytearray, and that
    search costs more than the insert: so bytes go in as bytearray.
    """
    rows = []
    for fact, salt, leaf_hash in zip(facts, salts, leaf_hashes, strict=True):
        recorded_at = _of_batch(fact.recorded_at)
        now = fact.occurred_at is fact.recorded_at
        rows.append(
            (
                fact.seq,
                fact.type,
                fact.subject,
                fact.issuer,
                fact.actor,
                recorded_at if now else to_microseconds(fact.occurred_at),
                recorded_at,
                bytearray(fact.body),
                fact.form,
                bytearray(salt),
                bytearray(leaf_hash),
            )
        )
    insert_many(connection, tables.fact, _INSERT_FACT, rows)


def insert_tiles(connection: Connection, tiles: Sequence[tuple[int, int, Tile]]) -> None:
    """Insert full tiles, each given as (level, number, tile)."""
    rows = [(level, number, bytearray().join(tile.hashes)) for level, number, tile in tiles]
    if rows:
        run(connection, _INSERT_TILE, rows)


def insert_checkpoint(connection: Connection, size: int, note: str, signed_at: datetime) -> None:
    """Insert the signed head of `size` facts."""
    run(connection, _INSERT_CHECKPOINT, (size, note, to_microseconds(signed_at)))
