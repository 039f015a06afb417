"""Checkpoints kept outside the database: what shows later that this node was rolled back.

Now and then the newest signed head is written to a folder, one small file for each size, and none
is ever changed or removed. Put that folder on another machine or medium (setting
`checkpoint_directory`): beside the database it is rolled back with it. Before each writing the
largest head there is held against the log; one that the log does not continue is told loudly, and
nothing more is written.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import publish
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.durable import DurableFolder, held
from clearway.ledger.keys import Verifier
from clearway.ledger.note import open_note

_NAME = re.compile(r"checkpoint-([0-9]{1,19})\.txt")


def keep_checkpoint(
    connection: Connection, folder: Path, note: str, verifiers: tuple[Verifier, ...]
) -> bool:
    """Write the newest head unless it is there; return whether it was not.

    Args:
        connection: a snapshot that has all facts of `note`.
        note: the newest signed checkpoint.
        verifiers: the log's keys, present and former.

    Raises: VerificationError: a head in the folder is not of this log's history: the store was
    rolled back or changed. StorageFailure, TryLater: the folder cannot be written now.
    """
    head = _head(note, verifiers)
    with held(folder):
        largest = _largest(folder)
        if largest is not None:
            _require_continued(connection, largest, head, verifiers)
        target = DurableFolder(folder)
        is_new = target.write(f"checkpoint-{head.size}.txt", note.encode())
        target.settle()
    return is_new


def _largest(folder: Path) -> Path | None:
    """Return the file of the largest head in the folder."""
    found = [(int(match[1]), file) for file in folder.iterdir() if (match := _match(file))]
    return max(found)[1] if found else None


def _match(file: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(file.name)


def _require_continued(
    connection: Connection, file: Path, head: Checkpoint, verifiers: tuple[Verifier, ...]
) -> None:
    kept = _head(file.read_bytes().decode("utf-8", "replace"), verifiers)
    if kept.origin != head.origin:
        raise VerificationError(f"{file} is of {kept.origin!r}; give each node its own folder")
    if kept.size > head.size or (kept.size and publish.root_at(connection, kept.size) != kept.root):
        raise VerificationError(
            f"{file} is a head of {kept.size} facts that this log of {head.size} does not continue:"
            " the store was rolled back or changed; keep both, and call the auditor"
        )


def _head(note: str, verifiers: tuple[Verifier, ...]) -> Checkpoint:
    return checkpoints.parse(open_note(note, verifiers).text)
