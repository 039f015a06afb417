"""Proofs of logging as text (C2SP tlog-proof), and receipts in that form.

    c2sp.org/tlog-proof@v1
    extra <base64 of the opening>
    index 12
    <base64 of each hash of the path, from the leaf's sibling up>

    customs.example/border
    13
    <root>

    — customs.example/border <base64>

The opening is `clearway-opening/1`, a newline, the 32 bytes of salt, and the fact's envelope: what
a reader needs to compute the leaf. As extra data it is not signed; the leaf that it leads to is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import proofs
from clearway.ledger.commitment import SALT_SIZE
from clearway.ledger.keys import from_base64, to_base64
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.note import split_note
from clearway.ledger.receipt import MAX_PATH, MAX_SIZE, Receipt

HEADER = "c2sp.org/tlog-proof@v1"
_OPENING = b"clearway-opening/1\n"
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Proof:
    """One file; nothing in it is verified.

    Args:
        index: place of the leaf in the log.
        path: 32 bytes each, from the leaf's sibling up.
        note: the signed checkpoint.
        extra: opaque bytes, None if the file has no such line.
    """

    index: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes | None = None

    def marshal(self) -> bytes:
        """Return the file."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        path = [to_base64(hash_) for hash_ in self.path]
        return "\n".join([HEADER, *extra, f"index {self.index}", *path, "", self.note]).encode()


def parse(data: bytes) -> Proof:
    """Read a file: the exact inverse of `marshal`.

    Raises:
        TooLarge: over 32 MB.
        MalformedMessage: not of the form above.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A proof has at most {MAX_SIZE} bytes; this file has {len(data)}")
    try:
        head, blank, note = data.decode().partition("\n\n")
        if not blank:
            raise VerificationError("it has no empty line before the checkpoint")
        split_note(note)
        return _read_head(head.split("\n"), note)
    except (UnicodeDecodeError, VerificationError) as error:
        reason = error.detail if isinstance(error, VerificationError) else "it is not UTF-8"
        raise MalformedMessage(f"This is not a tlog-proof: {reason}") from error


def write(receipt: Receipt) -> bytes:
    """Return a receipt in this form."""
    extra = _OPENING + receipt.salt + receipt.envelope.encode()
    return Proof(receipt.index, receipt.path, receipt.note, extra).marshal()


def read(data: bytes) -> Receipt:
    """Read a receipt in this form; nothing in it is verified.

    Raises: TooLarge, MalformedMessage: also for a proof without the opening of a fact.
    """
    proof = parse(data)
    opening = proof.extra or b""
    salt_end = len(_OPENING) + SALT_SIZE
    if not opening.startswith(_OPENING) or len(opening) < salt_end:
        raise MalformedMessage(
            "This tlog-proof does not open a fact: its extra line is not a clearway-opening/1"
        )
    try:
        envelope = opening[salt_end:].decode()
    except UnicodeDecodeError as error:
        raise MalformedMessage("The fact in this tlog-proof is not UTF-8") from error
    salt = opening[len(_OPENING) : salt_end]
    return Receipt(envelope, salt, proof.index, proof.path, proof.note)


def _read_head(lines: Sequence[str], note: str) -> Proof:
    header, *rest = lines
    if header != HEADER:
        raise VerificationError(f"its first line is not {HEADER!r}")
    extra = None
    if rest and rest[0].startswith("extra "):
        extra = from_base64("extra data", rest.pop(0).removeprefix("extra "))
    index = rest.pop(0).removeprefix("index ") if rest and rest[0].startswith("index ") else ""
    if not _NUMBER.fullmatch(index) or int(index) > proofs.MAX_SIZE:
        raise VerificationError(f"its index line is not `index <0 to {proofs.MAX_SIZE}>`")
    if len(rest) > MAX_PATH:
        raise VerificationError(f"its path has {len(rest)} hashes, over {MAX_PATH}")
    path = tuple(from_base64("path", line) for line in rest)
    if any(len(hash_) != HASH_SIZE for hash_ in path):
        raise VerificationError("a hash of its path has not 32 bytes")
    return Proof(int(index), path, note, extra)
