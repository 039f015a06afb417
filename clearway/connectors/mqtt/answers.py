"""What devices are told: how far they are durable, and what was refused; pure.

Only the newest mark of a device is worth sending: marks are collected by device, and as many leave
as the broker keeps up with. A device that hears nothing sends again, and is told then.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from clearway.connectors.mqtt.model import Receipt
from clearway.connectors.mqtt.topics import published
from clearway.errors import ClearwayError

_LONGEST_DETAIL = 500
_PACKET_IDS = 65_535


class Answer(NamedTuple):
    """One publish of ours; a mark is retained, so that a device finds it when it comes back."""

    device: str
    leaf: str
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it goes."""
        return published(self.device, self.leaf)

    @property
    def is_retained(self) -> bool:
        """Whether the broker keeps it for who comes later."""
        return self.leaf == "committed"


def mark(receipt: Receipt) -> Answer:
    """Return what tells a device how far its readings are durable, without a gap."""
    said = {"boot_id": receipt.boot_id, "seq": receipt.committed_seq}
    return Answer(receipt.device, "committed", json.dumps(said).encode())


def refusal(device: str, payload: bytes, error: BaseException, at: datetime) -> Answer:
    """Return what tells a device that a message was refused: which one, when, and why."""
    known = isinstance(error, ClearwayError)
    said = {
        "sha256": sha256(payload).hexdigest(),
        "at": at.isoformat(),
        "code": error.code if isinstance(error, ClearwayError) else "internal_error",
        "detail": (error.detail if isinstance(error, ClearwayError) else "The receiver failed")[
            :_LONGEST_DETAIL
        ],
        "again": not known,
    }
    return Answer(device, "refused", json.dumps(said).encode())


@dataclass(slots=True)
class Outbox:
    """Answers that wait, and those that the broker has not acknowledged.

    Args:
        window: answers under way at once.
        refusals: refusals that may wait; above, the oldest goes.
    """

    window: int
    refusals: int
    _marks: dict[str, Answer] = field(default_factory=dict)
    _refused: deque[Answer] = field(default_factory=deque)
    _under_way: dict[int, Answer] = field(default_factory=dict)
    _last_id: int = 0

    def add(self, answer: Answer) -> None:
        """Take an answer; a mark takes the place of an older one."""
        if answer.is_retained:
            self._marks[answer.device] = answer
            return
        self._refused.append(answer)
        if len(self._refused) > self.refusals:
            self._refused.popleft()

    def leaving(self) -> list[tuple[int, Answer]]:
        """Return what may leave now, each with its packet id."""
        found: list[tuple[int, Answer]] = []
        while len(self._under_way) < self.window and (self._refused or self._marks):
            if self._refused:
                answer = self._refused.popleft()
            else:
                answer = self._marks.pop(next(iter(self._marks)))
            self._last_id = self._last_id % _PACKET_IDS + 1
            self._under_way[self._last_id] = answer
            found.append((self._last_id, answer))
        return found

    def arrived(self, packet_id: int) -> Answer | None:
        """Forget what the broker acknowledged, and return it."""
        return self._under_way.pop(packet_id, None)

    def lost(self) -> None:
        """Take up again what was under way when the connection broke, newer marks first."""
        for answer in self._under_way.values():
            if not (answer.is_retained and answer.device in self._marks):
                self.add(answer)
        self._under_way.clear()

    @property
    def waiting(self) -> int:
        """Answers that are not at the broker yet."""
        return len(self._marks) + len(self._refused) + len(self._under_way)
