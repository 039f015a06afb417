"""What the application answers to queries, as JSON: written by the node, read by the client."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from clearway.errors import VerificationError
from clearway.ledger.order.model import UseRecord
from clearway.ledger.order.port import Ordered
from clearway.ledger.order.proof import HeadParts, UseProof
from clearway.ledger.order.state import decode_outcome, encode_outcome

T = TypeVar("T")


class Row(msgspec.Struct, frozen=True):
    """An ordered transaction."""

    height: int
    seq: int
    agency: str
    transaction: bytes
    outcome: bytes

    @classmethod
    def of(cls, ordered: Ordered) -> Row:
        """Return the row of an ordered transaction."""
        outcome = encode_outcome(ordered.outcome)
        return cls(ordered.height, ordered.seq, ordered.agency, ordered.transaction, outcome)

    def ordered(self) -> Ordered:
        """Return the ordered transaction."""
        outcome = decode_outcome(self.outcome)
        return Ordered(self.height, self.seq, self.agency, self.transaction, outcome)


class Page(msgspec.Struct, frozen=True):
    """Which rows of the stream are wanted."""

    from_height: int
    after: int = -1


class Status(msgspec.Struct, frozen=True):
    """Where the application stands."""

    order: str
    height: int
    app_hash: str
    transactions: int
    root: str
    uses: int
    epoch: int
    agencies: list[str]
    memory_kb: int


def dump(value: object) -> bytes:
    """Return a view as JSON."""
    return msgspec.json.encode(value)


def load_rows(text: bytes) -> list[Ordered]:
    """Read rows. Raises: VerificationError: the node's answer is not in form."""
    return [row.ordered() for row in _load(text, list[Row])]


def load_status(text: bytes) -> Status:
    """Read a status. Raises: VerificationError."""
    return _load(text, Status)


def load_page(text: bytes) -> Page:
    """Read a page. Raises: VerificationError."""
    return _load(text, Page)


def load_head(text: bytes) -> HeadParts:
    """Read a head. Raises: VerificationError."""
    return _load(text, HeadParts)


def load_use(text: bytes) -> UseRecord:
    """Read a use. Raises: VerificationError."""
    return _load(text, UseRecord)


def load_proof(text: bytes) -> UseProof:
    """Read a proof. Raises: VerificationError."""
    return _load(text, UseProof)


def _load(text: bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=wanted)
    except msgspec.MsgspecError as error:
        raise VerificationError(f"The application's answer is not in form: {error}") from error
