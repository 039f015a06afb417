"""The committer: in groups, in order, each action whole or not at all, answered when durable."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import shake_256
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pysqlite3
import pytest
from sqlalchemy import Connection, Engine, event, text

from clearway.errors import MustStop, RuleViolation, StorageFailure, TryLater, VerificationError
from clearway.ledger import tables
from clearway.ledger.committer import Committer, Limits, Outcome
from clearway.ledger.database import open_reader, open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.receipt import issue, parse, verify
from clearway.ledger.sqlite import Checkpointer
from clearway.ledger.transaction import Transaction
from clearway.ledger.verify import verify_store

from .conftest import NOON, ORIGIN, SIGNER


@dataclass(frozen=True, slots=True)
class Weighed:
    TYPE: ClassVar[str] = "parcel.weighed/1"
    number: int


def total(connection: Connection, fact: Fact) -> None:
    connection.execute(text("UPDATE total SET n = n + 1"))


def weigh(number: int) -> Callable[[Transaction], int]:
    def action(tx: Transaction) -> int:
        tx.append(
            Weighed(number), subject=f"parcel:{number}", issuer="customs", actor="officer:amina"
        )
        return number

    return action


class Desk:
    """A committer on a real store, which can be held before it begins."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self.engine = engine
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS total (n INTEGER)"))
            connection.execute(text("INSERT INTO total VALUES (0)"))
            self.log = Log.open(connection, ORIGIN, SIGNER)
        self.told: list[Sequence[Fact]] = []
        self.stopped: list[MustStop] = []
        numbers = count()
        self.committer = Committer(
            engine,
            self.log,
            {"parcel.weighed/1": (total,)},
            clock=lambda: NOON,
            entropy=lambda size: shake_256(b"%d" % next(numbers)).digest(size),
            limits=limits,
            on_commit=self.told.append,
            on_stop=self.stopped.append,
        )

    def submit(self, lane: str, action: Callable[[Transaction], Any]) -> Future[Outcome[Any]]:
        return self.committer.submit(lane, action)

    def start(self) -> None:
        self.committer.start()

    def scalar(self, sql: str) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(text(sql)).scalar()


@pytest.fixture
def desks(engine: Engine) -> Iterator[Callable[..., Desk]]:
    with ExitStack() as stack:

        def open_desk(**limits: int) -> Desk:
            desk = Desk(engine, Limits(**limits))
            stack.callback(desk.committer.close)
            return desk

        yield open_desk


@pytest.fixture
def desk(desks: Callable[..., Desk]) -> Desk:
    return desks()


def test_what_waits_together_is_committed_together(desk: Desk) -> None:
    futures = [desk.submit("amina", weigh(number)) for number in range(50)]
    desk.start()
    assert [future.result(5).result for future in futures] == list(range(50))
    desk.committer.close()
    assert desk.scalar("SELECT count(*) FROM checkpoint") == 1
    assert desk.scalar("SELECT count(*) FROM fact") == 50
    assert desk.scalar("SELECT n FROM total") == 50
    assert [len(facts) for facts in desk.told] == [50]


def test_a_batch_is_bounded(desks: Callable[..., Desk]) -> None:
    desk = desks(batch=20)
    futures = [desk.submit("amina", weigh(number)) for number in range(50)]
    desk.start()
    assert futures[-1].result(5).facts[0].seq == 49
    desk.committer.close()
    assert [len(facts) for facts in desk.told] == [20, 20, 10]


def test_an_answer_proves_its_facts_with_the_salts_that_come_with_it(desk: Desk) -> None:
    desk.start()
    futures = [desk.submit("amina", weigh(number)) for number in range(30)]
    outcomes = [future.result(5) for future in futures]
    desk.committer.close()  # it has the one writing connection
    with desk.engine.connect() as connection:
        for outcome in outcomes:
            path = desk.log.inclusion(connection, outcome.facts[0].seq)
            receipt = issue(outcome.facts[0], outcome.salts[0], path, desk.log.note)
            assert verify(parse(receipt.marshal()), [SIGNER.verifier]).fact == outcome.facts[0]


def test_an_action_that_fails_leaves_nothing_and_harms_nobody(desk: Desk) -> None:
    def half(tx: Transaction) -> None:
        weigh(99)(tx)
        tx.claim("weigh", "K", b"digest", tx.facts[0])
        raise RuleViolation("A parcel cannot be weighed twice")

    before = desk.submit("amina", weigh(1))
    failing = desk.submit("amina", half)
    broken = desk.submit("amina", lambda tx: tx.connection.execute(text("SELECT * FROM absent")))
    after = desk.submit("amina", weigh(2))
    desk.start()
    with pytest.raises(RuleViolation, match="weighed twice"):
        failing.result(5)
    with pytest.raises(Exception, match="no such table"):
        broken.result(5)
    assert before.result(5).facts[0].seq == 0
    assert after.result(5).facts[0].seq == 1
    desk.committer.close()
    assert desk.scalar("SELECT count(*) FROM fact") == 2
    assert desk.scalar("SELECT n FROM total") == 2
    assert desk.scalar("SELECT count(*) FROM claim") == 0
    assert desk.stopped == []


def test_an_action_with_several_facts_keeps_them_together(desk: Desk) -> None:
    def three(tx: Transaction) -> None:
        for number in range(3):
            weigh(number)(tx)

    futures = [desk.submit("a", three), desk.submit("b", three)]
    desk.start()
    assert [[fact.seq for fact in f.result(5).facts] for f in futures] == [[0, 1, 2], [3, 4, 5]]
    salts = [salt for future in futures for salt in future.result().salts]
    assert len(set(salts)) == 6


def test_an_action_without_facts_is_answered_and_signs_nothing(desk: Desk) -> None:
    future = desk.submit("amina", lambda tx: tx.next_seq)
    desk.start()
    assert future.result(5) == Outcome(0, (), ())
    desk.committer.close()
    assert desk.scalar("SELECT count(*) FROM checkpoint") == 0


def test_one_lane_is_served_in_order_whatever_others_do(desk: Desk) -> None:
    desk.start()

    def send(lane: int) -> list[int]:
        futures = [desk.submit(f"lane{lane}", weigh(lane * 1000 + n)) for n in range(100)]
        return [future.result(10).facts[0].seq for future in futures]

    with ThreadPoolExecutor(6) as pool:
        places = list(pool.map(send, range(6)))
    assert all(seqs == sorted(seqs) for seqs in places)
    assert sorted(seq for seqs in places for seq in seqs) == list(range(600))
    desk.committer.close()
    with desk.engine.connect() as connection:
        assert verify_store(connection, ORIGIN, [SIGNER.verifier]).faults == ()


def test_a_flood_does_not_delay_the_others(desks: Callable[..., Desk]) -> None:
    desk = desks(lane=5_000, batch=10)
    flood = [desk.submit("flood", weigh(number)) for number in range(3_000)]
    honest = desk.submit("amina", weigh(9_999))
    desk.start()
    assert honest.result(5).facts[0].seq == 1
    assert flood[-1].result(20).facts[0].seq == 3_000


def test_a_full_lane_is_told_to_come_again(desks: Callable[..., Desk]) -> None:
    desk = desks(lane=2)
    for number in range(2):
        desk.submit("flood", weigh(number))
    with pytest.raises(TryLater):
        desk.submit("flood", weigh(3))
    assert desk.committer.waiting == 2
    desk.start()


def test_closing_answers_everything_that_waits(desk: Desk) -> None:
    futures = [desk.submit("amina", weigh(number)) for number in range(500)]
    desk.start()
    desk.committer.close()
    assert all(future.done() for future in futures)
    assert [future.result().facts[0].seq for future in futures] == list(range(500))
    with pytest.raises(TryLater, match="closing down"):
        desk.submit("amina", weigh(1))


def test_what_was_cancelled_while_it_waited_is_not_run(desk: Desk) -> None:
    first, second = desk.submit("amina", weigh(1)), desk.submit("amina", weigh(2))
    assert first.cancel()
    desk.start()
    assert second.result(5).facts[0].seq == 0
    desk.committer.close()
    assert desk.scalar("SELECT count(*) FROM fact") == 1


def test_nothing_is_answered_before_it_is_durable(desk: Desk, tmp_path: Path) -> None:
    """Whoever is answered finds the fact through a connection that sees committed data only."""
    reader = open_reader(tmp_path / "node.db")
    missing: list[int] = []

    def look(future: Future[Outcome[int]]) -> None:
        seq = future.result().facts[0].seq
        with reader.connect() as connection:
            found = connection.execute(
                text("SELECT 1 FROM fact WHERE seq = :seq"), {"seq": seq}
            ).scalar()
        if found is None:
            missing.append(seq)

    desk.start()
    for number in range(100):
        future = desk.submit("amina", weigh(number))
        future.add_done_callback(look)
        future.result(5)
    desk.committer.close()
    assert missing == []
    reader.dispose()


def fail_at_commit(engine: Engine, message: str, code: int) -> Callable[[], None]:
    """Let each COMMIT fail as on a broken disk: SQLite rolls back, then says why."""
    error = pysqlite3.OperationalError(message)
    error.sqlite_errorcode = code

    def refuse(connection: Connection) -> None:
        connection.connection.cursor().execute("ROLLBACK")
        raise error

    event.listen(engine, "commit", refuse)
    return lambda: event.remove(engine, "commit", refuse)


def test_a_failed_commit_answers_nobody_done_and_stops_for_good(desk: Desk) -> None:
    mend = fail_at_commit(desk.engine, "Input/output error", 10)
    futures = [desk.submit("amina", weigh(number)) for number in range(3)]
    desk.start()
    for future in futures:
        with pytest.raises(StorageFailure, match=r"Input/output error.*nothing was answered"):
            future.result(5)
    mend()
    desk.committer.close()
    with pytest.raises(StorageFailure):
        desk.submit("amina", weigh(4))
    assert isinstance(desk.committer.failure, StorageFailure)
    assert len(desk.stopped) == 1
    assert desk.told == []
    assert desk.log.size == 0
    with desk.engine.connect() as connection:
        assert Log.open(connection, ORIGIN, SIGNER).size == 0


def test_what_waits_behind_a_failed_commit_is_refused_too(desks: Callable[..., Desk]) -> None:
    desk = desks(batch=1)
    mend = fail_at_commit(desk.engine, "Input/output error", 10)
    futures = [desk.submit("amina", weigh(number)) for number in range(3)]
    desk.start()
    for future in futures:
        with pytest.raises(StorageFailure):
            future.result(5)
    desk.committer.close()
    mend()


def test_a_full_disk_is_said_and_work_goes_on_when_it_is_freed(desk: Desk) -> None:
    mend = fail_at_commit(desk.engine, "database or disk is full", 13)
    future = desk.submit("amina", weigh(1))
    desk.start()
    with pytest.raises(TryLater, match="disk of this node is full"):
        future.result(5)
    mend()
    assert desk.submit("amina", weigh(2)).result(5).facts[0].seq == 0


def test_a_really_full_database_loses_nothing_and_recovers(desk: Desk) -> None:
    desk.start()
    desk.submit("amina", weigh(1)).result(5)

    def limit(tx: Transaction) -> None:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def large(tx: Transaction) -> None:
        tx.append(Weighed(10**4000), subject="parcel:1", issuer="customs", actor="officer:amina")

    desk.submit("amina", limit).result(5)
    with pytest.raises(TryLater, match="disk of this node is full"):
        desk.submit("amina", large).result(5)
    assert desk.log.size == 1

    def lift(tx: Transaction) -> None:
        tx.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    desk.submit("amina", lift).result(5)
    assert desk.submit("amina", large).result(5).facts[0].seq == 1


def test_evidence_that_does_not_hold_stops_the_node(desk: Desk) -> None:
    def corrupt(tx: Transaction) -> None:
        raise VerificationError("A stored fact is not what was signed")

    future = desk.submit("amina", corrupt)
    desk.start()
    with pytest.raises(VerificationError):
        future.result(5)
    desk.committer.close()
    assert isinstance(desk.committer.failure, VerificationError)


def test_a_restart_goes_on_where_the_last_answer_was(engine: Engine) -> None:
    for turn in range(3):
        desk = Desk(engine, Limits())
        desk.start()
        futures = [desk.submit("amina", weigh(number)) for number in range(40)]
        assert futures[-1].result(5).facts[0].seq == 40 * turn + 39
        desk.committer.close()
    with engine.connect() as connection:
        report = verify_store(connection, ORIGIN, [SIGNER.verifier], outside=[desk.log.note])
    assert report.faults == ()


def test_the_journal_is_moved_into_the_database_aside(desk: Desk, tmp_path: Path) -> None:
    aside = open_writer(tmp_path / "node.db")
    checkpointer = Checkpointer(aside, interval_s=0.02)
    checkpointer.start()
    desk.start()
    for number in range(200):
        desk.submit("amina", weigh(number)).result(5)
    desk.committer.close()
    checkpointer.close()
    aside.dispose()
    assert (tmp_path / "node.db-wal").stat().st_size == 0
    assert desk.scalar("SELECT count(*) FROM fact") == 200
    assert tables.METADATA.tables["fact"] is tables.fact


def test_many_senders_at_once_are_each_answered_once(desk: Desk) -> None:
    desk.start()
    answered = threading.Semaphore(0)
    futures: list[Future[Outcome[int]]] = []
    for number in range(800):
        future = desk.submit(f"lane{number % 40}", weigh(number))
        future.add_done_callback(lambda _: answered.release())
        futures.append(future)
    for _ in range(800):
        assert answered.acquire(timeout=10)
    assert sorted(future.result().result for future in futures) == list(range(800))
    assert sorted(future.result().facts[0].seq for future in futures) == list(range(800))
