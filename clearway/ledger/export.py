"""Exporting the log as a folder of static files that any tlog-tiles client reads over plain HTTP.

    with engine.begin() as connection:
        export(connection, Path("/srv/log"), log.note, [log.verifier])

The rules that make it safe to run beside a web server, to stop half-way, and to run again:
1. The folder's own `checkpoint` says what is already there. It must be of this log and of its
   history; a larger one means that this store was rolled back, and nothing is written.
2. Only what is new is read and written. Each file is written aside, fsync-ed and renamed, so that a
   client sees the whole file or none; a file already there with the same bytes stays untouched.
3. All folders are fsync-ed before the `checkpoint` is replaced, LAST: whoever can read a checkpoint
   can read everything under it, also after a power cut.
4. Partial tiles stay. With `prune`, those go whose full tile was there at the checkpoint before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import publish
from clearway.ledger.bundle import emit_bundle
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.durable import DurableFolder, held
from clearway.ledger.keys import Verifier
from clearway.ledger.merkle import EMPTY_ROOT
from clearway.ledger.note import open_note
from clearway.ledger.resource import CHECKPOINT, ENTRIES, Resource, parse_path, tiles_of
from clearway.ledger.tiles import WIDTH, full_tiles, levels

Progress = Callable[[int, int], None]

# So many bundles are read by one statement: 4,096 facts.
_BUNDLES = 16


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Args:
        checkpoint: that the folder now holds.
        since: size of the checkpoint that it held before, 0 without one.
        files: how many were written, the checkpoint among them.
        bytes: in these files.
        pruned: how many folders of partial tiles were removed.
    """

    checkpoint: Checkpoint
    since: int
    files: int
    bytes: int
    pruned: int


def export(
    connection: Connection,
    folder: Path,
    note: str,
    verifiers: Sequence[Verifier],
    *,
    prune: bool = False,
    progress: Progress = lambda done, total: None,
) -> Exported:
    """Bring the static files of a folder up to the log's checkpoint.

    Args:
        connection: one that sees a single snapshot, at least as large as the checkpoint.
        folder: what a web server serves under the log's prefix; made if it is not there.
        note: the signed checkpoint to publish, with any cosignatures.
        verifiers: the log's keys, present and former.
        prune: remove partial tiles that no client of the last two checkpoints needs.
        progress: told (entries done, entries in all) now and then.

    Raises:
        VerificationError: the folder holds another log, another history, or a later checkpoint; or
            what is stored is damaged.
        TryLater: another process exports into this folder. StorageFailure: it cannot be written.
    """
    head = checkpoints.parse(open_note(note, verifiers).text)
    with held(folder):
        since = _require_same_history(connection, folder, head, verifiers)
        target = DurableFolder(folder)
        _write_tiles(connection, target, since, head.size)
        _write_bundles(connection, target, since, head.size, progress)
        target.settle()
        target.write(CHECKPOINT, note.encode())
        target.settle()
        pruned = _prune(folder, since) if prune else 0
    return Exported(head, since, target.files, target.bytes, pruned)


def _require_same_history(
    connection: Connection, folder: Path, head: Checkpoint, verifiers: Sequence[Verifier]
) -> int:
    """Return how many leaves the folder holds already, after comparing its root with the store."""
    file = folder / CHECKPOINT
    if not file.exists():
        return 0
    found = checkpoints.parse(open_note(_read_text(file), verifiers).text)
    if found.origin != head.origin:
        raise VerificationError(
            f"{folder} holds the log {found.origin!r}; give {head.origin!r} a folder of its own"
        )
    if found.size > head.size:
        raise VerificationError(
            f"{folder} holds a checkpoint of {found.size} entries, this log has {head.size}: it was"
            " rolled back; keep the folder, it is the evidence"
        )
    root = publish.root_at(connection, found.size) if found.size else EMPTY_ROOT
    if found.root != root:
        raise VerificationError(
            f"{folder} holds a checkpoint of {found.size} entries with another root: this log's"
            " history was changed; keep the folder, it is the evidence"
        )
    return found.size


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(f"{file} is no checkpoint: it is not UTF-8 text") from error


def _write_tiles(connection: Connection, target: DurableFolder, since: int, size: int) -> None:
    for level in range(levels(size)):
        for group in _grouped(tiles_of(level, size, full_tiles(level, since))):
            target.write_all(
                [(tile.path, publish.read_resource(connection, tile)) for tile in group]
            )


def _write_bundles(
    connection: Connection, target: DurableFolder, since: int, size: int, progress: Progress
) -> None:
    first = full_tiles(0, since)
    for group in _grouped(tiles_of(ENTRIES, size, first)):
        begin = group[0].first
        count = group[-1].first + group[-1].width - begin
        entries = publish.read_entries(connection, begin, count)
        places = ((bundle, bundle.first - begin) for bundle in group)
        target.write_all(
            [(one.path, emit_bundle(entries[at : at + one.width])) for one, at in places]
        )
        progress(begin + count, size)


def _grouped(resources: Iterator[Resource]) -> Iterator[list[Resource]]:
    group: list[Resource] = []
    for resource in resources:
        group.append(resource)
        if len(group) == _BUNDLES:
            yield group
            group = []
    if group:
        yield group


def _prune(folder: Path, since: int) -> int:
    """Remove partial tiles whose full tile stood under the checkpoint before this one.

    A client that read that checkpoint needs the full tile; one that read an earlier checkpoint had
    the time between two exports, and may still read the full tile instead (tlog-tiles, "Partial
    Tiles").
    """
    pruned = 0
    for partials in sorted((folder / "tile").rglob("*.p")):
        number = partials.relative_to(folder).as_posix().removesuffix(".p")
        try:
            full = parse_path(number)
        except MalformedMessage:
            continue  # not ours: it stays
        if full.width == WIDTH and full.is_within(since) and (folder / full.path).is_file():
            shutil.rmtree(partials)
            pruned += 1
    return pruned
