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

from clearway.errors import InputError, StorageFailure
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
        """
        if self.key.exists() or self.database.exists():
            raise InputError(f"{self.root} holds a node already; choose another data_directory")
        for folder in (self.root, self.lake, self.models):
            folder.mkdir(parents=True, exist_ok=True)
        write_durably(self.key, signer.secret_skey.encode(), mode=0o600)
        write_durably(self.vkey, (signer.verifier.vkey + "\n").encode(), mode=0o644)

    def signer(self) -> Signer:
        """Return the log's signer.

        Raises: InputError: no node was made here.
        """
        try:
            return Signer.from_skey(self.key.read_text(encoding="ascii").strip())
        except FileNotFoundError as error:
            raise InputError(
                f"There is no node in {self.root}; make one with: clearway node init"
            ) from error

    def lock(self) -> IO[bytes]:
        """Take the folder for this process; the lock ends with the returned file.

        Raises: StorageFailure: another process has it.
        """
        held = (self.root / "node.lock").open("ab")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.close()
            raise StorageFailure(f"Another process writes to {self.root}; stop it first") from error
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
