"""SQLite in WAL with synchronous=FULL: one writer, many readers, one file.

Why each pragma: NORMAL loses acknowledged commits in power cuts, FULL does not; mmap together with
WAL has corrupted databases; below 3.51.3 a WAL reset can corrupt. The automatic WAL checkpoint is
off, because it would run inside an answering commit: `Checkpointer` does it aside.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from clearway.errors import StorageFailure
from clearway.ledger.failure import Failure

OLDEST_SAFE_SQLITE = (3, 51, 3)
_MOST_WAL_PAGES = 8_192  # of 4 KiB: 32 MiB

# Primary result codes READONLY, IOERR, CORRUPT, CANTOPEN and NOTADB.
_OF_THE_STORE = frozenset({8, 10, 11, 14, 26})
_FULL = 13


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


def failure_of(error: BaseException) -> Failure:
    """Return what an error of the driver means."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _FULL:
        return Failure.FULL
    return Failure.STORE if code in _OF_THE_STORE else Failure.ACTION


class Checkpointer:
    """Moves the WAL into the database aside from the answering path.

    Args:
        engine: an engine of its own (a writer's pragmas, its own connection).
        interval_s: seconds between looks.
    """

    def __init__(self, engine: Engine, *, interval_s: float = 0.5) -> None:
        self._engine = engine
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wal-checkpoint", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread after a last, whole checkpoint."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            while not self._ended.wait(self._interval_s):
                _, pages, _ = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages > _MOST_WAL_PAGES:  # a busy writer outruns it: make it begin the WAL anew
                    cursor.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
