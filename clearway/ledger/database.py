"""Opening the store: a path is SQLite (`sqlite.py`), a `Server` is PostgreSQL (`postgres.py`).

    writer, reader = open_writer(address), open_reader(address)
    with upkeep(address): ...

Both engines give the same: one writer, whose commits are durable before they return; readers that
see one snapshot a transaction; text in the order of its bytes; whole numbers of 64 bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from clearway.ledger import postgres, sqlite
from clearway.ledger.failure import Failure
from clearway.ledger.postgres import Server
from clearway.ledger.sqlite import Checkpointer, require_safe_sqlite

__all__ = ["Address", "Server", "open_aside", "open_reader", "open_writer", "require_safe_sqlite"]

Address = Path | Server


def open_writer(address: Address, *, synchronous: str = "FULL") -> Engine:
    """Return the engine of the one writer.

    Args:
        address: of the store; the folder of a file must exist, and so must a schema.
        synchronous: only the benchmark of durability's price passes anything but FULL.
    """
    if isinstance(address, Server):
        return postgres.open_writer(address, synchronous=synchronous)
    return sqlite.open_writer(address, synchronous=synchronous)


def open_reader(address: Address, *, pool_size: int = 8) -> Engine:
    """Return an engine of read-only connections; each transaction sees one snapshot."""
    if isinstance(address, Server):
        return postgres.open_reader(address, pool_size=pool_size)
    return sqlite.open_reader(address, pool_size=pool_size)


def open_aside(address: Address) -> Engine:
    """Return an engine that writes tables which are not the log's, beside its writer."""
    if isinstance(address, Server):
        return postgres.open_aside(address)
    return sqlite.open_writer(address)


class Upkeep(Protocol):
    """What keeps the store in shape while a node runs, aside from the answering path."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End, and let go of every connection."""


def upkeep(address: Address) -> Upkeep:
    """Return what keeps this store in shape; PostgreSQL does it by itself."""
    return _NoUpkeep() if isinstance(address, Server) else _WalUpkeep(address)


class _NoUpkeep:
    def start(self) -> None:
        pass

    def close(self) -> None:
        pass


class _WalUpkeep:
    def __init__(self, path: Path) -> None:
        self._engine = sqlite.open_writer(path)
        self._checkpointer = Checkpointer(self._engine)

    def start(self) -> None:
        self._checkpointer.start()

    def close(self) -> None:
        self._checkpointer.close()
        self._engine.dispose()


def failure_of(error: BaseException) -> Failure:
    """Return what an exception means for the transaction in which it came."""
    original = getattr(error, "orig", error)
    if getattr(original, "sqlite_errorcode", None) is not None:
        return sqlite.failure_of(original)
    return postgres.failure_of(original)
