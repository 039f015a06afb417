"""What a reader made of one message: a declaration, or a request about one, and its findings.

The sender's bytes stay with it, since no model carries everything that a message says.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum

from clearway.declarations.model import Declaration
from clearway.ledger.fact import encode
from clearway.terms.finding import Finding, is_refusal
from clearway.terms.identifiers import Lrn, Mrn


class Form(StrEnum):
    """The wire form in which a message came."""

    WCO = "wco"
    JSON = "json"


class Function(StrEnum):
    """What a message is for (WCO 017, with the type of an additional message)."""

    ORIGINAL = "original"
    AMENDMENT = "amendment"
    CANCELLATION = "cancellation"
    PRESENTATION = "presentation"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that an amendment puts in place.

    Args:
        path: in the sender's own terms.
        value: the new text; "" where the amendment takes the value away.
    """

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Request:
    """An amendment, a cancellation or a presentation of goods: a message about a declaration.

    Args:
        mrn: the declaration that it is about; None: not a movement reference number.
        reason_code: such as `21`.
        reason: in the trader's words.
    """

    mrn: Mrn | None
    lrn: Lrn | None
    reason_code: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message, read.

    Args:
        function: what it is for.
        declaration: None where indispensable parts are absent, or where it is a request.
        request: None where it is an original declaration.
        findings: what the reader remarked; paths in the sender's own terms.
        original: the bytes as they came; of an amended declaration, what came of it.
        amendment: the bytes of the amendment that made it so.
    """

    function: Function
    form: Form
    declaration: Declaration | None = None
    request: Request | None = None
    findings: tuple[Finding, ...] = ()
    original: bytes = b""
    amendment: bytes = b""

    @property
    def is_readable(self) -> bool:
        """Whether there is a declaration and no finding refuses it."""
        return self.declaration is not None and not is_refusal(self.findings)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes as they came: what an idempotency key is bound to.

        Without bytes it is that of the declaration as facts keep it.
        """
        return hashlib.sha256(self.original or encode(self.declaration)).digest()

    @classmethod
    def of(cls, declaration: Declaration) -> Message:
        """Return the message of a declaration that came in no wire form."""
        return cls(Function.ORIGINAL, Form.JSON, declaration)

    def beside(self, findings: tuple[Finding, ...]) -> Message:
        """Return the message with more findings behind its own."""
        return replace(self, findings=self.findings + findings)


def pack(original: bytes) -> bytes:
    """Return the bytes of a message in zlib form (RFC 1950), as facts keep them; b"" for none."""
    return zlib.compress(original, level=1) if original else b""


def unpack(packed: bytes) -> bytes:
    """Return the bytes that `pack` was given."""
    return zlib.decompress(packed) if packed else b""
