"""PostgreSQL 14 or newer: one fenced writing session, readers on one snapshot each.

How one server stands in for the file of a lone node:
- The writer is ONE session that holds an advisory lock of its schema from connecting to its end.
  Whatever it writes, it writes over that session, so no second node can write meanwhile, and none
  that lost its session can write late. A second node is refused, or waits until the first is gone.
- Nobody else writes the log, so READ COMMITTED gives it a serial history at no cost. Readers take
  REPEATABLE READ, READ ONLY: one snapshot for a whole answer.
- A commit is answered only after `synchronous_commit=on` (or `remote_apply`). The server's `fsync`
  and `full_page_writes` are looked at when the writer connects; a node on a server without them
  refuses to start. The value found is then set for the session, whatever is reloaded later.
- A lost connection may hide a commit: whoever waited is not told "done", and the node stops.
  At its next start the log is verified, and senders' repeats find what was stored.

Each node has a schema of its own, so that a server can hold several agencies apart. Passwords are
never part of an address: they stand in a password file (libpq's form), or none is needed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from clearway.errors import BadTerm, ClearwayError, InputError, StorageFailure, TryLater
from clearway.ledger.failure import Failure

SCHEMES: Final = ("postgresql://", "postgres://")
_OLDEST: Final = 14
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")

# Milliseconds. A writer waits so long for the lock of one that is just ending.
_LOCK_WAIT_MS: Final = 5_000
_STATEMENT_MS: Final = 120_000
_IDLE_IN_TRANSACTION_MS: Final = 300_000

# A peer that vanished is noticed in about 30 + 3 x 10 seconds, on both ends: a node that takes over
# need not wait for hours until the server lets go of the lock.
_KEEPALIVES: Final = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "connect_timeout": 10,
}

# Classes and codes of SQLSTATE (PostgreSQL, appendix A).
_BUSY: Final = frozenset({"40001", "40P01", "53200", "53300", "53400", "55P03", "57014"})
_FULL: Final = "53100"
_READ_ONLY: Final = "25006"
_IDLE_TOO_LONG: Final = "25P03"
_COMPLETION_UNKNOWN: Final = "40003"
# 08 connection, 57P shutdown, 58 system error (I/O), XX internal error and damaged data.
_OF_THE_STORE: Final = ("08", "57P", "58", "XX")

_FACTS: Final = """
SELECT current_setting('fsync'), current_setting('full_page_writes'),
       current_setting('synchronous_commit'), current_setting('server_encoding'),
       current_setting('transaction_read_only'), pg_backend_pid(),
       (SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['a', 'B', '-', '_', 'é', '1']) x),
       to_regnamespace(%s) IS NOT NULL
"""
_BY_BYTES: Final = "-1B_aé"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a node's tables lie.

    Args:
        url: `postgresql://role@host:port/database`, without a password.
        schema: of this node alone.
        passfile: password file in libpq's form; "": PGPASSFILE or ~/.pgpass, if there is one.
        reader: role that reads; "": the role of `url`.
    """

    url: str
    schema: str = "clearway"
    passfile: str = ""
    reader: str = ""

    def __post_init__(self) -> None:
        if not _SCHEMA.fullmatch(self.schema):
            raise InputError(
                f"The schema {self.schema!r} cannot be used: small letters, digits and _ only,"
                " at most 63, a letter first"
            )
        if self.parsed().password is not None:
            raise InputError(
                "The address of the database holds a password; take it out, and put it in a"
                " password file (setting database_passfile)"
            )
        if "options" in self.parsed().query:
            raise InputError("The address of the database sets options; set them on the role")

    def parsed(self) -> URL:
        """Return the address in SQLAlchemy's form. Raises: InputError: it is none."""
        try:
            return make_url(self.url).set(drivername="postgresql+psycopg")
        except ArgumentError as error:
            raise InputError(
                "The setting database is no address such as postgresql://role@host:5432/database"
            ) from error

    def __str__(self) -> str:
        at = self.parsed()
        place = at.query.get("host", at.host or "localhost")
        return f"PostgreSQL {place}/{at.database}, schema {self.schema}"

    @property
    def lock(self) -> int:
        """Key of the writer's advisory lock, a signed number of 64 bits."""
        digest = hashlib.sha256(f"clearway writer of {self.schema}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def create_schema(server: Server) -> None:
    """Make the schema of a new node.

    Raises: InputError: a node lies in it already. StorageFailure: the server cannot be reached, or
    the role may not create it.
    """
    engine = _engine(server, role="", options={}, pool_size=1)
    try:
        with engine.begin() as connection:
            found = f"{server.schema}.fact"
            if connection.exec_driver_sql("SELECT to_regclass(%s)", (found,)).scalar() is not None:
                raise InputError(f"{server} holds a node already; choose another database_schema")
            if not _exists(connection, server):
                connection.exec_driver_sql(f"CREATE SCHEMA {server.schema}")
    except psycopg.errors.InsufficientPrivilege as error:
        _refuse_privilege(server, error)
    finally:
        engine.dispose()


def _exists(connection: Connection, server: Server) -> bool:
    asked = "SELECT to_regnamespace(%s) IS NOT NULL"
    return bool(connection.exec_driver_sql(asked, (server.schema,)).scalar())


def _refuse_privilege(server: Server, error: Exception) -> NoReturn:
    raise StorageFailure(
        f"{server}: the role may not create the schema ({error}); let its owner run:"
        f" CREATE SCHEMA {server.schema} AUTHORIZATION <role>"
    ) from error


def open_writer(server: Server, *, synchronous: str = "FULL") -> Engine:
    """Return the engine of the one writer; its session holds the lock of the schema.

    Args:
        synchronous: only the benchmark of durability's price passes anything but FULL.

    Raises (when it connects): TryLater: another writer has the lock. StorageFailure: the server
    cannot be reached, would lose acknowledged commits, or is not fit in another way; says which.
    """
    engine = _engine(server, role="", options={}, pool_size=1)

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection[Any], _record: Any) -> None:
        try:
            connection.autocommit = True
            level = _require_fit(connection, server, durable=synchronous == "FULL")
            connection.execute(f"SET synchronous_commit = {level}")
            _take_lock(connection, server)
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine, "commit")
    def _require_sound(connection: Connection) -> None:
        # COMMIT of a failed transaction is a ROLLBACK that reports no error.
        driver: Any = connection.connection.dbapi_connection
        if driver.info.transaction_status == TransactionStatus.INERROR:
            raise StorageFailure("The transaction failed before its commit; nothing was written")

    return engine


def open_reader(server: Server, *, pool_size: int = 8) -> Engine:
    """Return an engine of read-only sessions; each transaction sees one snapshot."""
    options = {"default_transaction_read_only": "on"}
    engine = _engine(server, role=server.reader, options=options, pool_size=pool_size)

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    return engine


def open_aside(server: Server, *, pool_size: int = 1) -> Engine:
    """Return an engine that writes tables which are not the log's, beside its writer.

    Without the writer's lock, so two of them must be told apart by the database: SERIALIZABLE.
    """
    engine = _engine(server, role="", options={}, pool_size=pool_size)

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE

    return engine


def _engine(server: Server, *, role: str, options: dict[str, str], pool_size: int) -> Engine:
    url = server.parsed()
    session = {
        "search_path": server.schema,
        "statement_timeout": str(_STATEMENT_MS),
        "lock_timeout": str(_LOCK_WAIT_MS),
        "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_MS),
        "idle_session_timeout": "0",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        **options,
    }
    given: dict[str, Any] = {
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        "application_name": f"clearway {server.schema}",
        **{name: value for name, value in _KEEPALIVES.items() if name not in url.query},
    }
    if server.passfile:
        given["passfile"] = server.passfile
    engine = create_engine(
        url.set(username=role) if role else url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        # The statements of the rooms are few and always the same: let the server know them.
        connect_args={"prepare_threshold": 2, **given},
    )

    @event.listens_for(engine, "connect")
    def _adapt(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.prepared_max = 1_000
        # One width for every whole number, as in SQLite; else each size is a statement of its own.
        connection.adapters.register_dumper(int, Int8BinaryDumper)

    @event.listens_for(engine, "handle_error")
    def _explain(context: ExceptionContext) -> ClearwayError | None:
        text = " ".join(str(context.original_exception).split())
        if isinstance(context.original_exception, psycopg.DataError) and "NUL" in text:
            return BadTerm("text", "...", "holds the character U+0000, which no text may hold")
        if context.connection is not None:
            return None
        return StorageFailure(f"{server} cannot be reached: {text}")

    return engine


def _require_fit(connection: psycopg.Connection[Any], server: Server, *, durable: bool) -> str:
    """Return the level of synchronous_commit to set. Raises: StorageFailure: not a fit server."""
    row = connection.execute(_FACTS, (server.schema,)).fetchone()
    if row is None:
        raise StorageFailure(f"{server} gives no answer about its settings")
    fsync, full_pages, level, encoding, read_only, pid, order, exists = row
    faults = (
        (connection.info.server_version < _OLDEST * 10_000, f"is older than version {_OLDEST}"),
        (
            pid != connection.info.backend_pid,
            "is reached through a pooler, where the writer's lock means nothing; connect directly",
        ),
        (read_only != "off", "is read-only, perhaps a standby; connect to the primary"),
        (not exists, "lacks the schema; restore the last backup, or run: clearway node init"),
        (
            encoding != "UTF8" or order != _BY_BYTES,
            "does not order text by its bytes; make the database with: CREATE DATABASE ..."
            " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
        ),
    )
    unsafe = (
        (fsync != "on", "runs with fsync=off: it loses acknowledged commits in a power cut"),
        (full_pages != "on", "runs with full_page_writes=off: a power cut can tear its pages"),
        (
            level not in ("on", "remote_apply"),
            f"commits with synchronous_commit={level}: set it to on for this role or database",
        ),
    )
    for is_so, fault in (*faults, *(unsafe if durable else ())):
        if is_so:
            raise StorageFailure(f"{server} {fault}")
    return str(level) if durable else "off"


def _take_lock(connection: psycopg.Connection[Any], server: Server) -> None:
    """Hold the schema for this session. Raises: TryLater: another session has it."""
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (server.lock,))
    except psycopg.errors.LockNotAvailable as error:
        raise TryLater(f"Another process writes to {server}; stop it first") from error


def failure_of(error: BaseException) -> Failure:
    """Return what an error of the driver means; without SQLSTATE the connection is lost."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return Failure.STORE if lost else Failure.ACTION
    if state == _FULL:
        return Failure.FULL
    if state in _BUSY:
        return Failure.BUSY
    is_of_the_store = state.startswith(_OF_THE_STORE) or state in (
        _READ_ONLY,
        _IDLE_TOO_LONG,
        _COMPLETION_UNKNOWN,
    )
    return Failure.STORE if is_of_the_store else Failure.ACTION
