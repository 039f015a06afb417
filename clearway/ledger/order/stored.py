"""The order in a SQL store: what a draft looks up, and a block written in one transaction.

A store holds one order. `read_head` costs one row, whatever was ordered before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from clearway.errors import NotFound, VerificationError
from clearway.ledger.merkle import HASH_SIZE, inclusion_path
from clearway.ledger.order import roster
from clearway.ledger.order.apply import Block
from clearway.ledger.order.model import AnchoredLog, Outcome, Quota, Reference, UseRecord
from clearway.ledger.order.port import Ordered
from clearway.ledger.order.proof import HeadParts, UseProof
from clearway.ledger.order.state import Head, TreeHead, decode_outcome, encode_outcome
from clearway.ledger.statement import run
from clearway.ledger.tiles import WIDTH, Tile, address, full_tiles

_USE = "SELECT nullifier, agency, holder, draws, total, seq, item FROM order_use"
_PARTS = "SELECT height, size, root, uses, uses_root, governance, app_hash FROM order_block"
_ORDERED = "SELECT height, seq, agency, body, outcome FROM order_transaction"


class StoredBook:
    """What was committed (`apply.Book`), read row by row."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sequence_of(self, id: bytes) -> int | None:
        """Return the place of the transaction of this id."""
        statement = "SELECT seq FROM order_transaction WHERE id = ?"
        row = run(self._connection, statement, (id,)).fetchone()
        return None if row is None else int(row[0])

    def used(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up."""
        statement = f"{_USE} WHERE nullifier = ? AND draws IS NULL"
        row = run(self._connection, statement, (nullifier,)).fetchone()
        return None if row is None else _use(row)

    def quota(self, id: bytes) -> Quota | None:
        """Return the quota of this id."""
        return next(iter(read_quotas(self._connection, " WHERE id = ?", (id,))), None)

    def log(self, origin: str) -> AnchoredLog | None:
        """Return the newest ordered head of a log."""
        return next(iter(read_logs(self._connection, " WHERE origin = ?", (origin,))), None)


def create(connection: Connection, head: Head) -> None:
    """Write the genesis. Raises: VerificationError: this store holds an order already."""
    if read_head(connection) is not None:
        raise VerificationError("This store holds an order already; a second genesis would fork it")
    _put_head(connection, head)
    _put_block(connection, head)
    row = (head.order, roster.write_governance(head.governance))
    run(connection, "INSERT INTO order_genesis VALUES (?, ?)", row)


def read_head(connection: Connection) -> Head | None:
    """Return where the order stands, or None without a genesis.

    Raises: VerificationError: the row does not have the app hash of its block.
    """
    statement = "SELECT name, height, size, nodes, uses, use_nodes, governance FROM order_head"
    row = run(connection, statement).fetchone()
    if row is None:
        return None
    name, height, size, nodes, uses, use_nodes, governance = row
    head = Head(
        name,
        height,
        TreeHead(size, _hashes(nodes)),
        TreeHead(uses, _hashes(use_nodes)),
        roster.read_governance(governance),
    )
    if head_parts(connection, height).app_hash != head.app_hash:
        raise VerificationError(f"The head of the order at height {height} has another app hash")
    return head


def write(connection: Connection, block: Block) -> None:
    """Write a block in the caller's transaction, and move the head."""
    _put_head(connection, block.after)
    if not block.changes_state:
        return
    _put_block(connection, block.after)
    height, before = block.after.height, block.before
    transactions = [
        (e.seq, e.id, height, e.agency, e.transaction, encode_outcome(e.outcome), e.leaf)
        for e in block.entries
    ]
    uses = [
        (place, u.nullifier, u.agency, u.holder, u.draws, u.total, u.at.seq, u.at.item, leaf)
        for place, (u, leaf) in enumerate(
            zip(block.uses, block.use_leaves, strict=True), before.uses.size
        )
    ]
    quotas = [(q.id, q.agency, q.limit, q.drawn, q.at.seq, q.at.item) for q in block.quotas]
    logs = [(g.origin, g.agency, g.size, g.root, g.at.seq, g.at.item) for g in block.logs]
    _insert(connection, "INSERT INTO order_transaction VALUES (?, ?, ?, ?, ?, ?, ?)", transactions)
    _insert(connection, "INSERT INTO order_use VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", uses)
    quota = "ON CONFLICT (id) DO UPDATE SET bound = excluded.bound, drawn = excluded.drawn"
    _insert(connection, f"INSERT INTO order_quota VALUES (?, ?, ?, ?, ?, ?) {quota}", quotas)
    log = (
        "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root,"
        " seq = excluded.seq, item = excluded.item"
    )
    _insert(connection, f"INSERT INTO order_log VALUES (?, ?, ?, ?, ?, ?) {log}", logs)
    _cut_tiles(connection, before.uses.size, block.after.uses.size)


def read_uses(connection: Connection) -> list[UseRecord]:
    """Return every accepted use, in the order of the single-use set."""
    return [_use(row) for row in run(connection, f"{_USE} ORDER BY place")]


def read_quotas(connection: Connection, where: str = "", values: Any = ()) -> list[Quota]:
    """Return quotas as they are now."""
    statement = f"SELECT id, agency, bound, drawn, seq, item FROM order_quota{where}"
    rows = run(connection, statement, values)
    return [
        Quota(bytes(id), agency, limit, drawn, Reference(seq, item))
        for id, agency, limit, drawn, seq, item in rows
    ]


def read_logs(connection: Connection, where: str = "", values: Any = ()) -> list[AnchoredLog]:
    """Return the newest ordered head of each log."""
    statement = f"SELECT origin, agency, size, root, seq, item FROM order_log{where}"
    rows = run(connection, statement, values)
    return [
        AnchoredLog(origin, agency, size, bytes(root), Reference(seq, item))
        for origin, agency, size, root, seq, item in rows
    ]


def outcome_of(connection: Connection, id: bytes) -> Outcome | None:
    """Return what came of the transaction of this id, or None."""
    statement = "SELECT outcome FROM order_transaction WHERE id = ?"
    row = run(connection, statement, (id,)).fetchone()
    return None if row is None else decode_outcome(row[0])


def read_ordered(
    connection: Connection, from_height: int, *, after: int = -1, limit: int = 256
) -> list[Ordered]:
    """Return up to `limit` transactions at this height and above, behind the place `after`."""
    statement = f"{_ORDERED} WHERE height >= ? AND seq > ? ORDER BY seq LIMIT ?"
    rows = run(connection, statement, (from_height, after, limit)).fetchall()
    return [
        Ordered(height, seq, agency, bytes(body), decode_outcome(bytes(outcome)))
        for height, seq, agency, body, outcome in rows
    ]


def head_parts(connection: Connection, height: int) -> HeadParts:
    """Return what the app hash after a height is made of.

    Raises: NotFound: the order has not come so far. VerificationError: the row is damaged.
    """
    known = run(connection, "SELECT height FROM order_head").fetchone()
    statement = f"{_PARTS} WHERE height <= ? ORDER BY height DESC LIMIT 1"
    row = run(connection, statement, (height,)).fetchone()
    if row is None or known is None or height > known[0]:
        raise NotFound(f"The order has no height {height} here")
    parts = HeadParts(height, *row[1:6])
    if parts.app_hash != row[6]:
        raise VerificationError(f"The stored parts of height {row[0]} have another app hash")
    return parts


def prove_use(connection: Connection, nullifier: bytes) -> UseProof:
    """Return the proof of a use under the present head. Raises: NotFound: it is not used up."""
    statement = (
        f"{_USE.replace('SELECT', 'SELECT place,', 1)} WHERE nullifier = ? AND draws IS NULL"
    )
    row = run(connection, statement, (nullifier,)).fetchone()
    if row is None:
        raise NotFound(f"The nullifier {nullifier.hex()} is not used")
    height = int(run(connection, "SELECT height FROM order_head").fetchone()[0])
    parts = head_parts(connection, height)
    path = inclusion_path(row[0], parts.uses, _Nodes(connection, parts.uses))
    return UseProof(_use(row[1:]), row[0], tuple(path), parts)


def _put_head(connection: Connection, head: Head) -> None:
    row = (
        head.order,
        head.height,
        head.transactions.size,
        b"".join(head.transactions.nodes),
        head.uses.size,
        b"".join(head.uses.nodes),
        roster.write_governance(head.governance),
    )
    changed = ("height", "size", "nodes", "uses", "use_nodes", "governance")
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
    run(
        connection,
        f"INSERT INTO order_head VALUES (?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (name) DO UPDATE SET {changes}",
        row,
    )


def _put_block(connection: Connection, head: Head) -> None:
    uses, transactions = head.uses, head.transactions
    run(
        connection,
        "INSERT INTO order_block VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            head.height,
            transactions.size,
            transactions.root,
            uses.size,
            uses.root,
            head.governance.digest(),
            head.app_hash,
        ),
    )


def _insert(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    if values := list(rows):
        run(connection, statement, values)


def _cut_tiles(connection: Connection, before: int, after: int) -> None:
    """Store the tiles that became full, lower levels first."""
    level = 0
    while full_tiles(level, after) > full_tiles(level, before):
        for number in range(full_tiles(level, before), full_tiles(level, after)):
            hashes = _row_of(connection, level, number * WIDTH, WIDTH)
            values = (level, number, b"".join(hashes))
            run(connection, "INSERT INTO order_tile VALUES (?, ?, ?)", values)
        level += 1


def _row_of(connection: Connection, level: int, first: int, count: int) -> list[bytes]:
    """Return `count` hashes of a tile level: leaves, or the roots of the full tiles below."""
    last = first + count
    if level == 0:
        statement = "SELECT leaf_hash FROM order_use WHERE place >= ? AND place < ? ORDER BY place"
        return [bytes(row[0]) for row in run(connection, statement, (first, last))]
    statement = (
        "SELECT hashes FROM order_tile WHERE level = ? AND number >= ? AND number < ?"
        " ORDER BY number"
    )
    rows = run(connection, statement, (level - 1, first, last)).fetchall()
    return [Tile.read(bytes(row[0])).root() for row in rows]


class _Nodes:
    """`merkle.NodeAt` of the single-use set."""

    __slots__ = ("_connection", "_size", "_tiles")

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection = connection
        self._size = size
        self._tiles: dict[tuple[int, int], Tile] = {}

    def __call__(self, level: int, index: int) -> bytes:
        tile_level, number, up, within = address(level, index)
        tile = self._tiles.get((tile_level, number))
        if tile is None:
            tile = self._tiles[tile_level, number] = self._read(tile_level, number)
        return tile.node(up, within)

    def _read(self, level: int, number: int) -> Tile:
        width = min(WIDTH, (self._size >> (8 * level)) - number * WIDTH)
        if width < WIDTH:
            return Tile(_row_of(self._connection, level, number * WIDTH, width))
        statement = "SELECT hashes FROM order_tile WHERE level = ? AND number = ?"
        row = run(self._connection, statement, (level, number)).fetchone()
        if row is None:
            raise VerificationError(f"Tile {number} of level {level} of the single-use set is gone")
        return Tile.read(bytes(row[0]))


def _use(row: Sequence[Any]) -> UseRecord:
    nullifier, agency, holder, draws, total, seq, item = row
    return UseRecord(bytes(nullifier), agency, holder, draws, total, Reference(seq, item))


def _hashes(stored: bytes) -> tuple[bytes, ...]:
    return tuple(stored[at : at + HASH_SIZE] for at in range(0, len(stored), HASH_SIZE))
