"""The head of the order: what all members must agree on after each block, and its hash.

    app hash = SHA-256(form, size and root of the transactions' tree,
                       size and root of the single-use set, digest of the governance)

Both trees are RFC 9162 trees that only grow. A leaf of the first commits to a transaction and to
its whole outcome, so members that judge one item differently have different hashes from then on. A
leaf of the second commits to one accepted use. The height is not part of it: a block that changes
nothing keeps the hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256

from clearway.errors import VerificationError
from clearway.ledger.merkle import EMPTY_ROOT, hash_children
from clearway.ledger.order.governance import Governance
from clearway.ledger.order.model import Code, ItemOutcome, Outcome, Reference

_NONE = b"\xff" * 8
_ITEM_SIZE = 19


@dataclass(frozen=True, slots=True)
class TreeHead:
    """One tree as its complete subtrees, the largest first: enough to go on and to give the root.

    Args:
        nodes: one hash for each 1 in the binary form of `size`.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """Hash of the whole tree (RFC 9162, 2.1.1)."""
        if not self.nodes:
            return EMPTY_ROOT
        return reduce(lambda right, left: hash_children(left, right), reversed(self.nodes))

    def grown(self, leaves: Sequence[bytes]) -> TreeHead:
        """Return the tree with these leaf hashes added at the right."""
        size, nodes = self.size, list(self.nodes)
        for node in leaves:
            rest = size
            while rest & 1:
                node, rest = hash_children(nodes.pop(), node), rest >> 1
            nodes.append(node)
            size += 1
        return TreeHead(size, tuple(nodes))


@dataclass(frozen=True, slots=True)
class Head:
    """The order after the block of a height; height 0 is the genesis.

    Args:
        order: its name; a transaction for another order does not count here.
        transactions: the tree of ordered transactions.
        uses: the single-use set.
    """

    order: str
    height: int
    transactions: TreeHead
    uses: TreeHead
    governance: Governance

    @classmethod
    def genesis(cls, order: str, governance: Governance) -> Head:
        """Return the head before anything was ordered."""
        return cls(order, 0, TreeHead(), TreeHead(), governance)

    @property
    def app_hash(self) -> bytes:
        """The hash of all of it, 32 bytes."""
        return app_hash(
            (self.transactions.size, self.transactions.root),
            (self.uses.size, self.uses.root),
            self.governance.digest(),
        )


def app_hash(transactions: tuple[int, bytes], uses: tuple[int, bytes], governance: bytes) -> bytes:
    """Return the hash of a head from its parts: (size, root) of each tree, and the digest."""
    parts = [b"clearway-order-state/1\n"]
    for size, root in (transactions, uses):
        parts += (size.to_bytes(8, "big"), root)
    return sha256(b"".join((*parts, governance))).digest()


def encode_outcome(outcome: Outcome) -> bytes:
    """Return the one form of an outcome: code, seq, then 19 bytes for each item."""
    items = b"".join(map(_encode_item, outcome.items))
    return bytes((outcome.code,)) + _number(outcome.seq) + items


def transaction_entry(transaction: bytes, outcome: Outcome) -> bytes:
    """Return what a leaf of the transactions' tree commits to."""
    return b"clearway-order-entry/1\n" + sha256(transaction).digest() + encode_outcome(outcome)


def _encode_item(item: ItemOutcome) -> bytes:
    seq = item.first.seq if item.first else None
    place = item.first.item if item.first else 0
    return bytes((item.code,)) + _number(seq) + place.to_bytes(2, "big") + _number(item.left)


def _number(value: int | None) -> bytes:
    return _NONE if value is None else value.to_bytes(8, "big")


def decode_outcome(encoded: bytes) -> Outcome:
    """Read what `encode_outcome` wrote. Raises: VerificationError: it is not that."""
    head, items = encoded[:9], encoded[9:]
    try:
        if len(head) != 9 or len(items) % _ITEM_SIZE:
            raise ValueError(f"{len(encoded)} bytes")
        places = range(0, len(items), _ITEM_SIZE)
        return Outcome(
            Code(head[0]),
            _read(head[1:]),
            tuple(_decode_item(items[at : at + _ITEM_SIZE]) for at in places),
        )
    except ValueError as error:
        raise VerificationError(f"An outcome is not in form: {error}") from error


def _decode_item(encoded: bytes) -> ItemOutcome:
    seq = _read(encoded[1:9])
    first = None if seq is None else Reference(seq, int.from_bytes(encoded[9:11], "big"))
    return ItemOutcome(Code(encoded[0]), first, _read(encoded[11:]))


def _read(encoded: bytes) -> int | None:
    return None if encoded == _NONE else int.from_bytes(encoded, "big")
