"""What only a server can do to a node: a second writer, settings that lose, an end in mid-work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from clearway.errors import BadTerm, InputError, MustStop, StorageFailure, TryLater
from clearway.ledger import postgres, schema
from clearway.ledger.committer import Committer
from clearway.ledger.database import Address, open_reader, open_writer
from clearway.ledger.failure import Failure
from clearway.ledger.log import Log
from clearway.ledger.postgres import Server
from clearway.ledger.statement import run
from clearway.ledger.verify import verify_store
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings
from tests.postgres import Cluster
from tests.stores.test_contract import NOON, ORIGIN, SIGNER, weigh


@pytest.fixture
def engine_name() -> str:
    return "postgresql"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a lock no longer than a test may."""
    monkeypatch.setattr(postgres, "_LOCK_WAIT_MS", 200)


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that this test may kill."""
    server = Cluster({"wal_writer_delay": "10s", "wal_buffers": "16MB"})
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


def test_a_second_writer_is_refused_until_the_first_has_ended(
    quick: None, address: Address
) -> None:
    first, second = open_writer(address), open_writer(address)
    with first.begin() as connection:
        run(connection, "SELECT 1")
    with pytest.raises(TryLater, match="Another process writes"):
        second.connect()
    first.dispose()
    with second.begin() as connection:
        run(connection, "SELECT 1")
    second.dispose()


@pytest.mark.parametrize("setting", ["synchronous_commit=off", "synchronous_commit=local"])
def test_a_server_that_loses_commits_is_refused(cluster: Cluster, setting: str) -> None:
    server = cluster.schema("unsafe")
    cluster.execute(f"ALTER ROLE clearway SET {setting}")
    engine = open_writer(server)
    try:
        with pytest.raises(StorageFailure, match="synchronous_commit"):
            engine.connect()
    finally:
        cluster.execute("ALTER ROLE clearway RESET synchronous_commit")
        engine.dispose()
        cluster.drop("unsafe")


@pytest.mark.slow
def test_fsync_off_is_refused(own_cluster: Cluster) -> None:
    server = own_cluster.schema("unsafe")
    own_cluster.stop()
    own_cluster.start(fsync="off")
    engine = open_writer(server)
    with pytest.raises(StorageFailure, match="fsync=off"):
        engine.connect()
    engine.dispose()


def test_an_absent_server_or_schema_is_said_plainly(cluster: Cluster, tmp_path: Path) -> None:
    for server, said in (
        (Server(f"postgresql://x@/x?host={tmp_path}"), "cannot be reached"),
        (Server(cluster.url, "never_made"), "lacks the schema"),
    ):
        engine = open_writer(server)
        with pytest.raises(StorageFailure, match=said):
            engine.connect()
        engine.dispose()


@pytest.mark.parametrize(
    ("url", "schema_name", "said"),
    [
        ("postgresql://a:secret@h/d", "s", "password"),
        ("postgresql://a@h/d?options=-cfsync%3Doff", "s", "options"),
        ("postgresql://a@h/d", 's"; DROP', "schema"),
        ("no address", "s", "no address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, schema_name: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        Server(url, schema_name)
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("server closed the connection"), Failure.STORE),
        (psycopg.errors.AdminShutdown(), Failure.STORE),
        (psycopg.errors.ReadOnlySqlTransaction(), Failure.STORE),
        (psycopg.errors.IoError(), Failure.STORE),
        (psycopg.errors.DataCorrupted(), Failure.STORE),
        (psycopg.errors.StatementCompletionUnknown(), Failure.STORE),
        (psycopg.errors.DiskFull(), Failure.FULL),
        (psycopg.errors.SerializationFailure(), Failure.BUSY),
        (psycopg.errors.LockNotAvailable(), Failure.BUSY),
        (psycopg.errors.UniqueViolation(), Failure.ACTION),
        (ValueError("of an action"), Failure.ACTION),
    ],
)
def test_errors_are_sorted_by_what_is_known_of_the_commit(error: Exception, kind: Failure) -> None:
    assert postgres.failure_of(error) is kind


def test_a_question_with_u0000_is_refused_not_a_defect(address: Address) -> None:
    reader = open_reader(address)
    with reader.connect() as connection, pytest.raises(BadTerm, match="U\\+0000"):
        connection.exec_driver_sql("SELECT %s::text", ("\0",))
    reader.dispose()


def test_a_node_is_made_on_a_server_once(cluster: Cluster, tmp_path: Path) -> None:
    settings = Settings(
        node_name="customs.example/pg",
        data_directory=tmp_path / "node",
        database=cluster.url,
        database_schema="made_once",
    )
    create(settings, entropy)
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        assert node.log.size == 0
    elsewhere = Settings(
        data_directory=tmp_path / "b", database=cluster.url, database_schema="made_once"
    )
    with pytest.raises(InputError, match="holds a node already"):
        create(elsewhere, entropy)
    cluster.drop("made_once")


def _committer(server: Server, synchronous: str) -> tuple[Committer, Log]:
    writer = open_writer(server, synchronous=synchronous)
    with writer.begin() as connection:
        schema.prepare(connection)
        log = Log.open(connection, ORIGIN, SIGNER)
    committer = Committer(writer, log, {}, clock=lambda: NOON, entropy=os.urandom)
    committer.start()
    return committer, log


def _acknowledged_before_the_kill(cluster: Cluster, server: Server, synchronous: str) -> list[int]:
    """Load the server, kill every process of it in the middle, return what was answered."""
    committer, _ = _committer(server, synchronous)
    futures = [committer.submit(f"lane {n % 9}", weigh(str(n))) for n in range(4_000)]
    futures[500].result(60)
    cluster.stop(signal.SIGKILL)
    answered = []
    for future in futures:
        with suppress(MustStop):
            answered.append(future.result(60).facts[0].seq)
    assert isinstance(committer.failure, StorageFailure) and len(answered) < len(futures)
    with pytest.raises(MustStop):
        committer.submit("late", weigh("late"))
    committer.close()
    committer._engine.dispose()
    return answered


def _stored(server: Server) -> int:
    """Return how many facts are stored, after verifying all of them."""
    writer = open_writer(server)
    with writer.begin() as connection:
        size = Log.open(connection, ORIGIN, SIGNER).size
        assert verify_store(connection, ORIGIN, [SIGNER.verifier]).holds
    writer.dispose()
    return size


@pytest.mark.slow
def test_a_server_killed_under_load_loses_nothing_that_was_answered(own_cluster: Cluster) -> None:
    server = own_cluster.schema("killed")
    for _ in range(2):
        answered = _acknowledged_before_the_kill(own_cluster, server, "FULL")
        own_cluster.start()
        assert len(answered) > 500 and max(answered) < _stored(server)


@pytest.mark.slow
def test_without_waiting_for_the_disk_the_same_kill_loses_facts(own_cluster: Cluster) -> None:
    server = own_cluster.schema("control")
    first, _ = _committer(server, "FULL")
    first.close()
    first._engine.dispose()
    answered = _acknowledged_before_the_kill(own_cluster, server, "OFF")
    own_cluster.start()
    assert max(answered) >= _stored(server)


def test_a_server_that_shuts_down_stops_the_node(own_cluster: Cluster) -> None:
    server = own_cluster.schema("shut")
    committer, _ = _committer(server, "FULL")
    committer.submit("amina", weigh("first")).result(30)
    own_cluster.stop(signal.SIGINT)
    with pytest.raises(StorageFailure, match="nothing was answered as done"):
        committer.submit("amina", weigh("second")).result(30)
    committer.close()
    committer._engine.dispose()
