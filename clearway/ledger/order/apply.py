"""The replicated state machine: transactions in, outcomes and the next head out.

    draft = Draft(head, book)
    outcomes = [draft.apply(transaction) for transaction in transactions]
    block = draft.seal(height)

Every member runs this over the same transactions in the same order and must come to the same app
hash. So: integers only, no clock, no chance, nothing whose order is not given; whatever the bytes
are, `apply` returns an outcome and never raises. A transaction that is not authentic (form, order,
agency, signature) or came before changes nothing; every other one takes the next place, even if all
its items are refused, because who tried is evidence.

Rules kept, whatever comes:
- a nullifier is used up once, by the first item that names it (`USED_BEFORE`, with that first use);
- a quota never has more drawn than its limit (`QUOTA_EXHAUSTED`, with what is left);
- a log's head only grows, and one size has one root (`ROOT_STALE`, `ROOT_CONFLICT`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger.merkle import hash_leaf
from clearway.ledger.order.encoding import Transaction, decode
from clearway.ledger.order.governance import Governance, vote
from clearway.ledger.order.model import (
    AnchoredLog,
    Code,
    ItemOutcome,
    LogRoot,
    Outcome,
    Quota,
    QuotaOpening,
    Reference,
    Use,
    UseRecord,
    Vote,
)
from clearway.ledger.order.state import Head, transaction_entry


class Book(Protocol):
    """What was committed, as a draft looks it up."""

    def sequence_of(self, id: bytes) -> int | None:
        """Return the place of the transaction of this id."""

    def used(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up."""

    def quota(self, id: bytes) -> Quota | None:
        """Return the quota of this id."""

    def log(self, origin: str) -> AnchoredLog | None:
        """Return the newest ordered head of a log."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction in its place; `leaf` is its leaf hash in the transactions' tree."""

    seq: int
    id: bytes
    agency: str
    transaction: bytes
    outcome: Outcome
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """What one block adds; a store writes it whole or not at all.

    Args:
        entries: in order; the first stands at `before.transactions.size`.
        uses: accepted, in order; the first stands at `before.uses.size`.
        use_leaves: their leaf hashes in the single-use set.
        quotas: as they are now, those that changed.
        logs: as they are now, those that changed.
    """

    before: Head
    after: Head
    entries: tuple[Entry, ...]
    uses: tuple[UseRecord, ...]
    use_leaves: tuple[bytes, ...]
    quotas: tuple[Quota, ...]
    logs: tuple[AnchoredLog, ...]

    @property
    def changes_state(self) -> bool:
        """Whether the app hash changes with it."""
        return bool(self.entries)


class Draft:
    """A block in the making: what is committed, and over it what this block adds."""

    __slots__ = ("_book", "_entries", "_governance", "_head", "_ids", "_logs", "_quotas", "_used",
                 "_uses")  # fmt: skip

    def __init__(self, head: Head, book: Book) -> None:
        self._head = head
        self._book = book
        self._governance = head.governance
        self._entries: list[Entry] = []
        self._ids: dict[bytes, int] = {}
        self._uses: list[UseRecord] = []
        self._used: dict[bytes, UseRecord] = {}
        self._quotas: dict[bytes, Quota] = {}
        self._logs: dict[str, AnchoredLog] = {}

    def apply(self, transaction: bytes) -> Outcome:
        """Order one transaction, whatever it is, and return what came of it."""
        refused, read = self._admit(transaction)
        if read is None:
            return refused
        seq = self._next
        items = tuple(
            self._item(read.agency, item, Reference(seq, place))
            for place, item in enumerate(read.batch.items)
        )
        accepted = all(item.code.is_accepted for item in items)
        outcome = Outcome(Code.ACCEPTED if accepted else Code.SOME_REFUSED, seq, items)
        leaf = hash_leaf(transaction_entry(transaction, outcome))
        self._ids[read.id] = seq
        self._entries.append(Entry(seq, read.id, read.agency, transaction, outcome, leaf))
        return outcome

    def check(self, transaction: bytes) -> Outcome:
        """Return why a transaction would be refused as a whole, or `ACCEPTED`; changes nothing."""
        return self._admit(transaction)[0]

    def seal(self, height: int) -> Block:
        """Return the block; nothing may be applied to this draft afterwards."""
        leaves = tuple(hash_leaf(use.entry()) for use in self._uses)
        after = Head(
            self._head.order,
            height,
            self._head.transactions.grown([entry.leaf for entry in self._entries]),
            self._head.uses.grown(leaves),
            self._governance,
        )
        return Block(
            self._head,
            after,
            tuple(self._entries),
            tuple(self._uses),
            leaves,
            tuple(self._quotas.values()),
            tuple(self._logs.values()),
        )

    @property
    def _next(self) -> int:
        return self._head.transactions.size + len(self._entries)

    def _admit(self, transaction: bytes) -> tuple[Outcome, Transaction | None]:
        """Judge form, order, agency, signature, replay; cheap things first."""
        try:
            read = decode(transaction)
        except (MalformedMessage, TooLarge):
            return Outcome(Code.MALFORMED), None
        if read.order != self._head.order:
            return Outcome(Code.OTHER_ORDER), None
        agency = self._governance.find(read.agency)
        if agency is None:
            return Outcome(Code.UNKNOWN_AGENCY), None
        try:
            read.verify(agency.key)
        except VerificationError:
            return Outcome(Code.BAD_SIGNATURE), None
        earlier = self._ids.get(read.id)
        earlier = self._book.sequence_of(read.id) if earlier is None else earlier
        if earlier is not None:
            return Outcome(Code.REPLAYED, earlier), None
        return Outcome(Code.ACCEPTED), read

    def _item(
        self, agency: str, item: Use | QuotaOpening | LogRoot | Vote, at: Reference
    ) -> ItemOutcome:
        if isinstance(item, Use):
            draw = self._use if item.draws is None else self._draw
            return draw(agency, item, at)
        if isinstance(item, QuotaOpening):
            return self._open(agency, item, at)
        if isinstance(item, LogRoot):
            return self._anchor(agency, item, at)
        self._governance, code = vote(self._governance, agency, item)
        return ItemOutcome(code)

    def _use(self, agency: str, use: Use, at: Reference) -> ItemOutcome:
        earlier = self._find_used(use.nullifier)
        if earlier is not None:
            return ItemOutcome(Code.USED_BEFORE, earlier.at)
        quota = self._find_quota(use.nullifier)
        if quota is not None:
            return ItemOutcome(Code.IS_A_QUOTA, quota.at)
        record = UseRecord(use.nullifier, agency, use.holder, None, 0, at)
        self._used[use.nullifier] = record
        self._uses.append(record)
        return ItemOutcome(Code.ACCEPTED)

    def _draw(self, agency: str, use: Use, at: Reference) -> ItemOutcome:
        quota, draws = self._find_quota(use.nullifier), use.draws or 0
        if quota is None:
            return ItemOutcome(Code.QUOTA_UNKNOWN)
        left = quota.limit - quota.drawn
        if draws > left:
            return ItemOutcome(Code.QUOTA_EXHAUSTED, quota.at, left)
        total = quota.drawn + draws
        self._quotas[quota.id] = replace(quota, drawn=total)
        self._uses.append(UseRecord(quota.id, agency, use.holder, draws, total, at))
        return ItemOutcome(Code.ACCEPTED, left=left - draws)

    def _open(self, agency: str, opening: QuotaOpening, at: Reference) -> ItemOutcome:
        used = self._find_used(opening.quota)
        if used is not None:
            return ItemOutcome(Code.USED_BEFORE, used.at)
        quota = self._find_quota(opening.quota) or Quota(
            opening.quota, agency, opening.limit, 0, at
        )
        if quota.agency != agency:
            return ItemOutcome(Code.QUOTA_OF_ANOTHER, quota.at)
        left = opening.limit - quota.drawn
        if left < 0:
            return ItemOutcome(Code.LIMIT_BELOW_DRAWN, quota.at, quota.limit - quota.drawn)
        self._quotas[quota.id] = replace(quota, limit=opening.limit)
        return ItemOutcome(Code.ACCEPTED, left=left)

    def _anchor(self, agency: str, head: LogRoot, at: Reference) -> ItemOutcome:
        known = self._logs.get(head.origin) or self._book.log(head.origin)
        if known is not None:
            if known.agency != agency:
                return ItemOutcome(Code.ORIGIN_OF_ANOTHER, known.at)
            if head.size < known.size:
                return ItemOutcome(Code.ROOT_STALE, known.at)
            if head.size == known.size:
                same = head.root == known.root
                return ItemOutcome(Code.ACCEPTED if same else Code.ROOT_CONFLICT, known.at)
        self._logs[head.origin] = AnchoredLog(head.origin, agency, head.size, head.root, at)
        return ItemOutcome(Code.ACCEPTED)

    def _find_used(self, nullifier: bytes) -> UseRecord | None:
        return self._used.get(nullifier) or self._book.used(nullifier)

    def _find_quota(self, id: bytes) -> Quota | None:
        return self._quotas.get(id) or self._book.quota(id)

    @property
    def governance(self) -> Governance:
        """Who takes part after what was applied so far."""
        return self._governance


def apply_block(head: Head, book: Book, transactions: Sequence[bytes], height: int) -> Block:
    """Return the block that these transactions make."""
    draft = Draft(head, book)
    for transaction in transactions:
        draft.apply(transaction)
    return draft.seal(height)
