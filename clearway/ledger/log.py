"""The stored Merkle log: leaves in `fact`, full tiles in `tile`, signed heads in `checkpoint`.

The life of a batch (the committer's thread alone does this):
1. `prepare(facts, salts)` computes leaf hashes, tiles, the new tree and its signed checkpoint, and
   changes nothing.
2. `write(connection, batch)` inserts them in the caller's transaction.
3. After COMMIT, `accept(batch)` makes them this log's state. Without a commit the old state stays.

Meanwhile any thread may ask for proofs: a state is never changed, only replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from sqlalchemy import Connection

from clearway.errors import NotFound, VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import cose_line, merkle, stored
from clearway.ledger.cache import TileCache
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.commitment import leaf_hash
from clearway.ledger.fact import Fact
from clearway.ledger.merkle import Frontier
from clearway.ledger.note import Signer, Verifier, open_note
from clearway.ledger.receipt import Receipt, issue
from clearway.ledger.tiles import WIDTH, Tile, address, full_tiles


@dataclass(frozen=True, slots=True)
class State:
    """One version of the tree.

    Args:
        size: number of leaves.
        root: its hash, as signed.
        edges: for each tile level, the partial tile at the right edge.
        note: its signed checkpoint.
    """

    size: int
    root: bytes
    edges: tuple[Tile, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit adds.

    Args:
        facts: in order; the first takes the place `first`.
        tiles: full tiles that these facts complete, as (level, number, tile).
        state: the log's state once it is committed.
    """

    first: int
    facts: Sequence[Fact]
    salts: Sequence[bytes]
    leaf_hashes: Sequence[bytes]
    tiles: Sequence[tuple[int, int, Tile]]
    state: State


class Log:
    """One agency's log.

    Args:
        origin: its identity, such as `customs.example/border`.
        signer: signs every checkpoint.
        beside: sign them too, below: former keys while not everybody knows the present one.
    """

    def __init__(self, origin: str, signer: Signer, beside: Sequence[Signer] = ()) -> None:
        self.origin = origin
        self._signer = signer
        self._beside = tuple(beside)
        self._cache = TileCache()
        self._state = self._seal(0, ())

    @classmethod
    def open(
        cls,
        connection: Connection,
        origin: str,
        signer: Signer,
        former: Sequence[Verifier] = (),
        beside: Sequence[Signer] = (),
    ) -> Log:
        """Return the log as stored: a few reads for each tile level, whatever the size.

        Args:
            former: keys that signed before the present one, still trusted for old checkpoints.
            beside: former keys that still sign too (`Log`).

        Raises: VerificationError: what is stored does not agree with its last signed checkpoint.
        """
        log = cls(origin, signer, beside)
        size = stored.read_size(connection)
        log._state = log._seal(size, stored.read_edges(connection, size))
        log._require_last_checkpoint(connection, former)
        return log

    @property
    def size(self) -> int:
        """Number of committed facts."""
        return self._state.size

    @property
    def note(self) -> str:
        """The signed checkpoint of everything committed."""
        return self._state.note

    @property
    def verifier(self) -> Verifier:
        """The public key that signs this log's checkpoints."""
        return self._signer.verifier

    @property
    def signing(self) -> tuple[Verifier, ...]:
        """Every key that signs the next checkpoint, the present one first."""
        return (self.verifier, *(each.verifier for each in self._beside))

    def prepare(self, facts: Sequence[Fact], salts: Sequence[bytes]) -> Batch:
        """Return the batch that these facts make; changes nothing.

        Args:
            facts: numbered on from `size`.
            salts: 32 secret random bytes for each fact.

        Raises: VerificationError: a gap in the numbers, or a salt of wrong length.
        """
        first = self._state.size
        if not facts:
            return Batch(first, (), (), (), (), self._state)
        if len(salts) != len(facts):
            raise VerificationError(f"There are {len(facts)} facts, but {len(salts)} salts")
        for place, fact in enumerate(facts, first):
            if fact.seq != place:
                raise VerificationError(f"Fact {fact.seq} cannot stand at place {place} of the log")
        hashes = [leaf_hash(fact, salt) for fact, salt in zip(facts, salts, strict=True)]
        tiles, edges = _grow(self._state.edges, first, hashes)
        return Batch(first, facts, salts, hashes, tiles, self._seal(first + len(facts), edges))

    def write(self, connection: Connection, batch: Batch) -> None:
        """Insert the batch in the caller's transaction."""
        if not batch.facts:
            return
        state = batch.state
        stored.insert_facts(connection, batch.facts, batch.salts, batch.leaf_hashes)
        stored.insert_tiles(connection, batch.tiles)
        stored.insert_checkpoint(connection, state.size, state.note, batch.facts[-1].recorded_at)

    def accept(self, batch: Batch) -> None:
        """Take over the state of a batch that was committed.

        Raises: VerificationError: another batch was accepted since it was prepared.
        """
        if batch.first != self._state.size:
            raise VerificationError(
                f"A batch after {batch.first} facts cannot follow {self._state.size}"
            )
        for level, number, tile in batch.tiles:
            self._cache.put(level, number, tile)
        self._state = batch.state

    def inclusion(
        self, connection: Connection | None, seq: int, size: int | None = None
    ) -> list[bytes]:
        """Return the proof that fact `seq` is in the tree of `size` leaves (default: all).

        Raises: VerificationError: there is no such tree, or a tile is missing.
        """
        state = self._state
        size = state.size if size is None else size
        if not 0 <= seq < size <= state.size:
            raise VerificationError(
                f"No proof of fact {seq} in {size}: this log has {state.size} facts"
            )
        return merkle.inclusion_path(seq, size, _Nodes(connection, state, self._cache))

    def recent_inclusion(self, seq: int, size: int) -> list[bytes] | None:
        """Return the same proof where memory holds all of it, as for the newest facts; else None.

        Raises: VerificationError: there is no such tree.
        """
        try:
            return self.inclusion(None, seq, size)
        except _NotInMemory:
            return None

    def receipt(self, connection: Connection, seq: int) -> Receipt:
        """Return the receipt of a committed fact under the newest checkpoint.

        Raises: NotFound: no fact of this number is committed.
        """
        found = stored.read_fact(connection, seq)
        if found is None or seq >= self.size:
            raise NotFound(f"No fact {seq} is recorded, so there is no receipt for it", seq=seq)
        return self.receipt_for(connection, *found)

    def receipt_for(self, connection: Connection, fact: Fact, salt: bytes) -> Receipt:
        """Return the receipt of a committed fact that is at hand, with path and head of one state.

        A fact of the newest batches costs no read. Raises: VerificationError: it is not committed.
        """
        state = self._state
        nodes = _Nodes(connection, state, self._cache)
        path = merkle.inclusion_path(fact.seq, state.size, nodes)
        return issue(fact, salt, path, state.note)

    def with_cose(self, receipt: Receipt) -> Receipt:
        """Return a receipt of this log with the signature that its COSE form needs.

        Only those who ask for that form pay for it: verifying it takes a second signature.
        """
        return replace(receipt, note=cose_line.add(receipt.note, self._signer))

    def consistency(self, connection: Connection, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the first `old` leaves are a prefix of the first `new`.

        Raises: VerificationError: there is no such tree, or a tile is missing.
        """
        state = self._state
        new = state.size if new is None else new
        if not 0 < old <= new <= state.size:
            raise VerificationError(
                f"No proof from {old} to {new}: this log has {state.size} facts"
            )
        return merkle.consistency_path(old, new, _Nodes(connection, state, self._cache))

    def node_at(self, connection: Connection) -> merkle.NodeAt:
        """Return what answers for each complete subtree of the facts committed by now."""
        return _Nodes(connection, self._state, self._cache)

    def _seal(self, size: int, edges: tuple[Tile, ...]) -> State:
        root = Frontier(size, chain.from_iterable(tile.peaks() for tile in reversed(edges))).root()
        head = Checkpoint(self.origin, size, root)
        text = head.marshal()
        beside = "".join(each.signature_line(text) for each in self._beside)
        return State(size, root, edges, self._signer.sign(text) + beside)

    def _require_last_checkpoint(self, connection: Connection, former: Sequence[Verifier]) -> None:
        """Refuse a store whose facts are not those of its last signed checkpoint."""
        note = stored.read_last_note(connection)
        if note is None and self.size == 0:
            return
        if note is None:
            raise VerificationError("The log has facts but no signed checkpoint")
        opened = open_note(note, (self._signer.verifier, *former))
        last = checkpoints.parse(opened.text)
        if last != Checkpoint(self.origin, self.size, self._state.root):
            raise VerificationError(
                f"The {self.size} stored facts of {self.origin!r} are not those of the last signed "
                f"checkpoint ({last.size} of {last.origin!r}); run `clearway ledger verify`"
            )


class _NotInMemory(Exception):
    """A tile is neither an edge nor in the cache, and there is no connection to read it by."""


class _Nodes:
    """`node_at` of one state, read from the edges, the cache, or the database if there is one."""

    __slots__ = ("_cache", "_connection", "_held", "_place", "_state")

    def __init__(self, connection: Connection | None, state: State, cache: TileCache) -> None:
        self._connection = connection
        self._state = state
        self._cache = cache
        self._place: tuple[int, int] | None = None
        self._held = Tile([])

    def __call__(self, level: int, index: int) -> bytes:
        tile_level, number, up, within = address(level, index)
        if self._place != (tile_level, number):  # a proof asks a tile for up to 8 nodes in turn
            self._held = self._tile(tile_level, number)
            self._place = tile_level, number
        return self._held.node(up, within)

    def _tile(self, level: int, number: int) -> Tile:
        if number == full_tiles(level, self._state.size):
            return self._state.edges[level]
        tile = self._cache.get(level, number)
        if tile is None:
            if self._connection is None:
                raise _NotInMemory
            tile = stored.read_tile(self._connection, level, number)
            self._cache.put(level, number, tile)
        return tile


def _grow(
    edges: tuple[Tile, ...], first: int, hashes: list[bytes]
) -> tuple[list[tuple[int, int, Tile]], tuple[Tile, ...]]:
    """Return the tiles that `hashes` complete on every level, and the new edges."""
    full: list[tuple[int, int, Tile]] = []
    grown: list[Tile] = []
    level, added = 0, hashes
    while added or level < len(edges):
        edge = edges[level] if level < len(edges) else Tile([])
        number, completed = full_tiles(level, first), []
        while len(edge.hashes) + len(added) >= WIDTH:
            room = WIDTH - len(edge.hashes)
            completed.append(edge.extended(added[:room]))
            edge, added = Tile([]), added[room:]
        full += [(level, number + place, tile) for place, tile in enumerate(completed)]
        grown.append(edge.extended(added) if added else edge)
        level, added = level + 1, [tile.root() for tile in completed]
    return full, tuple(grown)
