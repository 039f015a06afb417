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

import msgspec

from clearway.connectors.mqtt.model import Incoming, Receipt
from clearway.connectors.mqtt.topics import published
from clearway.errors import ClearwayError

_LONGEST_DETAIL = 500
_PACKET_IDS = 65_535
_encode = msgspec.json.Encoder().encode


class Word(NamedTuple):
    """One publish of ours; a mark is retained, so that a device finds it when it comes back."""

    device: str
    leaf: str
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it goes."""
        return published(self.device, self.leaf)

    @property
    def is_mark(self) -> bool:
        """Whether it says how far a device is durable; the broker keeps the last one."""
        return self.leaf == "committed"


def mark(device: str, boot_id: str, seq: int) -> Word:
    """Return what tells a device how far its readings are durable, without a gap."""
    return Word(device, "committed", b'{"boot_id": %b, "seq": %d}' % (_encode(boot_id), seq))


def refusal(message: Incoming, error: BaseException, at: datetime) -> Word:
    """Return what tells a device that a message was refused: which one, when, and why.

    `again` says whether the same message may be taken another time: after a failure of ours.
    """
    is_ours = not isinstance(error, ClearwayError)
    code, detail = "internal_error", "The receiver failed"
    if isinstance(error, ClearwayError):
        code, detail = error.code, error.detail[:_LONGEST_DETAIL]
    said = {
        "sha256": sha256(message.payload).hexdigest(),
        "at": at.isoformat(),
        "code": code,
        "detail": detail,
        "again": is_ours,
    }
    return Word(message.device, "refused", json.dumps(said).encode())


@dataclass(slots=True)
class Outbox:
    """Words that wait, and those that the broker has not acknowledged.

    Args:
        window: words under way at once.
        refusals: refusals that may wait; above, the oldest goes.
    """

    window: int
    refusals: int
    _marks: dict[str, tuple[str, int]] = field(default_factory=dict)
    _refused: deque[Word] = field(default_factory=deque)
    _under_way: dict[int, Word] = field(default_factory=dict)
    _last_id: int = 0

    def mark(self, receipt: Receipt) -> None:
        """Take how far a device has come, in the place of an earlier mark."""
        if receipt.committed_seq >= 0:
            self._marks[receipt.device] = (receipt.boot_id, receipt.committed_seq)

    def refuse(self, word: Word) -> None:
        """Take a refusal."""
        self._refused.append(word)
        if len(self._refused) > self.refusals:
            self._refused.popleft()

    def leaving(self, most: int | None = None) -> list[tuple[int, Word]]:
        """Return what may leave now, each with its packet id.

        Args:
            most: marks among it; None: as many as the window lets.
        """
        found: list[tuple[int, Word]] = []
        left = len(self._marks) if most is None else min(most, len(self._marks))
        while len(self._under_way) < self.window and (self._refused or left):
            word = self._refused.popleft() if self._refused else self._next_mark()
            left -= word.is_mark
            self._last_id = self._last_id % _PACKET_IDS + 1
            self._under_way[self._last_id] = word
            found.append((self._last_id, word))
        return found

    def arrived(self, packet_id: int) -> Word | None:
        """Forget what the broker acknowledged, and return it."""
        return self._under_way.pop(packet_id, None)

    def lost(self) -> None:
        """Take up again what was under way when the connection broke; newer marks stand."""
        for word in self._under_way.values():
            if word.is_mark:
                said = json.loads(word.payload)
                self._marks.setdefault(word.device, (said["boot_id"], said["seq"]))
            else:
                self.refuse(word)
        self._under_way.clear()

    @property
    def marks(self) -> int:
        """Devices for which a mark waits."""
        return len(self._marks)

    @property
    def waiting(self) -> int:
        """Words that are not at the broker yet."""
        return len(self._marks) + len(self._refused) + len(self._under_way)

    def _next_mark(self) -> Word:
        device = next(iter(self._marks))
        return mark(device, *self._marks.pop(device))
