"""The node's folder on disk: what lies where, made durably, owned by one process.

node.db            facts, projections, tiles, checkpoints (where no PostgreSQL holds them)
log.key            the log's private key (mode 0600)
witness.vkey       former verifier keys of the witness, once one was rotated
log.vkey           its verifier keys, present and former: give it to whoever shall verify receipts
*.old.key          former keys that still serve beside the present ones (`rotation.py`)
witness.key, hpke.key, tls.key, tls.crt   for partners (`keys.py`)
authority.key, seal.key ...               for issuing certificates (`authority.py`)
order.key          signs what this node has ordered in its own order
lake/  models/     Parquet copies of the facts; trained risk models
history/           Parquet of past declarations with their results, from before the node
node.lock          held by the one process that may write
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from clearway.errors import InputError, StorageFailure, TryLater, VerificationError
from clearway.ledger import postgres
from clearway.ledger.database import Address, Server
from clearway.ledger.former import read_keys
from clearway.ledger.keys import Verifier
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.settings import Settings


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside the data directory, and where the tables lie.

    Args:
        server: PostgreSQL, if one holds the tables; None: `node.db`.
    """

    root: Path
    server: Server | None = None

    @classmethod
    def of(cls, settings: Settings) -> Folder:
        """Return the folder of these settings. Raises: InputError: no address of PostgreSQL."""
        if not settings.database:
            return cls(settings.data_directory)
        server = Server(
            settings.database,
            settings.database_schema,
            settings.database_passfile,
            settings.database_reader,
        )
        return cls(settings.data_directory, server)

    @property
    def store(self) -> Address:
        """Where the tables lie."""
        return self.server or self.database

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "node.db"

    @property
    def key(self) -> Path:
        """The log's private key."""
        return self.root / "log.key"

    @property
    def old_key(self) -> Path:
        """The log's former private key, while it signs beside the present one."""
        return self.old(self.key)

    @staticmethod
    def old(path: Path) -> Path:
        """Return where a key lies that was replaced and still serves (`rotation.py`)."""
        return path.with_name(f"{path.stem}.old{path.suffix}")

    @property
    def vkey(self) -> Path:
        """The log's verifier keys, the present one first (`ledger.former`)."""
        return self.root / "log.vkey"

    @property
    def witness_key(self) -> Path:
        """The witness's private key, Ed25519."""
        return self.root / "witness.key"

    @property
    def witness_vkeys(self) -> Path:
        """Verifier keys that the witness had before; not there until one is rotated."""
        return self.root / "witness.vkey"

    @property
    def witness_ml_dsa_key(self) -> Path:
        """The witness's private key, ML-DSA-44; not there unless asked for."""
        return self.root / "witness-ml-dsa.key"

    @property
    def hpke_key(self) -> Path:
        """The secret that opens what partners encrypt for us."""
        return self.root / "hpke.key"

    @property
    def order_key(self) -> Path:
        """The secret that signs what this node has ordered in its own order."""
        return self.root / "order.key"

    @property
    def tls_key(self) -> Path:
        """The private key of mutual TLS with partners, PEM."""
        return self.root / "tls.key"

    @property
    def tls_certificate(self) -> Path:
        """Its certificate, PEM; partners know its fingerprint."""
        return self.root / "tls.crt"

    @property
    def next_tls_certificate(self) -> Path:
        """The certificate that our card bears already, and that is not in use yet."""
        return self.root / "tls.next.crt"

    @property
    def lake(self) -> Path:
        """Parquet copies of the facts."""
        return self.root / "lake"

    @property
    def models(self) -> Path:
        """Trained risk models."""
        return self.root / "models"

    @property
    def history(self) -> Path:
        """Parquet of past declarations with their results (`risk.formats.history`)."""
        return self.root / "history"

    def order_home(self, chosen: str) -> Path:
        """Return the folder of the validator of a shared order."""
        return Path(chosen) if chosen else self.root / "order"

    def create(self, signer: Signer) -> None:
        """Make the folder of a new node.

        Raises: InputError: there is a node in it already; a second key would orphan its receipts.
        StorageFailure: the folder cannot be written.
        """
        if self.key.exists() or self.database.exists():
            raise InputError(f"{self.root} holds a node already; choose another data_directory")
        if self.server is not None:
            postgres.create_schema(self.server)
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.lake, self.models):
                folder.mkdir(exist_ok=True)
            write_durably(self.vkey, (signer.verifier.vkey + "\n").encode())
            if self.server is None:
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
        if self.server is None and not self.database.exists():
            raise StorageFailure(f"{self.database} is gone; restore the last backup")
        return Signer.from_skey(text.strip())

    def signers(self) -> tuple[Signer, ...]:
        """Return the log's signer, and the former one while that signs beside it.

        Raises: as `signer`.
        """
        if not self.old_key.exists():
            return (self.signer(),)
        former = self.old_key.read_text(encoding="ascii")
        return self.signer(), Signer.from_skey(former.strip())

    def verifiers(self) -> tuple[Verifier, ...]:
        """Return the log's verifier keys, the present one first, former ones with their limits.

        Raises: InputError, StorageFailure: as `signer`; or the list cannot be read.
        """
        present = self.signer().verifier
        try:
            listed = read_keys(self.vkey.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, VerificationError) as error:
            raise StorageFailure(
                f"{self.vkey} is no list of verifier keys ({error}); restore it from a backup"
            ) from error
        return (present, *(key for key in listed if key.vkey != present.vkey))

    def witness_secrets(self) -> Iterator[str]:
        """Yield the witness's private keys that are there, as text."""
        files = (self.witness_key, self.old(self.witness_key), self.witness_ml_dsa_key)
        yield from (file.read_text(encoding="ascii") for file in files if file.exists())

    def former_witnesses(self) -> tuple[Verifier, ...]:
        """Return the keys that the witness had before. Raises: StorageFailure: not readable."""
        if not self.witness_vkeys.exists():
            return ()
        try:
            return read_keys(self.witness_vkeys.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, VerificationError) as error:
            raise StorageFailure(f"{self.witness_vkeys} is no list of keys: {error}") from error

    def open_log(self, connection: Connection) -> Log:
        """Return the log that is stored behind this connection, with all its keys.

        Raises: as `signer`, `verifiers`. VerificationError: as `Log.open`.
        """
        signer, *beside = self.signers()
        return Log.open(connection, signer.name, signer, self.verifiers()[1:], beside)

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
