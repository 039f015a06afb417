"""Auditing a foreign log: every file of it against the one root that its key signed.

    quorum = Quorum.parse(policy)
    report = audit(source, quorum, since=[note_kept_last_month])

What is checked, in this order:
1. the checkpoint: the log's signature, and the cosignatures that the policy requires;
2. the tiles at the right edge: together they are the signed root;
3. every full tile, from the top down: it hashes to its place in the tile above;
4. every entry: it hashes to its leaf;
5. every checkpoint kept from before: it is a prefix of this history, or here is signed evidence;
6. in a folder, partial tiles left from earlier: each begins as its tile does.

A file that does not hold is named. What it should be is made from the level below where that hashes
to the signed place, so that one changed byte never hides another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.foreign import (
    BadResource,
    ForeignTree,
    edges_of,
    fetch_entries,
    fetch_hashes,
    fetch_note,
    root_of_edges,
)
from clearway.ledger.fork import Fork
from clearway.ledger.merkle import hash_leaf
from clearway.ledger.quorum import Judged
from clearway.ledger.resource import CHECKPOINT, ENTRIES, Resource, parse_path, tiles_of
from clearway.ledger.source import Source
from clearway.ledger.tiles import Tile, full_tiles, levels

Progress = Callable[[int, int], None]
Heard = Callable[[int, Sequence[bytes]], None]
Judge = Callable[[str], Judged]

# Enough to see what happened; the rest is counted.
MAX_LISTED = 100
# A walk over more could not end; no log has so many.
MAX_ENTRIES = 1 << 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold.

    Args:
        code: stable, for machines.
        path: of the file under the log's prefix.
        message: a sentence for the auditor.
    """

    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit saw.

    Args:
        note: the log's signed checkpoint.
        checkpoint: what it says.
        cosigned_by: witnesses of the policy whose cosignatures it bears.
        is_satisfied: whether they are as many as the policy requires.
        files: how many tiles and bundles were checked.
        faults: the first hundred.
        fault_count: all of them.
        forks: signed evidence that the log has two histories; see `fork`.
    """

    note: str
    checkpoint: Checkpoint
    cosigned_by: tuple[str, ...]
    is_satisfied: bool
    files: int
    faults: tuple[Fault, ...]
    fault_count: int
    forks: tuple[Fork, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault_count == 0


def audit(
    source: Source,
    judge: Judge,
    *,
    since: Sequence[str] = (),
    first: int = 0,
    heard: Heard = lambda first, entries: None,
    progress: Progress = lambda done, total: None,
) -> Audited:
    """Return what is wrong with a log, after hashing all of it.

    Args:
        judge: of a note, by the keys or the policy that the auditor trusts (`Quorum.judge`).
        since: notes of this log that were kept from before.
        first: entries before this place need not be fetched: they were verified under a head that
            is among `since`. Their tiles are fetched all the same.
        heard: told (place of the first, entries) of each verified bundle.
        progress: told (entries done, entries in all) now and then.

    Raises:
        VerificationError: the checkpoint is not signed by the log, so that nothing can be judged.
        NotFound, TryLater, StorageFailure: the checkpoint cannot be had.
    """
    signed = fetch_note(source)
    judged = judge(signed)
    head = judged.checkpoint
    if not judged.log_signed:
        raise VerificationError(f"{CHECKPOINT}: not signed by the log {head.origin!r} itself")
    if head.size > MAX_ENTRIES:
        raise VerificationError(f"{CHECKPOINT}: no audit of {head.size} entries can end")
    run = _Run(source, judge, head, signed, heard, progress)
    if not judged.satisfied:
        run.fault("quorum_missing", CHECKPOINT, "Too few witnesses of the policy cosigned it")
    run.read(since, first)
    return Audited(
        note=signed,
        checkpoint=head,
        cosigned_by=tuple(one.name for one in judged.cosigned_by),
        is_satisfied=judged.satisfied,
        files=run.files,
        faults=tuple(run.faults),
        fault_count=run.fault_count,
        forks=tuple(run.forks),
    )


def fork_between(tree: ForeignTree, note: str, kept: Checkpoint, kept_note: str) -> Fork | None:
    """Return the evidence that a kept head is no prefix of a tree; None: it is one.

    Args:
        tree: under the larger head, or another head of the same size; `note` is its note.
        kept: verified, and of the same log.

    Raises: BadResource: a tile that the proof needs does not hold.
    """
    if kept.size == 0:
        return None  # nothing is signed about any entry
    prefix_root = tree.root_at(kept.size)
    if prefix_root == kept.root:
        return None
    if kept.size == tree.head.size:
        return Fork(kept_note, note)
    return Fork(kept_note, note, prefix_root, tuple(tree.consistency(kept.size)))


class _Run:
    """The state of one audit: the tree as far as it is known, and what was found."""

    def __init__(
        self,
        source: Source,
        judge: Judge,
        head: Checkpoint,
        note: str,
        heard: Heard,
        progress: Progress,
    ) -> None:
        self._source = source
        self._judge = judge
        self._head = head
        self._note = note
        self._heard = heard
        self._progress = progress
        # Tiles made from below because their own files do not hold.
        self._mended: dict[tuple[int, int], Tile] = {}
        # Whether every tile so far hangs on the signed root.
        self._is_proven = True
        self.faults: list[Fault] = []
        self.fault_count = 0
        self.files = 0
        self.forks: list[Fork] = []

    def fault(self, code: str, path: str, message: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MAX_LISTED:
            self.faults.append(Fault(code, path, message))

    def read(self, since: Sequence[str], first: int) -> None:
        tree = self._open_edges()
        if tree is None:
            return
        tree.mend(self._mended)
        for level in reversed(range(levels(self._head.size))):
            for number in range(full_tiles(level, self._head.size)):
                self._check_tile(tree, Resource(level, number))
        for resource in tiles_of(ENTRIES, self._head.size, full_tiles(0, first)):
            self._check_bundle(tree, resource)
        for note in since:
            self._meet(tree, note)
        for path in self._source.paths():
            self._check_left(tree, path)

    def _open_edges(self) -> ForeignTree | None:
        """Return the tree if its right edge is, or can be made, what the root covers."""
        resources = {resource.level: resource for resource in edges_of(self._head.size)}
        self.files += len(resources)
        found: dict[int, Tile] = {}
        for level, resource in resources.items():
            tile = self._read_tile(resource)
            if tile is not None:
                found[level] = tile
        if len(found) == len(resources) and self._is_root(found):
            return ForeignTree(self._source, self._head, found)
        below = {level: self._from_below(resource) for level, resource in resources.items()}
        return self._mend_edges(resources, found, below)

    def _mend_edges(
        self,
        resources: Mapping[int, Resource],
        found: Mapping[int, Tile],
        below: Mapping[int, Tile | None],
    ) -> ForeignTree | None:
        """Find the fewest tiles of the edge that must be as the level below has them."""
        differing = [
            level
            for level, tile in below.items()
            if tile is not None and (level not in found or tile.hashes != found[level].hashes)
        ]
        for count in range(1, len(differing) + 1):
            for levels_ in combinations(differing, count):
                edges = {**found, **{level: _known(below[level]) for level in levels_}}
                if len(edges) == len(resources) and self._is_root(edges):
                    for level in set(levels_) & found.keys():
                        self._differs(resources[level])
                    return ForeignTree(self._source, self._head, edges)
        for level in set(differing) & found.keys():
            self._differs(resources[level])
        self.fault(
            "root_differs",
            CHECKPOINT,
            f"The tiles do not lead to the signed root of {self._head.size} entries",
        )
        return None

    def _check_tile(self, tree: ForeignTree, resource: Resource) -> None:
        self.files += 1
        tile = self._read_tile(resource)
        try:
            expected = tree.expected(resource)
        except BadResource:
            self._is_proven = False  # the tile above is named already; nothing proves this one
            return
        if tile is not None and tile.root() == expected:
            tree.keep(resource.level, resource.number, tile)
            return
        if tile is not None:
            self._differs(resource)
        below = self._from_below(resource)
        if below is None or below.root() != expected:
            # Neither file nor level below is what was signed: go on with what there is, to name
            # what disagrees with it.
            self._is_proven = False
            below = tile or below
        if below is not None:
            self._mended[resource.level, resource.number] = below

    def _check_bundle(self, tree: ForeignTree, resource: Resource) -> None:
        self.files += 1
        try:
            entries = fetch_entries(self._source, resource)
            leaves = tree.tile(0, resource.number).hashes
        except BadResource as error:
            self.fault("unreadable", resource.path, error.detail)
            return
        wrong = [
            place
            for place, (entry, leaf) in enumerate(zip(entries, leaves, strict=False))
            if hash_leaf(entry) != leaf
        ]
        if wrong:
            self.fault(
                "entry_differs",
                resource.path,
                f"{len(wrong)} of its entries do not hash to their leaves; the first is entry"
                f" {resource.first + wrong[0]}",
            )
        else:
            self._heard(resource.first, entries)
        self._progress(resource.first + resource.width, self._head.size)

    def _meet(self, tree: ForeignTree, note: str) -> None:
        """Hold a checkpoint kept from before against this history."""
        kept = self._judge(note)
        if kept.checkpoint.origin != self._head.origin or not kept.log_signed:
            self.fault(
                "kept_unsigned",
                CHECKPOINT,
                f"A kept checkpoint is not one that {self._head.origin!r} signed",
            )
        elif kept.checkpoint.size > self._head.size:
            self._meet_larger(kept.checkpoint, note)
        elif not self._is_proven:
            self.fault(
                "kept_unproven",
                CHECKPOINT,
                f"The kept checkpoint of {kept.checkpoint.size} cannot be compared: tiles are"
                " missing or wrong",
            )
        else:
            self._add_fork(fork_between(tree, self._note, kept.checkpoint, note))

    def _meet_larger(self, kept: Checkpoint, note: str) -> None:
        self.fault(
            "cut_off",
            CHECKPOINT,
            f"A kept checkpoint counts {kept.size} entries, this one {self._head.size}: the log was"
            " cut, or an older copy was put back",
        )
        try:
            larger = ForeignTree.open(self._source, kept)
            self._add_fork(fork_between(larger, note, self._head, self._note))
        except VerificationError:
            return  # the files of the larger tree are gone as well; that it was cut is said above

    def _add_fork(self, fork: Fork | None) -> None:
        if fork is None:
            return
        self.forks.append(fork)
        self.fault(
            "forked",
            CHECKPOINT,
            "The log signed two histories: this checkpoint does not continue one that was kept",
        )

    def _check_left(self, tree: ForeignTree, path: str) -> None:
        """Check a partial tile left from an earlier checkpoint; other files are none of ours."""
        try:
            resource = parse_path(path)
        except MalformedMessage:
            return
        if resource.is_full or not resource.is_within(self._head.size):
            return
        if resource in self._current(resource.level):
            return
        self.files += 1
        try:
            tile = tree.tile(max(resource.level, 0), resource.number)
            if resource.level == ENTRIES:
                members = [hash_leaf(entry) for entry in fetch_entries(self._source, resource)]
            else:
                members = fetch_hashes(self._source, resource)
        except BadResource as error:
            self.fault("unreadable", path, error.detail)
            return
        if members != list(tile.hashes[: resource.width]):
            self._differs(resource)

    def _current(self, level: int) -> list[Resource]:
        """Return the partial resource at the right edge of a level, if there is one."""
        full = full_tiles(max(level, 0), self._head.size)
        return list(tiles_of(level, self._head.size, full))

    def _read_tile(self, resource: Resource) -> Tile | None:
        try:
            return Tile(fetch_hashes(self._source, resource))
        except BadResource as error:
            self.fault("unreadable", resource.path, error.detail)
            return None

    def _from_below(self, resource: Resource) -> Tile | None:
        """Return the tile as the level below has it; None: something of that is missing."""
        try:
            if resource.level == 0:
                bundle = Resource(ENTRIES, resource.number, resource.width)
                return Tile([hash_leaf(one) for one in fetch_entries(self._source, bundle)])
            places = range(resource.first, resource.first + resource.width)
            children = (Resource(resource.level - 1, place) for place in places)
            return Tile([Tile(fetch_hashes(self._source, one)).root() for one in children])
        except BadResource:
            return None  # named when its own turn comes

    def _is_root(self, edges: Mapping[int, Tile]) -> bool:
        return root_of_edges(self._head.size, edges) == self._head.root

    def _differs(self, resource: Resource) -> None:
        self.fault("tile_differs", resource.path, "It is not what the signed root covers")


def _known(tile: Tile | None) -> Tile:
    if tile is None:
        raise VerificationError("A tile that was made from the level below is missing")
    return tile
