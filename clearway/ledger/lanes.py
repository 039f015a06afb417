"""Fair waiting lines: one bounded lane per sender, served in turn.

A sender who puts 250,000 messages at once fills only its own lane; everybody else's next message
is served after at most one message of each lane that has some waiting. Round robin over the lanes
that are not empty; a lane with weight w is served w messages in its turn.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Generic, TypeVar

from clearway.errors import TryLater

Item = TypeVar("Item")


class Lanes(Generic[Item]):
    """A thread-safe set of bounded lanes.

    Args:
        lane_limit: most items that may wait in one lane.
        total_limit: most items that may wait in all.
        weights: items served per turn, by lane; 1 where absent.
    """

    def __init__(
        self, *, lane_limit: int, total_limit: int, weights: Mapping[str, int] | None = None
    ) -> None:
        self._lane_limit = lane_limit
        self._total_limit = total_limit
        self._weights = dict(weights or {})
        self._lanes: dict[str, deque[Item]] = {}
        self._turns: deque[str] = deque()  # lanes that are not empty, next one first
        self._waiting = 0
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return self._waiting

    def put(self, lane: str, item: Item) -> None:
        """Let `item` wait in `lane`.

        Raises: TryLater: the lane, or all lanes together, are full, or the node is closing.
        """
        with self._changed:
            if self._closed:
                raise TryLater("The node is closing down; send the same message again soon")
            queue = self._lanes.get(lane)
            if queue is not None and len(queue) >= self._lane_limit:
                raise TryLater(
                    f"{self._lane_limit} of your messages are waiting already; "
                    "send the next ones when these are answered",
                    lane=lane,
                )
            if self._waiting >= self._total_limit:
                raise TryLater("The node has too much waiting; send the same message again soon")
            if queue is None:
                queue = self._lanes[lane] = deque()
                self._turns.append(lane)
            queue.append(item)
            self._waiting += 1
            self._changed.notify()

    def take(self, most: int, *, timeout_s: float | None = None) -> list[Item]:
        """Return up to `most` items in fair order, waiting for the first; else []."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout_s)
            taken: list[Item] = []
            while self._turns and len(taken) < most:
                self._serve(self._turns.popleft(), most, taken)
            return taken

    def _serve(self, lane: str, most: int, taken: list[Item]) -> None:
        queue = self._lanes[lane]
        for _ in range(min(self._weights.get(lane, 1), most - len(taken), len(queue))):
            taken.append(queue.popleft())
            self._waiting -= 1
        if queue:
            self._turns.append(lane)
        else:
            del self._lanes[lane]

    def close(self) -> None:
        """Take no more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed
