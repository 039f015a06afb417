"""Writing files so that a power cut leaves each of them whole: the new one, or the old."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from clearway.errors import StorageFailure, TryLater

_ASIDE = ".new"
# File systems join the waits of several writers: measured, eight give most of what there is.
_AT_ONCE = 8


class DurableFolder:
    """A folder that files are written into; `settle` makes their names durable as well.

    Args:
        root: made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unsettled: set[Path] = set()
        self._known: set[Path] = set()
        self._lock = Lock()
        self.files = 0
        self.bytes = 0

    def write(self, path: str, content: bytes) -> bool:
        """Write a whole file unless it is there with these bytes; return whether it was not.

        Raises: OSError.
        """
        file = self.root / path
        with self._lock:
            self._make(file.parent)
            self._unsettled.add(file.parent)
        if _holds(file, content):
            return False
        aside = file.with_name(file.name + _ASIDE)
        with aside.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        aside.replace(file)
        with self._lock:
            self.files += 1
            self.bytes += len(content)
        return True

    def write_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Write whole files; the disk waits for several at once. Raises: OSError."""
        with ThreadPoolExecutor(_AT_ONCE, "export") as pool:
            list(pool.map(lambda file: self.write(*file), files))

    def settle(self) -> None:
        """Make all names written so far durable. Raises: OSError."""
        for folder in sorted(self._unsettled):
            _sync_folder(folder)
        self._unsettled.clear()

    def _make(self, folder: Path) -> None:
        """Make a folder and those above it; the name of each is settled with its parent."""
        if folder in self._known:
            return
        if not folder.is_dir():
            if folder != folder.parent:
                self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            self._unsettled.add(folder.parent)
        self._known.add(folder)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder against a second writer, and turn errors of the system into ours.

    Raises: TryLater: another process writes there. StorageFailure: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(descriptor, folder)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageFailure(f"{folder} cannot be written: {error.strerror or error}") from error


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TryLater(f"Another process writes into {folder}; let it finish") from error


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.stat().st_size == len(content) and file.read_bytes() == content
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
