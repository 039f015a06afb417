"""Files that are whole or absent after any crash: write aside, fsync, rename, fsync the folder.

Without the two fsyncs a power cut loses even a renamed file; so does a new folder whose parent was
not synchronised.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clearway.errors import TryLater

TEMPORARY = ".tmp"


def write_durably(path: Path, content: bytes) -> None:
    """Write a whole file, or none, into an existing folder."""
    temporary = path.with_name(path.name + TEMPORARY)
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, each entry durable in the folder above it."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lake's lock. Raises: TryLater: it is held."""
    with open(folder / "lake.lock", "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TryLater(f"Somebody else is copying facts to {folder} just now") from error
        yield
