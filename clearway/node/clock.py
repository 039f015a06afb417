"""The clock and the dice: read here, passed down everywhere else."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]


def utc_now() -> datetime:
    """Return the machine's present instant, aware UTC."""
    return datetime.now(UTC)


class SteppedClock:
    """A clock that stands still until it is moved, and never goes back: for replaying a day."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the instant it was moved to last."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move forward to `instant`; an earlier one leaves it as it is."""
        with self._lock:
            self._now = max(self._now, instant)


def entropy(size: int) -> bytes:
    """Return `size` unpredictable bytes."""
    return secrets.token_bytes(size)


def seeded_entropy(seed: int) -> Entropy:
    """Return repeatable bytes, not secret: for a demo or a test that must come out the same."""
    dice = random.Random(seed)
    return dice.randbytes
