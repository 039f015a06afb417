"""A few threads for work that costs time before the writer: parsing, rules, features.

Fair like the writer: one bounded lane per sender, served in turn, so that a flood of one sender's
messages cannot keep another's from being read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from clearway.errors import TryLater
from clearway.ledger.lanes import Lanes

Result = TypeVar("Result")


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    future: Future[Any]


class Workshop:
    """Runs work fairly on `threads` threads."""

    def __init__(self, *, threads: int, lane_limit: int, total_limit: int) -> None:
        self._lanes: Lanes[_Job] = Lanes(lane_limit=lane_limit, total_limit=total_limit)
        self._threads = [
            threading.Thread(target=self._run, name=f"workshop-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, lane: str, work: Callable[[], Result]) -> Future[Result]:
        """Let `work` wait its turn in `lane`. Raises: TryLater: the lane is full."""
        future: Future[Result] = Future()
        self._lanes.put(lane, _Job(work, future))
        return future

    def close(self) -> None:
        """Finish what waits, take no more, end the threads."""
        self._lanes.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for job in self._lanes.take(1_000_000, timeout_s=0):
            job.future.set_exception(TryLater("The node closed before this was read"))

    def _run(self) -> None:
        while True:
            jobs = self._lanes.take(1)
            if not jobs:
                if self._lanes.is_closed:
                    return
                continue
            job = jobs[0]
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                job.future.set_result(job.work())
            except Exception as error:  # noqa: BLE001 (handed to whoever waits)
                job.future.set_exception(error)
