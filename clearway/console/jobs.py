"""Work that takes longer than a page may: one at a time, off the request path, with its progress.

job = jobs.start(owner, work)      # `work(tell)` runs in a thread and tells the share done
jobs.get(job.id, owner)            # looked at by a page that asks again every second
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from clearway.errors import ClearwayError, NotFound, TryLater

Tell = Callable[[float], None]
Work = Callable[[Tell], object]

_MOST_WAITING = 4
_MOST_KEPT = 20


@dataclass(slots=True)
class Job:
    """One piece of work.

    Args:
        owner: reference of the actor who may see it.
        about: the version of a rule that it tries; None: something that nobody kept yet.
        share: of it that is done, 0 to 1.
        result: what it gave; None before.
        error: why it gave nothing; None otherwise.
        is_kept: whether what it gave was recorded as a fact.
    """

    id: int
    owner: str
    about: tuple[str, int] | None = None
    share: float = 0.0
    result: object | None = None
    error: ClearwayError | None = None
    is_kept: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.result is not None or self.error is not None


class Jobs:
    """The jobs of a console; the oldest are forgotten."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def start(self, owner: str, work: Work, *, about: tuple[str, int] | None = None) -> Job:
        """Begin work, after what others began before. Raises: TryLater: too much waits already."""
        with self._lock:
            waiting = [job for job in self._jobs.values() if not job.is_done]
            if len(waiting) >= _MOST_WAITING or any(job.owner == owner for job in waiting):
                raise TryLater("A calculation is still running; wait until it has ended")
            job = Job(next(self._numbers), owner, about)
            self._jobs[job.id] = job
            for old in sorted(self._jobs)[:-_MOST_KEPT]:
                del self._jobs[old]
        threading.Thread(target=self._run, args=(job, work), daemon=True).start()
        return job

    def get(self, id: int, owner: str) -> Job:
        """Return a job. Raises: NotFound: there is none such of this owner, or not any more."""
        job = self._jobs.get(id)
        if job is None or job.owner != owner:
            raise NotFound("This calculation is not kept any more; start it again")
        return job

    def _run(self, job: Job, work: Work) -> None:
        def tell(share: float) -> None:
            job.share = min(1.0, max(job.share, share))

        with self._turn:
            try:
                job.result = work(tell)
            except ClearwayError as error:
                job.error = error
            finally:
                if not job.is_done:  # a defect: the thread's own message tells it
                    job.error = TryLater("The calculation broke off; the log of the node tells why")
