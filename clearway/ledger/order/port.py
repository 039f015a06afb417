"""The port: how a node has things ordered, whatever engine orders them.

    ticket = order.submit(UseBatch(key, (Use(nullifier, holder),)))
    outcome = wait_for(order, ticket, timeout_s=10)

A submitted batch is not ordered yet: only its outcome says so, and an outcome is durable. After a
lost answer the same batch is submitted again, under the same key; it is ordered once. Engines:
`local` (the node's own store) and `cometbft` (one validator for each agency).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from clearway.errors import TryLater
from clearway.ledger.order.model import Outcome, UseBatch, UseRecord
from clearway.ledger.order.proof import HeadParts, UseProof

_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was handed in; `id` is the transaction's, 32 bytes."""

    id: bytes


@dataclass(frozen=True, slots=True)
class Ordered:
    """A transaction in its place, as the stream gives it."""

    height: int
    seq: int
    agency: str
    transaction: bytes
    outcome: Outcome


class Order(Protocol):
    """One order of transactions, the same for all who take part."""

    def submit(self, batch: UseBatch) -> Ticket:
        """Hand in a batch.

        Raises: TooLarge: split it. Refused: this agency does not take part. TryLater: the engine
        cannot be reached or is full.
        """

    def outcome(self, ticket: Ticket) -> Outcome | None:
        """Return what came of it, or None while it is not ordered. Raises: TryLater."""

    def stream(self, from_height: int) -> Iterator[Ordered]:
        """Yield what was ordered at `from_height` and above, in order, up to now."""

    def proof(self, height: int) -> HeadParts:
        """Return what the app hash after this height is made of. Raises: NotFound."""

    def use(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up, or None."""

    def prove_use(self, nullifier: bytes) -> UseProof:
        """Return the proof that a nullifier is used up. Raises: NotFound: it is not."""


def wait_for(order: Order, ticket: Ticket, *, timeout_s: float) -> Outcome:
    """Return the outcome as soon as there is one.

    Raises: TryLater: there is none yet; it may still be ordered, so ask again or submit again
    under the same key, never under another.
    """
    end = time.monotonic() + timeout_s
    while (found := order.outcome(ticket)) is None:
        if time.monotonic() > end:
            raise TryLater(
                f"The batch is not ordered after {timeout_s:g} s; ask again: it may be still"
            )
        time.sleep(_POLL_S)
    return found
