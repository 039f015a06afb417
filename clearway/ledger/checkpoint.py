"""Checkpoints (C2SP tlog-checkpoint): which log, how many leaves, under which root.

example.com/border
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from clearway.errors import VerificationError
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.proofs import MAX_SIZE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree; its `marshal()` is what is signed as a note.

    Args:
        origin: identity of the log, non-empty, such as `example.com/border`.
        size: number of leaves.
        root: 32 bytes.
        extensions: opaque lines; auditors cannot check them, so we write none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise VerificationError("Origin and extension lines of a checkpoint are not empty")
        if not 0 <= self.size <= MAX_SIZE:
            raise VerificationError(f"The checkpoint's size is outside 0 to {MAX_SIZE}")
        if len(self.root) != HASH_SIZE:
            raise VerificationError(f"The checkpoint's root has {len(self.root)} bytes, not 32")

    def marshal(self) -> str:
        """Return the text to be signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return "\n".join((self.origin, str(self.size), root, *self.extensions, ""))


def parse(text: str) -> Checkpoint:
    """Read the text of a checkpoint: the exact inverse of `marshal`.

    Args:
        text: of a note whose signature holds (`note.open_note`).

    Raises: VerificationError: the text is not in form.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise VerificationError("A checkpoint has at least three lines: origin, size, root")
    origin, size, root, *extensions = lines[:-1]
    if not (size.isascii() and size.isdecimal()) or len(size) > 19:
        raise VerificationError(f"The checkpoint's size {size[:40]!r} is not a decimal number")
    try:
        decoded = base64.b64decode(root.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VerificationError("The checkpoint's root is not base64") from error
    checkpoint = Checkpoint(origin, int(size), decoded, tuple(extensions))
    if checkpoint.marshal() != text:
        raise VerificationError("The checkpoint is not in its one canonical form")
    return checkpoint
