"""The hub's store: one writer that commits in groups, before anybody is answered.

    with Store(address) as store:
        future = store.submit("EC", lambda connection: deliver(Desk(...), envelope))

What a country sends waits in a lane of its own (`ledger.lanes`), so that one that sends 10,000
letters delays another by one letter at most. Each job has a savepoint; the commit is durable
(`ledger.database`); a failing disk stops the store for good and nobody is told "done".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from clearway.connectors.ippc_hub import letterbox
from clearway.errors import ClearwayError, MustStop, StorageFailure, TryLater
from clearway.ledger.database import Address, failure_of, open_reader, open_writer, upkeep
from clearway.ledger.failure import Failure
from clearway.ledger.lanes import Lanes
from clearway.ledger.statement import run

Result = TypeVar("Result")
Job = Callable[[Connection], Any]
_GROUP: Final = 128


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    future: Future[Any]


class Store:
    """Use as a context manager.

    Args:
        address: a file, or PostgreSQL; made when it is new.
        lane_limit, total_limit: most jobs of one country, and of all, that may wait.
    """

    def __init__(
        self, address: Address, *, lane_limit: int = 256, total_limit: int = 4_096
    ) -> None:
        self._writer, self._reader = open_writer(address), open_reader(address, pool_size=4)
        self._upkeep = upkeep(address)
        self._lanes: Lanes[_Waiting] = Lanes(lane_limit=lane_limit, total_limit=total_limit)
        self._thread = threading.Thread(target=self._run, name="letterbox", daemon=True)
        self.failure: MustStop | None = None
        self.commits = 0

    def __enter__(self) -> Store:
        with self._writer.begin() as connection:
            letterbox.METADATA.create_all(connection)
        self._upkeep.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._lanes.close()
        self._thread.join()
        self._upkeep.close()
        self._writer.dispose()
        self._reader.dispose()

    def submit(self, lane: str, job: Callable[[Connection], Result]) -> Future[Result]:
        """Let a job wait its turn; the future is answered after its commit.

        Raises: TryLater: the lane is full. MustStop: the store failed before.
        """
        if self.failure is not None:
            raise self.failure
        future: Future[Result] = Future()
        self._lanes.put(lane, _Waiting(job, future))
        return future

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a read-only connection on one snapshot."""
        with self._reader.begin() as connection:
            yield connection

    def _run(self) -> None:
        connection = self._writer.connect()
        try:
            while self.failure is None:
                group = self._lanes.take(_GROUP)
                if group:
                    self._commit(connection, group)
                elif self._lanes.is_closed:
                    return
        finally:
            connection.close()
            while left := self._lanes.take(_GROUP, timeout_s=0):
                closed = self.failure or StorageFailure("The hub closed before this was kept")
                _tell(left, [closed] * len(left))

    def _commit(self, connection: Connection, group: list[_Waiting]) -> None:
        try:
            with connection.begin():
                answers = [_run_one(connection, waiting.job) for waiting in group]
        except Exception as error:  # noqa: BLE001 (whatever it is, nobody may be told "done")
            told = self._failed(error)
            _tell(group, [told] * len(group))
            return
        self.commits += 1
        _tell(group, answers)

    def _failed(self, error: Exception) -> ClearwayError:
        """A full disk may be freed and a busy store waited for; all else stops the store."""
        failure = failure_of(error)
        if failure in (Failure.FULL, Failure.BUSY):
            return TryLater(f"The hub's store is {failure.name.lower()}; send it again later")
        stop = error
        if not isinstance(stop, MustStop):
            stop = StorageFailure(f"The hub's store failed: {error}")
        self.failure = stop
        self._lanes.close()
        return stop


def _run_one(connection: Connection, job: Job) -> Any:
    """Return what a job gave, or the error that it raised; then nothing of it is kept."""
    run(connection, "SAVEPOINT job")
    try:
        answer = job(connection)
        run(connection, "RELEASE job")
    except MustStop:
        raise
    except Exception as error:
        if failure_of(error) is not Failure.ACTION:
            raise
        run(connection, "ROLLBACK TO job")
        run(connection, "RELEASE job")
        return error
    return answer


def _tell(group: list[_Waiting], answers: list[Any]) -> None:
    for waiting, answer in zip(group, answers, strict=True):
        if waiting.future.set_running_or_notify_cancel():
            if isinstance(answer, BaseException):
                waiting.future.set_exception(answer)
            else:
                waiting.future.set_result(answer)
