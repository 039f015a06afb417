"""Reading the stored log as the static resources of C2SP tlog-tiles.

A full tile is stored as it is; a partial one is the tail of `fact.leaf_hash`, or the roots of the
full tiles below; an entry is made anew from its fact and held against its leaf, so that nothing
goes out under a leaf that it does not hash to. Entries hold salted commitments and nothing else:
whoever reads all of them learns how many facts there are, and no word of any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, text

from clearway.errors import NotFound, VerificationError
from clearway.ledger import commitment, stored, tables
from clearway.ledger.bundle import emit_bundle, emit_tile
from clearway.ledger.columns import from_microseconds
from clearway.ledger.fact import Fact
from clearway.ledger.merkle import Frontier, hash_leaf
from clearway.ledger.resource import ENTRIES, Resource
from clearway.ledger.tiles import Tile, address, edge_width, full_tiles

_LEAVES = (
    select(tables.fact.c.leaf_hash)
    .where(tables.fact.c.seq >= bindparam("first"), tables.fact.c.seq < bindparam("end"))
    .order_by(tables.fact.c.seq)
)
# Of an erased fact only the commitment is left; of all others it is made anew.
_FACTS = text(
    "SELECT fact.seq, type, subject, issuer, actor, occurred_at, recorded_at, body, form, salt,"
    " leaf_hash, erased.commitment FROM fact LEFT JOIN erased ON erased.seq = fact.seq"
    " WHERE fact.seq >= :first AND fact.seq < :end ORDER BY fact.seq"
)


def read_resource(connection: Connection, resource: Resource) -> bytes:
    """Return the bytes of a tile or bundle.

    Raises: NotFound: the log does not reach so far. VerificationError: what is stored is damaged.
    """
    if resource.level == ENTRIES:
        return emit_bundle(read_entries(connection, resource.first, resource.width))
    return emit_tile(read_hashes(connection, resource))


def read_hashes(connection: Connection, resource: Resource) -> list[bytes]:
    """Return the hashes of a tile, full or partial. Raises: as `read_resource`."""
    if resource.is_full:
        return list(stored.read_tile(connection, resource.level, resource.number).hashes)
    first, end = resource.first, resource.first + resource.width
    if resource.level == 0:
        rows = connection.execute(_LEAVES, {"first": first, "end": end})
        hashes = list(rows.scalars())
    else:
        below = resource.level - 1
        hashes = [stored.read_tile(connection, below, at).root() for at in range(first, end)]
    return _require_width(hashes, resource.width, resource.path)


def read_entries(connection: Connection, first: int, count: int) -> list[bytes]:
    """Return the entries from place `first` on.

    Raises: NotFound: there are not so many. VerificationError: a fact is not what its leaf says.
    """
    rows = connection.execute(_FACTS, {"first": first, "end": first + count})
    entries = [_entry(row) for row in rows]
    return _require_width(entries, count, f"entries from {first} on")


def root_at(connection: Connection, size: int) -> bytes:
    """Return the root of the first `size` leaves as stored. Raises: as `read_resource`."""
    return Frontier.of(size, _nodes(connection, size)).root()


def _nodes(connection: Connection, size: int) -> Callable[[int, int], bytes]:
    """Return `node_at` of the first `size` leaves; each tile is read once."""
    tiles: dict[tuple[int, int], Tile] = {}

    def node_at(level: int, index: int) -> bytes:
        tile_level, number, up, within = address(level, index)
        if (tile_level, number) not in tiles:
            is_edge = number == full_tiles(tile_level, size)
            width = edge_width(tile_level, size) if is_edge else 256
            resource = Resource(tile_level, number, width)
            tiles[tile_level, number] = Tile(read_hashes(connection, resource))
        return tiles[tile_level, number].node(up, within)

    return node_at


def _entry(row: Row[Any]) -> bytes:
    """Return the entry of a stored row, once it hashes to the stored leaf."""
    values: tuple[Any, ...] = tuple(row)
    seq, leaf_hash = values[0], values[-2]
    try:
        entry = commitment.entry(_commitment(values))
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _changed(seq) from error  # a value of a wrong kind
    if hash_leaf(entry) != leaf_hash:
        raise _changed(seq)
    return entry


def _commitment(values: tuple[Any, ...]) -> bytes:
    seq, type_, subject, issuer, actor, occurred_at, recorded_at = values[:7]
    body, form, salt, _, kept = values[7:]
    if kept is not None:
        return bytes(kept)
    occurred, recorded = from_microseconds(occurred_at), from_microseconds(recorded_at)
    fact = Fact(seq, type_, subject, issuer, actor, occurred, recorded, body, form)
    return commitment.commitment(fact, salt)


def _changed(seq: int) -> VerificationError:
    return VerificationError(
        f"Fact {seq} is not what its leaf commits to; run `clearway ledger verify`", seq=seq
    )


def _require_width(members: list[bytes], width: int, name: str) -> list[bytes]:
    if len(members) != width:
        raise NotFound(f"The log has {len(members)} of the {width} members of {name}")
    return members
