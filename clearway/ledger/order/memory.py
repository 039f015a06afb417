"""The book in memory: for replays and for whoever simulates the order."""

from __future__ import annotations

from clearway.ledger.order.apply import Block
from clearway.ledger.order.model import AnchoredLog, Quota, UseRecord


class MemoryBook:
    """What was committed (`apply.Book`), all of it in memory."""

    __slots__ = ("_ids", "_used", "logs", "quotas", "uses")

    def __init__(self) -> None:
        self.uses: list[UseRecord] = []
        self.quotas: dict[bytes, Quota] = {}
        self.logs: dict[str, AnchoredLog] = {}
        self._ids: dict[bytes, int] = {}
        self._used: dict[bytes, UseRecord] = {}

    def take(self, block: Block) -> None:
        """Take a block over."""
        self._ids.update({entry.id: entry.seq for entry in block.entries})
        self._used.update({use.nullifier: use for use in block.uses if use.draws is None})
        self.uses += block.uses
        self.quotas.update({quota.id: quota for quota in block.quotas})
        self.logs.update({log.origin: log for log in block.logs})

    def sequence_of(self, id: bytes) -> int | None:
        """Return the place of the transaction of this id."""
        return self._ids.get(id)

    def used(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up."""
        return self._used.get(nullifier)

    def quota(self, id: bytes) -> Quota | None:
        """Return the quota of this id."""
        return self.quotas.get(id)

    def log(self, origin: str) -> AnchoredLog | None:
        """Return the newest ordered head of a log."""
        return self.logs.get(origin)
