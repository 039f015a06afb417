"""What is ordered, and what comes of it.

A transaction is one agency's signed batch of items. An item is never a document: it is the use of
something that may be used once, a draw on a limited quota, the opening of such a quota, the head of
an agency's log, or a vote on who takes part. Every item has an outcome of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from clearway.errors import BadTerm
from clearway.ledger import ed25519

HASH_SIZE = 32
KEY_SIZE = 16
MAX_ITEMS = 512
MAX_HOLDER = 64
MAX_AGENCY = 32
MAX_ORDER = 50
MAX_ORIGIN = 255
MAX_AGENCIES = 128
MAX_POWER = 1_000
# The largest integer that every store keeps exactly.
MAX_AMOUNT = 2**63 - 1
BODY_DOMAIN = b"clearway-order/1\n"


class Code(IntEnum):
    """What came of a transaction or of one of its items; numbers are never given anew."""

    ACCEPTED = 0
    CARRIED = 1  # the vote that carried its change into effect
    SOME_REFUSED = 2  # of a transaction: look at its items
    MALFORMED = 10
    OTHER_ORDER = 11
    UNKNOWN_AGENCY = 12
    BAD_SIGNATURE = 13
    REPLAYED = 14
    USED_BEFORE = 20
    QUOTA_UNKNOWN = 21
    QUOTA_EXHAUSTED = 22
    QUOTA_OF_ANOTHER = 23
    IS_A_QUOTA = 24
    LIMIT_BELOW_DRAWN = 25
    ROOT_STALE = 26
    ROOT_CONFLICT = 27
    ORIGIN_OF_ANOTHER = 28
    VOTE_STALE = 30
    CHANGE_REFUSED = 31

    @property
    def is_accepted(self) -> bool:
        """Whether it took effect."""
        return self in (Code.ACCEPTED, Code.CARRIED)


@dataclass(frozen=True, slots=True)
class Use:
    """Something is used: for good, or, with `draws`, that much of a quota.

    Args:
        nullifier: 32 bytes that only the parties can tell from chance (`nullifier.of`), or the id
            of a quota.
        holder: 1 to 64 visible ASCII characters; SHOULD be a commitment (`nullifier.holder`).
        draws: 1 to 2**63 - 1 units of a quota; None uses up the nullifier.
    """

    nullifier: bytes
    holder: str
    draws: int | None = None

    def __post_init__(self) -> None:
        require_hash("nullifier", self.nullifier)
        require_visible("holder", self.holder, MAX_HOLDER)
        if self.draws is not None:
            require_amount("draw", self.draws)


@dataclass(frozen=True, slots=True)
class QuotaOpening:
    """A quota is opened, or its limit is set anew by the agency that opened it."""

    quota: bytes
    limit: int

    def __post_init__(self) -> None:
        require_hash("quota id", self.quota)
        require_amount("limit", self.limit)


@dataclass(frozen=True, slots=True)
class LogRoot:
    """The head of an agency's own log (C2SP tlog-checkpoint: origin, size, root)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        require_visible("origin", self.origin, MAX_ORIGIN)
        require_amount("log size", self.size)
        require_hash("log root", self.root)


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency that takes part.

    Args:
        id: 1 to 32 visible ASCII characters.
        key: 32 bytes, strict Ed25519; signs its transactions.
        power: weight of its vote and its validator, 1 to 1,000; 0 in a change lets it go.
        validator: 32 bytes, strict Ed25519, the key of its consensus engine; empty without one.
    """

    id: str
    key: bytes
    power: int = 1
    validator: bytes = b""

    def __post_init__(self) -> None:
        require_visible("agency", self.id, MAX_AGENCY)
        ed25519.require_strict_point("agency's key", self.key)
        if self.validator:
            ed25519.require_strict_point("validator's key", self.validator)
        if type(self.power) is not int or not 0 <= self.power <= MAX_POWER:
            raise BadTerm("power", self.power, f"an integer from 0 to {MAX_POWER}")


@dataclass(frozen=True, slots=True)
class Vote:
    """An agency wants this change: the agency as it shall be; power 0 lets it go.

    Args:
        epoch: number of changes carried before; a vote counts in its own epoch only.
    """

    epoch: int
    change: Agency

    def __post_init__(self) -> None:
        if type(self.epoch) is not int or not 0 <= self.epoch <= MAX_AMOUNT:
            raise BadTerm("epoch", self.epoch, f"an integer from 0 to {MAX_AMOUNT}")


Item = Use | QuotaOpening | LogRoot | Vote


@dataclass(frozen=True, slots=True)
class UseBatch:
    """What one agency hands in at once.

    Args:
        key: 16 bytes chosen by the sender. The same batch under the same key is the same
            transaction, however often it is sent; to mean a second one, choose another key.
        items: 1 to 512, ordered; each has an outcome of its own.
    """

    key: bytes
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if len(self.key) != KEY_SIZE:
            raise BadTerm("batch key", self.key, f"{KEY_SIZE} bytes")
        if not 1 <= len(self.items) <= MAX_ITEMS:
            raise BadTerm("number of items", len(self.items), f"1 to {MAX_ITEMS}")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an item stands: place of its transaction in the order, place in that transaction."""

    seq: int
    item: int


@dataclass(frozen=True, slots=True)
class UseRecord:
    """An accepted use, as the single-use set keeps it.

    Args:
        total: units of the quota drawn with this one; 0 for a use for good.
    """

    nullifier: bytes
    agency: str
    holder: str
    draws: int | None
    total: int
    at: Reference

    def entry(self) -> bytes:
        """Return what the leaf of the single-use set commits to."""
        agency, holder = self.agency.encode(), self.holder.encode()
        numbers = (self.draws or 0, self.total, self.at.seq, self.at.item)
        return b"".join(
            (
                b"clearway-order-use/1\n",
                self.nullifier,
                *(number.to_bytes(8, "big") for number in numbers),
                bytes((len(agency),)),
                agency,
                bytes((len(holder),)),
                holder,
            )
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota and how much of it is drawn; `drawn` never exceeds `limit`."""

    id: bytes
    agency: str
    limit: int
    drawn: int
    at: Reference


@dataclass(frozen=True, slots=True)
class AnchoredLog:
    """The newest head of a log that was ordered; its origin belongs to the first agency."""

    origin: str
    agency: str
    size: int
    root: bytes
    at: Reference


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What came of one item.

    Args:
        first: of what came before and stands in the way, or None.
        left: units of the quota that are left after this item, or None.
    """

    code: Code
    first: Reference | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one transaction.

    Args:
        code: `ACCEPTED` (all items), `SOME_REFUSED`, or why the transaction itself was refused.
        seq: its place in the order; of the first one where it was replayed; None if refused.
        items: one for each item; empty where the transaction itself was refused.
    """

    code: Code
    seq: int | None = None
    items: tuple[ItemOutcome, ...] = ()


def identity(body: bytes) -> bytes:
    """Return the id of a transaction: it covers all but the signature."""
    return sha256(BODY_DOMAIN + body).digest()


def require_hash(name: str, value: bytes) -> None:
    """Raises: BadTerm: not 32 bytes."""
    if len(value) != HASH_SIZE:
        raise BadTerm(name, value, f"{HASH_SIZE} bytes")


def require_visible(name: str, value: str, longest: int) -> None:
    """Raises: BadTerm: not 1 to `longest` characters of visible ASCII."""
    if not 1 <= len(value) <= longest or any(not "!" <= letter <= "~" for letter in value):
        raise BadTerm(name, value, f"1 to {longest} visible ASCII characters")


def require_amount(name: str, value: int) -> None:
    """Raises: BadTerm: not an integer from 1 to 2**63 - 1."""
    if type(value) is not int or not 1 <= value <= MAX_AMOUNT:
        raise BadTerm(name, value, f"an integer from 1 to {MAX_AMOUNT}")
