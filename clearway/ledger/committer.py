"""The one writer: takes actions from fair lanes, commits them in groups, then answers.

The life of an action:
1. `submit(lane, action)` puts it in its sender's lane and gives a future.
2. The writer thread takes what waits (at most `batch_limit`), opens ONE transaction, and runs each
   action in a savepoint of its own. An action that raises leaves nothing behind.
3. The facts of the batch get salts, leaves, tiles and one signed checkpoint (`log.Log`).
4. A durable COMMIT (`database`). Only now is any future answered, with receipts to be had.
5. On an I/O error nobody is told "done": the futures fail, the committer stops for good, and the
   node goes down to verify at its next start. So it does when the connection to a server is lost:
   what was being committed may be stored or not, and only the next start can know.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from clearway.errors import ClearwayError, MustStop, StorageFailure, TryLater
from clearway.ledger.commitment import SALT_SIZE
from clearway.ledger.database import failure_of
from clearway.ledger.fact import Fact
from clearway.ledger.failure import Failure
from clearway.ledger.lanes import Lanes
from clearway.ledger.log import Log
from clearway.ledger.statement import run
from clearway.ledger.transaction import Projections, Transaction

Result = TypeVar("Result")
Action = Callable[[Transaction], Any]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """What an action returned and the facts it recorded, each with the salt of its commitment."""

    result: Result
    facts: tuple[Fact, ...]
    salts: tuple[bytes, ...]


@dataclass(slots=True)
class _Waiting:
    action: Action
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class _Done:
    """An action that ran well; not committed yet."""

    result: Any
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait and how much is committed at once."""

    lane: int = 1_000
    total: int = 20_000
    batch: int = 128


class Committer:
    """Runs actions in order on the one writing connection.

    Args:
        engine: from `database.open_writer`.
        log: the open Merkle log of that database.
        projections: which tables follow which fact type.
        clock: gives the aware UTC instant; called once a batch.
        entropy: gives n random bytes, for the salts.
        on_commit: told of the facts of each commit, from the writer thread; must be quick.
        on_stop: told once, from the writer thread, when the store failed.
    """

    def __init__(
        self,
        engine: Engine,
        log: Log,
        projections: Projections,
        *,
        clock: Callable[[], datetime],
        entropy: Callable[[int], bytes],
        limits: Limits = Limits(),
        on_commit: Callable[[Sequence[Fact]], None] = lambda facts: None,
        on_stop: Callable[[MustStop], None] = lambda error: None,
    ) -> None:
        self._engine = engine
        self._log = log
        self._projections = projections
        self._clock = clock
        self._entropy = entropy
        self._batch_limit = limits.batch
        self._on_commit = on_commit
        self._on_stop = on_stop
        self._lanes: Lanes[_Waiting] = Lanes(lane_limit=limits.lane, total_limit=limits.total)
        self._stopped: MustStop | None = None
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Start the writer thread."""
        self._thread.start()

    def submit(self, lane: str, action: Callable[[Transaction], Result]) -> Future[Outcome[Result]]:
        """Let `action` wait its turn in `lane`; the future is answered after its commit.

        Raises: TryLater: the lane is full. MustStop: the store failed before.
        """
        if self._stopped is not None:
            raise self._stopped
        future: Future[Outcome[Result]] = Future()
        self._lanes.put(lane, _Waiting(action, future))
        return future

    @property
    def waiting(self) -> int:
        """How many actions wait now."""
        return len(self._lanes)

    @property
    def failure(self) -> MustStop | None:
        """Why the committer stopped, or None while it runs."""
        return self._stopped

    def close(self) -> None:
        """Finish what waits, take no more, end the thread."""
        self._lanes.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        connection = self._engine.connect()
        try:
            while self._stopped is None:
                batch = self._lanes.take(self._batch_limit)
                if batch:
                    self._commit(connection, batch)
                elif self._lanes.is_closed:
                    return
        except Exception as error:  # noqa: BLE001 (a defect in a listener must not hang the node)
            self._fail(error, [])
        finally:
            connection.close()
            self._refuse_the_rest()

    def _commit(self, connection: Connection, batch: list[_Waiting]) -> None:
        """Run the batch in one transaction; answer only after its commit."""
        try:
            with connection.begin():
                answers, facts = self._run_actions(connection, batch)
                salts = self._salts(len(facts))
                sealed = self._log.prepare(facts, salts)
                self._log.write(connection, sealed)
        except Exception as error:  # noqa: BLE001 (whatever it is, nobody may be told "done")
            self._fail(error, batch)
            return
        self._log.accept(sealed)
        left = iter(salts)
        for waiting, answer in zip(batch, answers, strict=True):
            if isinstance(answer, _Done):
                mine = tuple(islice(left, len(answer.facts)))
                _answer(waiting.future, Outcome(answer.result, answer.facts, mine))
            else:
                _answer(waiting.future, answer)
        self._on_commit(facts)

    def _salts(self, count: int) -> list[bytes]:
        """Return a salt for each fact, asked of the system at once."""
        drawn = self._entropy(SALT_SIZE * count) if count else b""
        return [drawn[at : at + SALT_SIZE] for at in range(0, len(drawn), SALT_SIZE)]

    def _run_actions(
        self, connection: Connection, batch: list[_Waiting]
    ) -> tuple[list[_Done | BaseException], list[Fact]]:
        now = self._clock()
        facts: list[Fact] = []
        answers: list[_Done | BaseException] = []
        for waiting in batch:
            first = self._log.size + len(facts)
            tx = Transaction(connection, now, first, self._projections)
            answer = self._run_one(connection, waiting, tx)
            if isinstance(answer, _Done):
                facts.extend(answer.facts)
            answers.append(answer)
        return answers, facts

    @staticmethod
    def _run_one(
        connection: Connection, waiting: _Waiting, tx: Transaction
    ) -> _Done | BaseException:
        if waiting.future.cancelled():
            return CancelledError()
        run(connection, "SAVEPOINT action")
        try:
            result = waiting.action(tx)
            # Fails where an action went on after an error of the database: nothing of it holds.
            run(connection, "RELEASE action")
        except MustStop:
            raise
        except Exception as error:
            failure = failure_of(error)
            if failure in (Failure.FULL, Failure.STORE):
                raise  # see `_fail`
            run(connection, "ROLLBACK TO action")
            run(connection, "RELEASE action")
            return _busy(error) if failure is Failure.BUSY else error
        return _Done(result, tuple(tx.facts))

    def _fail(self, error: Exception, batch: list[_Waiting]) -> None:
        """Nobody is told "done": a full disk may be freed, a busy store waited for; else stop."""
        failure = failure_of(error)
        if failure is Failure.FULL:
            _refuse(batch, TryLater("The disk of this node is full", retry_after_s=10))
            return
        if failure is Failure.BUSY:
            _refuse(batch, _busy(error))
            return
        stop = (
            error
            if isinstance(error, MustStop)
            else StorageFailure(
                f"The store refused to commit ({error}); nothing was answered as done. The next"
                " start verifies what is stored"
            )
        )
        self._stopped = stop
        self._lanes.close()
        _refuse(batch, stop)
        self._on_stop(stop)

    def _refuse_the_rest(self) -> None:
        """Answer whatever still waits after a stop."""
        closed = self._stopped or StorageFailure("The node closed before this was run")
        while left := self._lanes.take(self._batch_limit, timeout_s=0):
            _refuse(left, closed)


def _busy(error: Exception) -> TryLater:
    return TryLater(f"The store was busy ({error}); nothing of this was written")


def _answer(future: Future[Any], answer: Outcome[Any] | BaseException) -> None:
    if not future.set_running_or_notify_cancel():
        return  # nobody waits any more; what was committed stays
    if isinstance(answer, Outcome):
        future.set_result(answer)
    else:
        future.set_exception(answer)


def _refuse(batch: list[_Waiting], error: ClearwayError) -> None:
    for waiting in batch:
        if waiting.future.set_running_or_notify_cancel():
            waiting.future.set_exception(error)
