"""Opening the store: SQLite in WAL with synchronous=FULL, one writer, many readers.

Why each pragma: NORMAL loses acknowledged commits in power cuts, FULL does not; mmap together with
WAL has corrupted databases; below 3.51.3 a WAL reset can corrupt. The automatic WAL checkpoint is
off, because it would run inside an answering commit: `committer.Checkpointer` does it aside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from clearway.errors import StorageFailure

OLDEST_SAFE_SQLITE = (3, 51, 3)


def require_safe_sqlite(version: tuple[int, ...] = pysqlite3.sqlite_version_info) -> None:
    """Refuse a SQLite library with the WAL-reset corruption defect.

    Raises: StorageFailure: when `version` is older than 3.51.3.
    """
    if version < OLDEST_SAFE_SQLITE:
        found = ".".join(map(str, version))
        raise StorageFailure(
            f"SQLite {found} can corrupt its own journal; install pysqlite3 with SQLite 3.51.3"
            " or newer"
        )


def open_writer(path: Path, *, synchronous: str = "FULL") -> Engine:
    """Return the engine of the one writer; each transaction begins IMMEDIATE.

    Args:
        path: database file; its folder must exist.
        synchronous: only the benchmark of durability's price passes anything but FULL.
    """
    return _engine(path, "BEGIN IMMEDIATE", f"PRAGMA synchronous={synchronous}", pool_size=1)


def open_reader(path: Path, *, pool_size: int = 8) -> Engine:
    """Return an engine of read-only connections; each transaction sees one snapshot."""
    return _engine(path, "BEGIN", "PRAGMA query_only=1", pool_size=pool_size)


def _engine(path: Path, begin: str, mode: str, *, pool_size: int) -> Engine:
    require_safe_sqlite()
    engine = create_engine(
        f"sqlite:///{path}",
        module=pysqlite3,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 1_000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN, see _begin
        for pragma in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA wal_autocheckpoint=0",
            "PRAGMA mmap_size=0",
            "PRAGMA cache_size=-65536",
            "PRAGMA foreign_keys=1",
            mode,
        ):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
