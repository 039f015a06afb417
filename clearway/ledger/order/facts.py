"""What a node's own log says of the order: what was asked, what came of it, how it voted.

A fact names an item by its nullifier and the holder's commitment only, as the order does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.ledger.order.model import ItemOutcome, Outcome, Use, UseBatch


@dataclass(frozen=True, slots=True)
class AskedUse:
    """One use as asked: hexadecimal nullifier, holder's commitment, units of a quota if any."""

    nullifier: str
    holder: str
    draws: int | None = None


@dataclass(frozen=True, slots=True)
class UsesAsked:
    """Uses are to be ordered; a node sends them until it knows what came of them.

    Args:
        key: of the batch, 32 hexadecimal digits; sent again, it is the same transaction.
    """

    TYPE: ClassVar[str] = "order.asked/1"

    key: str
    uses: tuple[AskedUse, ...]

    @classmethod
    def of(cls, batch: UseBatch) -> UsesAsked:
        """Return the fact of a batch of uses."""
        uses = [item for item in batch.items if isinstance(item, Use)]
        asked = tuple(AskedUse(use.nullifier.hex(), use.holder, use.draws) for use in uses)
        return cls(batch.key.hex(), asked)

    def batch(self) -> UseBatch:
        """Return the batch, byte for byte as asked."""
        uses = tuple(Use(bytes.fromhex(u.nullifier), u.holder, u.draws) for u in self.uses)
        return UseBatch(bytes.fromhex(self.key), uses)


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """What came of one use; `first_seq` and `first_item` name the use that stands in the way."""

    code: str
    first_seq: int | None = None
    first_item: int | None = None
    left: int | None = None

    @classmethod
    def of(cls, outcome: ItemOutcome) -> AnsweredItem:
        """Return the form that facts bear."""
        first = outcome.first
        seq, item = (None, None) if first is None else (first.seq, first.item)
        return cls(outcome.code.name.lower(), seq, item, outcome.left)


@dataclass(frozen=True, slots=True)
class UsesAnswered:
    """What came of a batch, for good.

    Args:
        order: name of the order.
        transaction: its id there, 64 hexadecimal digits.
        code: of the batch (`model.Code`, in small letters).
        seq: its place in the order; None: it was refused as a whole.
        items: one for each use, in their order.
    """

    TYPE: ClassVar[str] = "order.answered/1"

    key: str
    order: str
    transaction: str
    code: str
    seq: int | None
    items: tuple[AnsweredItem, ...]

    @classmethod
    def of(cls, key: bytes, order: str, transaction: bytes, outcome: Outcome) -> UsesAnswered:
        """Return the fact of an outcome."""
        items = tuple(map(AnsweredItem.of, outcome.items))
        code = outcome.code.name.lower()
        return cls(key.hex(), order, transaction.hex(), code, outcome.seq, items)


@dataclass(frozen=True, slots=True)
class ChangeVoted:
    """This node voted in the order for a change on which the agencies had decided.

    Args:
        proposal: id of what they decided.
        agency: id of the changed agency in the order.
        key, validator: as it shall be, hexadecimal.
        power: as it shall be; 0 lets it go.
        epoch: in which the vote counts.
        code: what came of the vote.
    """

    TYPE: ClassVar[str] = "order.voted/1"

    proposal: str
    order: str
    agency: str
    key: str
    validator: str
    power: int
    epoch: int
    code: str
