"""What happens to addresses and notices, as it is kept for good.

Subject: `address:<name>` of an address; of a notice, what it speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.connectors.notices.model import Address, Result


@dataclass(frozen=True, slots=True)
class AddressSet:
    """Somebody said where they want to be told; the latest word on a name counts."""

    TYPE: ClassVar[str] = "notice.address_set/1"

    address: Address


@dataclass(frozen=True, slots=True)
class AddressWithdrawn:
    """Nobody is told there any more."""

    TYPE: ClassVar[str] = "notice.address_withdrawn/1"

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticePosted:
    """A message is to be sent to an address; `data` is JSON text for webhooks."""

    TYPE: ClassVar[str] = "notice.posted/1"

    id: str
    address: str
    event: str
    about: str
    due_at: datetime
    title: str
    text: str
    data: str


@dataclass(frozen=True, slots=True)
class NoticeAttempted:
    """A notice was sent, or was not.

    Args:
        notice: its id.
        attempt: counts from 1.
        detail: status or error, never a secret.
        next_at: of the next attempt; None: there is none.
    """

    TYPE: ClassVar[str] = "notice.attempted/1"

    notice: str
    attempt: int
    result: Result
    detail: str
    next_at: datetime | None
