"""The node's folder on disk: what lies where, made durably, owned by one process.

node.db            facts, projections, tiles, checkpoints
log.key            the log's private key (mode 0600)
log.vkey           its verifier key: give it to whoever shall verify receipts
lake/  models/     Parquet copies of the facts; trained risk models
node.lock          held by the one process that may write
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clearway.errors import InputError, StorageFailure, TryLater
from clearway.ledger.note import Signer


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside the data directory."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "node.db"

    @property
    def key(self) -> Path:
        """The log's private key."""
        return self.root / "log.key"

    @property
    def vkey(self) -> Path:
        """The log's verifier key."""
        return self.root / "log.vkey"

    @property
    def lake(self) -> Path:
        """Parquet copies of the facts."""
        return self.root / "lake"

    @property
    def models(self) -> Path:
        """Trained risk models."""
        return self.root / "models"

    def create(self, signer: Signer) -> None:
        """Make the folder of a new node.

        Raises: InputError: there is a node in it already; a second key would orphan its receipts.
        StorageFailure: the folder cannot be written.
        """
        if self.key.exists() or self.database.exists():
            raise InputError(f"{self.root} holds a node already; choose another data_directory")
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.lake, self.models):
                folder.mkdir(exist_ok=True)
            write_durably(self.vkey, (signer.verifier.vkey + "\n").encode())
            # Empty, but there: a key without a database is a loss, not a new node.
            write_durably(self.database, b"", mode=0o600)
            write_durably(self.key, signer.secret_skey.encode(), mode=0o600)
        except OSError as error:
            raise StorageFailure(f"{self.root} cannot be written: {error.strerror}") from error

    def signer(self) -> Signer:
        """Return the log's signer.

        Raises: InputError: no node was made here. StorageFailure: its key cannot be read, or its
        database is gone.
        """
        try:
            text = self.key.read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise InputError(
                f"There is no node in {self.root}; make one with: clearway node init"
            ) from error
        except OSError as error:
            raise StorageFailure(f"{self.key} cannot be read: {error.strerror}") from error
        if not self.database.exists():
            raise StorageFailure(f"{self.database} is gone; restore the last backup")
        return Signer.from_skey(text.strip())

    def lock(self) -> IO[bytes]:
        """Take the folder for this process; the lock ends with the returned file.

        Raises: TryLater: another process has it.
        """
        held = (self.root / "node.lock").open("ab")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.close()
            raise TryLater(f"Another process writes to {self.root}; stop it first") from error
        return held


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a whole file, or none: temporary file, fsync, rename, fsync of the folder."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
