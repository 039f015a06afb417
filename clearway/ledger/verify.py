"""Re-hashing the whole store: nothing stored is believed because it is stored.

An audit that reads stored hashes proves nothing about stored data. This one goes from each fact's
columns through envelope, commitment and leaf to the tiles, to every checkpoint's root and its
signature, in one pass over the tables with bounded memory.

What each step finds:
- a fact's columns or salt edited: its leaf is not the stored one (`leaf_differs`);
- the leaf edited to match: the tile, then the next signed root, differ;
- tiles edited to match as well: the signed roots differ, and only the key's holder could mend them;
- a fact deleted, inserted or moved: gaps, and roots that differ;
- a checkpoint between two others deleted: the facts of one batch, and of no other, were recorded at
  one instant, which their leaves hold; where the instant changes, a checkpoint must stand;
- a fact emptied: only its erasure, a fact of its own, makes that right (`erasure`);
- the tail cut off, or an older copy put back: a checkpoint kept outside is larger than the store,
  or has another root. Without one, no store can know what it has forgotten.

Outside its reach: a checkpoint between two batches of the very same microsecond; what lies beside
the log (`beside.py` checks that as far as it goes) and projections (`clearway rebuild`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.columns import from_microseconds
from clearway.ledger.commitment import entry, leaf_hash
from clearway.ledger.erasure import Erased, Header
from clearway.ledger.fact import Fact, decode
from clearway.ledger.merkle import HASH_SIZE, Frontier, hash_leaf
from clearway.ledger.note import Verifier, open_note
from clearway.ledger.tiles import WIDTH, Tile

Progress = Callable[[int, int], None]

# Enough to see what happened; the rest is counted.
MAX_LISTED = 100
_CHUNK = 2_000

# Without types, so that a value of a wrong kind is seen as it is and cannot stop the reading.
_FACTS = text(
    "SELECT seq, type, subject, issuer, actor, occurred_at, recorded_at, body, form, salt,"
    " leaf_hash FROM fact ORDER BY seq"
)
_KINDS = (int, str, str, str, str, int, int, bytes, int, bytes)
_ERASED = text("SELECT seq, commitment FROM erased ORDER BY seq")
_TILES = text("SELECT level, number, hashes FROM tile WHERE level = :level ORDER BY number")
_CHECKPOINTS = text("SELECT size, note, signed_at FROM checkpoint ORDER BY size")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold.

    Args:
        code: stable, for machines.
        place: seq of the fact, number of the tile or size of the checkpoint.
        message: a sentence for the auditor.
    """

    code: str
    place: int
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification saw.

    Args:
        head: size and root of the tree that the stored facts make.
        checkpoints: how many signed checkpoints were checked.
        tiles: how many tiles were checked.
        faults: the first hundred, in the order in which they were met.
        fault_count: all of them.
    """

    head: Checkpoint
    checkpoints: int
    tiles: int
    faults: tuple[Fault, ...]
    fault_count: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault_count == 0


def verify_store(
    connection: Connection,
    origin: str,
    verifiers: Sequence[Verifier],
    *,
    outside: Sequence[str] = (),
    progress: Progress = lambda done, total: None,
) -> Report:
    """Return what is wrong with the stored log of `origin`, after re-hashing all of it.

    Args:
        connection: one that sees a single snapshot.
        verifiers: the log's keys, present and former.
        outside: signed checkpoints (notes) that others kept.
        progress: told (facts done, facts in all) now and then.
    """
    run = _Run(connection, origin, verifiers, progress)
    try:
        run.expect(outside)
        run.read_facts()
    except SQLAlchemyError as error:
        run.fault("unreadable", run.frontier.size, f"The database cannot be read: {error}")
    finally:
        run.close()
    head = Checkpoint(origin, run.frontier.size, run.frontier.root())
    return Report(head, run.checkpoint_count, run.tile_count, tuple(run.faults), run.fault_count)


def with_faults(report: Report, more: Iterable[Fault]) -> Report:
    """Return the report with the faults that another check met."""
    faults, count = list(report.faults), report.fault_count
    for fault in more:
        count += 1
        if len(faults) < MAX_LISTED:
            faults.append(fault)
    return replace(report, faults=tuple(faults), fault_count=count)


class _Run:
    """The state of one verification: the tree so far, and the cursors that follow it."""

    def __init__(
        self,
        connection: Connection,
        origin: str,
        verifiers: Sequence[Verifier],
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._origin = origin
        self._verifiers = verifiers
        self._progress = progress
        self._outside: list[Checkpoint] = []
        self._levels: list[_Level] = []
        self._erased: _Peekable | None = None
        self._emptied: dict[int, Header] = {}
        self._erasures: dict[int, Header] = {}
        self._results: list[CursorResult[Any]] = []
        self.frontier = Frontier()
        self.faults: list[Fault] = []
        self.fault_count = 0
        self.checkpoint_count = 0
        self.tile_count = 0

    def fault(self, code: str, place: int, message: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MAX_LISTED:
            self.faults.append(Fault(code, place, message))

    def expect(self, outside: Sequence[str]) -> None:
        """Read the checkpoints kept outside, the smallest first."""
        for signed in outside:
            head = self._open(signed, "outside_note", 0)
            if head is not None:
                self._outside.append(head)
        self._outside.sort(key=lambda head: head.size)

    def read_facts(self) -> None:
        total = int(self._connection.execute(text("SELECT count(*) FROM fact")).scalar_one())
        stored = _Peekable(self._stream(_CHECKPOINTS))
        self._meet_outside()
        self._erased = _Peekable(self._stream(_ERASED))
        recorded_at: Any = None
        signed = True
        for row in self._stream(_FACTS):
            if not signed and row.recorded_at != recorded_at:
                self.fault(
                    "checkpoint_missing",
                    self.frontier.size,
                    f"The checkpoint of {self.frontier.size} facts, which ended a batch, is gone",
                )
            self._read_fact(row)
            recorded_at = row.recorded_at
            signed = self._meet_stored(stored, recorded_at)
            self._meet_outside()
            if self.frontier.size % _CHUNK == 0:
                self._progress(self.frontier.size, total)
        self._finish(stored)
        self._progress(total, total)

    def _read_fact(self, row: Row[Any]) -> None:
        place = self.frontier.size
        if row.seq != place:
            self.fault(
                "out_of_place", place, f"Place {place} of the log holds fact {row.seq} instead"
            )
        stored = row.leaf_hash
        try:
            computed = self._leaf_of(place, *_fact_of(row))
        except (VerificationError, TypeError, ValueError, OverflowError) as error:
            self.fault("fact_unreadable", place, f"Fact {place} cannot be hashed: {error}")
            computed = b""
        if not isinstance(stored, bytes) or len(stored) != HASH_SIZE:
            self.fault("leaf_malformed", place, f"The stored leaf of fact {place} is not a hash")
            stored = computed or bytes(HASH_SIZE)
        elif computed and computed != stored:
            self.fault(
                "leaf_differs", place, f"Fact {place} or its salt is not what its leaf commits to"
            )
        # The stored leaf goes on: if a signed root agrees with it, the fact was changed, not it.
        self.frontier.append(stored)
        self._append(0, stored)

    def _leaf_of(self, place: int, fact: Fact, salt: bytes) -> bytes:
        """Return the leaf that a fact makes, or that an erased one leaves."""
        kept = None if self._erased is None else self._erased.peek()
        if kept is None or kept.seq != place or self._erased is None:
            if fact.type == Erased.TYPE:
                body = decode(fact.body, Erased)
                self._erasures[body.seq] = body.header
            return leaf_hash(fact, salt)
        self._erased.take()
        self._emptied[place] = Header.of(fact)
        if fact.body or salt:
            self.fault("not_emptied", place, f"Fact {place} counts as erased, but is still there")
        return hash_leaf(entry(kept.commitment))

    def _require_erasures(self) -> None:
        """Hold emptied facts against the facts that say so, their headers included."""
        for seq in self._emptied.keys() | self._erasures.keys():
            if seq not in self._erasures:
                self.fault("erased_unsaid", seq, f"Fact {seq} was emptied, and no erasure says so")
            elif seq not in self._emptied:
                self.fault(
                    "not_erased", seq, f"The log says that fact {seq} was erased; it was not"
                )
            elif self._emptied[seq] != self._erasures[seq]:
                self.fault("header_differs", seq, f"The header of erased fact {seq} was changed")
        left = None if self._erased is None else self._erased.peek()
        if left is not None:
            self.fault("erased_unknown", left.seq, f"No fact stands where {left.seq} was erased")

    def _append(self, level: int, hash_: bytes) -> None:
        if level == len(self._levels):
            self._levels.append(_Level(_Peekable(self._stream(_TILES, level=level))))
        at = self._levels[level]
        at.row.append(hash_)
        if len(at.row) == WIDTH:
            tile = Tile(at.row)
            self._check_tile(level, at.number, b"".join(at.row), at.stored)
            at.row, at.number = [], at.number + 1
            self._append(level + 1, tile.root())

    def _check_tile(self, level: int, number: int, hashes: bytes, stored: _Peekable) -> None:
        self.tile_count += 1
        row = stored.peek()
        if row is None or row.number != number:
            self.fault("tile_missing", number, f"Tile {number} of level {level} is missing")
            return
        stored.take()
        if row.hashes != hashes:
            self.fault("tile_differs", number, f"Tile {number} of level {level} was changed")

    def _meet_stored(self, stored: _Peekable, recorded_at: Any) -> bool:
        """Check the checkpoint stored for the facts so far; return whether there is one."""
        row = stored.peek()
        if row is None or row.size > self.frontier.size:
            return False
        stored.take()
        self.checkpoint_count += 1
        head = self._open(row.note, "checkpoint_note", row.size)
        if head is None:
            return True
        if head.size != row.size or row.size != self.frontier.size:
            self.fault(
                "checkpoint_misplaced",
                row.size,
                f"The checkpoint stored for {row.size} facts is one of {head.size}",
            )
        elif head.root != self.frontier.root():
            self.fault(
                "root_differs", row.size, f"The first {row.size} facts are not those once signed"
            )
        if row.signed_at != recorded_at:
            self.fault(
                "checkpoint_time",
                row.size,
                f"The time of the checkpoint of {row.size} facts was changed",
            )
        return True

    def _meet_outside(self) -> None:
        while self._outside and self._outside[0].size == self.frontier.size:
            head = self._outside.pop(0)
            if head.root != self.frontier.root():
                self.fault(
                    "outside_root_differs",
                    head.size,
                    f"The first {head.size} facts are not those that others saw signed",
                )

    def _finish(self, stored: _Peekable) -> None:
        size = self.frontier.size
        for head in self._outside:
            self.fault(
                "cut_off",
                head.size,
                f"Others saw {head.size} facts signed, but only {size} are stored: the log was "
                "cut, or an older copy was put back",
            )
        while (row := stored.take()) is not None:
            self.fault(
                "facts_missing", row.size, f"A checkpoint counts {row.size} facts, {size} are here"
            )
        self._require_signed_tail(size)
        self._require_no_more_tiles()
        self._require_erasures()

    def _require_signed_tail(self, size: int) -> None:
        last = self._connection.execute(text("SELECT max(size) FROM checkpoint")).scalar() or 0
        if last != size:
            self.fault("unsigned_tail", size, f"{size} facts are stored, but {last} are signed")

    def _require_no_more_tiles(self) -> None:
        count = self._connection.execute(text("SELECT count(*) FROM tile")).scalar_one()
        if count != self.tile_count:
            self.fault(
                "tile_count",
                self.tile_count,
                f"{count} tiles are stored where these facts make {self.tile_count}",
            )

    def _open(self, signed: Any, code: str, place: int) -> Checkpoint | None:
        """Return the checkpoint of this log in a note, or None with a fault."""
        try:
            opened = open_note(str(signed), self._verifiers)
            head = checkpoints.parse(opened.text)
        except VerificationError as error:
            self.fault(code, place, f"A signed checkpoint does not hold: {error.detail}")
            return None
        if head.origin != self._origin:
            self.fault(code, place, f"A checkpoint is of {head.origin!r}, not of {self._origin!r}")
            return None
        return head

    def _stream(self, statement: TextClause, **values: int) -> Iterator[Row[Any]]:
        options = {"yield_per": _CHUNK}
        result = self._connection.execute(statement, values, execution_options=options)
        self._results.append(result)
        return iter(result)

    def close(self) -> None:
        """End the cursors: one left open could reset the same statement when run again."""
        for result in self._results:
            result.close()


class _Level:
    """One tile level as it grows, beside the cursor of what is stored of it."""

    __slots__ = ("number", "row", "stored")

    def __init__(self, stored: _Peekable) -> None:
        self.row: list[bytes] = []
        self.number = 0
        self.stored = stored


class _Peekable:
    """Rows of a cursor, the next of which can be looked at first."""

    __slots__ = ("_next", "_rows")

    def __init__(self, rows: Iterator[Row[Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def peek(self) -> Row[Any] | None:
        return self._next

    def take(self) -> Row[Any] | None:
        row, self._next = self._next, next(self._rows, None)
        return row


def _fact_of(row: Row[Any]) -> tuple[Fact, bytes]:
    """Return fact and salt of a stored row. Raises: TypeError: a value is of a wrong kind."""
    values: tuple[Any, ...] = tuple(row)
    if tuple(map(type, values))[:10] != _KINDS:
        wrong = next(n for n, kind in enumerate(_KINDS) if type(values[n]) is not kind)
        raise TypeError(f"its {row._fields[wrong]} is of the kind {type(values[wrong]).__name__}")
    seq, type_, subject, issuer, actor, occurred_at, recorded_at, body, form, salt, _ = values
    occurred, recorded = from_microseconds(occurred_at), from_microseconds(recorded_at)
    return Fact(seq, type_, subject, issuer, actor, occurred, recorded, body, form), salt
