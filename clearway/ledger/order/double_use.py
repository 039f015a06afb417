"""Evidence that one thing was used twice: two uses that two orders, or one, both accepted.

    {
      "evidence": "clearway-double-use/1",
      "nullifier": "<64 hexadecimal digits>",
      "first": {"asked": "<receipt>", "answered": "<receipt>"},
      "second": {"asked": "<receipt>", "answered": "<receipt>"}
    }

Each use is shown by two receipts of one log: that it was asked for (`order.asked/1`), and that the
order accepted it (`order.answered/1`). Whoever holds the keys of both logs verifies all four
without network and without trust in whoever found it. A quota is drawn on many times, and is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import receipt as receipts
from clearway.ledger.fact import decode
from clearway.ledger.note import Verifier
from clearway.ledger.order.facts import UsesAnswered, UsesAsked
from clearway.ledger.order.model import HASH_SIZE, Code

FORM = "clearway-double-use/1"
MAX_SIZE = 16 * 1024 * 1024
_ACCEPTED = frozenset(code.name.lower() for code in Code if code.is_accepted)


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One use: receipts, exactly as issued, of the facts that it was asked and answered."""

    asked: str
    answered: str


@dataclass(frozen=True, slots=True)
class DoubleUse:
    """What a file of evidence holds; nothing of it is verified yet.

    Args:
        nullifier: 32 bytes.
    """

    nullifier: bytes
    first: Made
    second: Made

    def marshal(self) -> bytes:
        """Return the file."""
        wire = _Wire(FORM, self.nullifier.hex(), self.first, self.second)
        return msgspec.json.format(msgspec.json.encode(wire), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """One proven use: the log that tells of it, its order, and the place of the fact there."""

    origin: str
    order: str
    asked: int


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    evidence: str
    nullifier: str
    first: Made
    second: Made


def parse(data: bytes) -> DoubleUse:
    """Read a file of evidence; nothing in it is verified yet.

    Raises: TooLarge: over 16 MB. MalformedMessage: not of the form above.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"Evidence of a double use has at most {MAX_SIZE} bytes, not {len(data)}")
    try:
        wire = msgspec.json.decode(data, type=_Wire)
        nullifier = bytes.fromhex(wire.nullifier)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedMessage(f"This is no evidence of a double use: {error}") from error
    if wire.evidence != FORM or len(nullifier) != HASH_SIZE or nullifier.hex() != wire.nullifier:
        raise MalformedMessage(f"Only {FORM!r} with a nullifier of {HASH_SIZE} bytes can be read")
    return DoubleUse(nullifier, wire.first, wire.second)


def verify(evidence: DoubleUse, verifiers: Iterable[Verifier]) -> tuple[Shown, Shown]:
    """Return the two uses that the evidence proves: pure, offline.

    Args:
        verifiers: keys of both logs, known to be right from elsewhere.

    Raises: VerificationError: it proves nothing; says why.
    """
    keys = tuple(verifiers)
    first, second = (
        _use(made, evidence.nullifier, keys) for made in (evidence.first, evidence.second)
    )
    if first == second:
        raise VerificationError("Both receipts tell of one and the same use")
    return first, second


def is_accepted(answer: UsesAnswered, item: int) -> bool:
    """Return whether the order accepted a use of the batch."""
    return (
        answer.seq is not None and item < len(answer.items) and answer.items[item].code in _ACCEPTED
    )


def _use(made: Made, nullifier: bytes, keys: tuple[Verifier, ...]) -> Shown:
    """Return the use that two receipts of one log prove. Raises: VerificationError."""
    asked = receipts.verify(receipts.parse(made.asked.encode()), keys)
    answered = receipts.verify(receipts.parse(made.answered.encode()), keys)
    origin = asked.checkpoint.origin
    types = (asked.fact.type, answered.fact.type)
    if types != (UsesAsked.TYPE, UsesAnswered.TYPE) or answered.checkpoint.origin != origin:
        raise VerificationError("A use is shown by two facts of one log: asked, and answered")
    request, answer = decode(asked.fact.body, UsesAsked), decode(answered.fact.body, UsesAnswered)
    place = next(
        (
            at
            for at, use in enumerate(request.uses)
            if use.draws is None and use.nullifier == nullifier.hex()
        ),
        None,
    )
    if place is None or request.key != answer.key or not is_accepted(answer, place):
        raise VerificationError(f"{origin!r} does not show that its order accepted this use")
    return Shown(origin, answer.order, asked.fact.seq)
