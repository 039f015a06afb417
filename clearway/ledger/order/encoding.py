"""Transactions as bytes: one form for each, so that every node sees the same.

    CWO, version 1 | order | agency | key | number of items | items | signature

Texts bear their length in one or two bytes, integers are big-endian and of fixed length, nothing
is optional and nothing may follow: what `decode` takes, `encode` gives back byte for byte. The form
is told in docs/design/order.md. Sizes are judged before any cryptography.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearway.errors import BadTerm, MalformedMessage, TooLarge, VerificationError
from clearway.ledger import ed25519
from clearway.ledger.order.model import (
    BODY_DOMAIN,
    HASH_SIZE,
    KEY_SIZE,
    MAX_AGENCY,
    MAX_ITEMS,
    MAX_ORDER,
    Agency,
    Item,
    LogRoot,
    QuotaOpening,
    Use,
    UseBatch,
    Vote,
    identity,
    require_visible,
)

MAGIC = b"CWO\x01"
MAX_TRANSACTION = 65_536
_SIGNATURE = ed25519.SIGNATURE_SIZE
_USE, _DRAW, _OPEN, _ROOT, _VOTE = range(1, 6)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A decoded transaction; nothing of it is believed before its signature is verified.

    Args:
        order: name of the order it is meant for; the same bytes count in no other.
        body: what is signed.
    """

    order: str
    agency: str
    batch: UseBatch
    body: bytes
    signature: bytes

    @property
    def id(self) -> bytes:
        """What makes it the same transaction, 32 bytes."""
        return identity(self.body)

    def verify(self, key: bytes) -> None:
        """Check the agency's signature. Raises: VerificationError."""
        ed25519.verify(key, self.signature, BODY_DOMAIN + self.body)


class BatchSigner:
    """An agency's key for its transactions."""

    __slots__ = ("_key", "agency", "order")

    def __init__(self, order: str, agency: str, seed: bytes) -> None:
        require_visible("order", order, MAX_ORDER)
        require_visible("agency", agency, MAX_AGENCY)
        self.order = order
        self.agency = agency
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def __repr__(self) -> str:
        return f"BatchSigner({self.order!r}, {self.agency!r})"  # never the seed

    @property
    def public_key(self) -> bytes:
        """32 bytes, for the list of agencies."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, batch: UseBatch) -> bytes:
        """Return the transaction. Raises: TooLarge: it has over 65,536 bytes."""
        body = encode_body(self.order, self.agency, batch)
        return body + self._key.sign(BODY_DOMAIN + body)


def encode_body(order: str, agency: str, batch: UseBatch) -> bytes:
    """Return what is signed. Raises: TooLarge."""
    parts = [MAGIC, _text(order), _text(agency), batch.key, _number(len(batch.items), 2)]
    body = b"".join([*parts, *map(_encode_item, batch.items)])
    if len(body) + _SIGNATURE > MAX_TRANSACTION:
        raise TooLarge(
            f"The batch of {len(batch.items)} items takes {len(body) + _SIGNATURE} bytes; at most "
            f"{MAX_TRANSACTION} go into one transaction, so split it"
        )
    return body


def decode(transaction: bytes) -> Transaction:
    """Read a transaction.

    Raises: TooLarge: over 65,536 bytes. MalformedMessage: not in the one form.
    """
    if len(transaction) > MAX_TRANSACTION:
        raise TooLarge(f"A transaction has at most {MAX_TRANSACTION} bytes, not {len(transaction)}")
    body, signature = transaction[:-_SIGNATURE], transaction[-_SIGNATURE:]
    reader = _Reader(body)
    if reader.take(len(MAGIC)) != MAGIC:
        raise MalformedMessage("The transaction does not begin with CWO and version 1")
    try:
        return _decode(reader, body, signature)
    except (BadTerm, VerificationError) as error:
        raise MalformedMessage(f"The transaction cannot be read: {error.detail}") from error


def _decode(reader: _Reader, body: bytes, signature: bytes) -> Transaction:
    order, agency, key = reader.text(), reader.text(), reader.take(KEY_SIZE)
    require_visible("order", order, MAX_ORDER)
    require_visible("agency", agency, MAX_AGENCY)
    count = reader.number(2)
    if not 1 <= count <= MAX_ITEMS:
        raise MalformedMessage(f"A transaction has 1 to {MAX_ITEMS} items, not {count}")
    items = tuple(reader.item() for _ in range(count))
    reader.require_end()
    return Transaction(order, agency, UseBatch(key, items), body, signature)


def _encode_item(item: Item) -> bytes:
    if isinstance(item, Use):
        if item.draws is None:
            return _kind(_USE) + item.nullifier + _text(item.holder)
        return _kind(_DRAW) + item.nullifier + _number(item.draws, 8) + _text(item.holder)
    if isinstance(item, QuotaOpening):
        return _kind(_OPEN) + item.quota + _number(item.limit, 8)
    if isinstance(item, LogRoot):
        return _kind(_ROOT) + _text(item.origin) + _number(item.size, 8) + item.root
    return _kind(_VOTE) + _number(item.epoch, 8) + encode_agency(item.change)


def encode_agency(agency: Agency) -> bytes:
    """Return the one form of an agency."""
    validator = bytes((len(agency.validator),)) + agency.validator
    return _text(agency.id) + agency.key + validator + _number(agency.power, 2)


class _Reader:
    """Reads on from a place; never past the end."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        if len(found) != size:
            raise MalformedMessage(f"The transaction ends within a field of {size} bytes")
        self._at += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        encoded = self.take(self.number(1))
        if not encoded.isascii():
            raise MalformedMessage("A text of the transaction is not ASCII")
        return encoded.decode("ascii")

    def item(self) -> Item:
        kind = self.number(1)
        read = _ITEMS.get(kind)
        if read is None:
            raise MalformedMessage(f"No item of a transaction is of kind {kind}")
        return read(self)

    def require_end(self) -> None:
        if self._at != len(self._data):
            left = len(self._data) - self._at
            raise MalformedMessage(f"{left} bytes follow the items of the transaction")


def _read_use(reader: _Reader) -> Item:
    return Use(reader.take(HASH_SIZE), reader.text())


def _read_draw(reader: _Reader) -> Item:
    quota, draws = reader.take(HASH_SIZE), reader.number(8)
    return Use(quota, reader.text(), draws)


def _read_opening(reader: _Reader) -> Item:
    return QuotaOpening(reader.take(HASH_SIZE), reader.number(8))


def _read_root(reader: _Reader) -> Item:
    return LogRoot(reader.text(), reader.number(8), reader.take(HASH_SIZE))


def _read_vote(reader: _Reader) -> Item:
    return Vote(reader.number(8), _read_agency(reader))


def _read_agency(reader: _Reader) -> Agency:
    name, key = reader.text(), reader.take(ed25519.PUBLIC_KEY_SIZE)
    validator = reader.take(reader.number(1))
    return Agency(name, key, reader.number(2), validator)


_ITEMS: dict[int, Callable[[_Reader], Item]] = {
    _USE: _read_use,
    _DRAW: _read_draw,
    _OPEN: _read_opening,
    _ROOT: _read_root,
    _VOTE: _read_vote,
}


def _kind(kind: int) -> bytes:
    return bytes((kind,))


def _text(text: str) -> bytes:
    encoded = text.encode("ascii")
    return bytes((len(encoded),)) + encoded


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")
