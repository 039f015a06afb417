"""Facts: what happened, typed, versioned and frozen.

A fact's body is JSON text of a frozen dataclass of the room that owns it. The dataclass names its
stored type (`TYPE = "declaration.accepted/1"`), so that renaming a class never breaks history. The
ledger keeps the exact bytes: they are what the commitment covers.

    @dataclass(frozen=True, slots=True)
    class Accepted:
        TYPE: ClassVar[str] = "declaration.accepted/1"
        FORM: ClassVar[int] = BY_FIELD
        mrn: Mrn
        ...

`FORM` says how the leaf commits to such a fact (`commitment`): without it, or `WHOLE`, to all of it
at once, which is quicker; `BY_FIELD` where others may need to see a part of it and not the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import msgspec

# How a leaf commits to a fact; the numbers are stored.
WHOLE = 1
BY_FIELD = 2


@runtime_checkable
class FactBody(Protocol):
    """A frozen dataclass that names the type under which it is stored."""

    TYPE: ClassVar[str]


Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened.

    Args:
        seq: place in this node's log, from 0.
        type: `<noun>.<what happened>/<version>`.
        subject: what it is about, `<kind>:<id>`, such as `declaration:26CW0000000012`.
        issuer: code of the agency that states it.
        actor: who acted: `officer:<id>`, `trader:<id>`, `device:<id>` or `system:<worker>`.
        occurred_at: when it happened, aware UTC.
        recorded_at: when this node committed it, aware UTC.
        body: JSON text, exactly as committed.
        form: how its leaf commits to it: `WHOLE`, or `BY_FIELD` so that single fields can be shown.
    """

    seq: int
    type: str
    subject: str
    issuer: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    body: bytes
    form: int = WHOLE


def _plain(value: Any) -> Any:
    """Give msgspec the plain form of our own types (they subclass str or Decimal)."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _own(wanted: type[Any], value: Any) -> Any:
    """Rebuild one of our own types from its plain form; it validates itself."""
    return wanted(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain)
_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def encode(value: Any) -> bytes:
    """Return the JSON text of a frozen dataclass (or of plain values)."""
    return _encoder.encode(value)


def form_of(body: FactBody) -> int:
    """Return how the leaf of a fact with this body commits to it."""
    return getattr(body, "FORM", WHOLE)


def decode(body: bytes, wanted: type[Body]) -> Body:
    """Return `body` as the dataclass `wanted`.

    Raises: msgspec.ValidationError: when a stored body does not fit; that is a defect of ours,
    since a changed shape takes a new version.
    """
    decoder = _decoders.get(wanted)
    if decoder is None:
        decoder = _decoders.setdefault(wanted, msgspec.json.Decoder(wanted, dec_hook=_own))
    return decoder.decode(body)  # type: ignore[no-any-return]
