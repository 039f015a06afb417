"""What happened to declarations, as the ledger keeps it.

Subject of all: `declaration:<MRN>`. A rejected declaration has a number too, so that the sender can
speak of it. `original` are the sender's bytes as `message.pack` gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.declarations.message import Form
from clearway.declarations.model import Declaration
from clearway.ledger.fact import BY_FIELD
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Mrn, PartyId
from clearway.terms.reason import Reason


def subject(mrn: Mrn) -> str:
    """Return how facts name a declaration."""
    return f"declaration:{mrn}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A declaration was taken in; `findings` have no SEVERE among them.

    Args:
        key: idempotency key under which it came.
        digest: SHA-256 of the sender's bytes.
    """

    TYPE: ClassVar[str] = "declaration.accepted/1"
    FORM: ClassVar[int] = BY_FIELD
    mrn: Mrn
    declaration: Declaration
    key: str
    findings: tuple[Finding, ...]
    form: Form
    digest: bytes
    original: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A declaration was refused by the findings that are SEVERE."""

    TYPE: ClassVar[str] = "declaration.rejected/1"
    FORM: ClassVar[int] = BY_FIELD
    mrn: Mrn
    declaration: Declaration
    key: str
    findings: tuple[Finding, ...]
    form: Form
    digest: bytes
    original: bytes


@dataclass(frozen=True, slots=True)
class Corrected:
    """The declaration was put in the place of the former one; its number stays.

    Args:
        version: 2 for the first correction.
        reason: in the words of who corrected it.
        amendment: the message that asked for it, where it was not the whole declaration.
    """

    TYPE: ClassVar[str] = "declaration.corrected/1"
    FORM: ClassVar[int] = BY_FIELD
    mrn: Mrn
    version: int
    declaration: Declaration
    reason: str
    findings: tuple[Finding, ...]
    form: Form
    digest: bytes
    original: bytes
    amendment: bytes


@dataclass(frozen=True, slots=True)
class DocumentsRequested:
    """An agency needs documents before it can decide.

    Args:
        documents: types of document, such as `N851`.
        agency: who asks.
    """

    TYPE: ClassVar[str] = "declaration.documents_requested/1"
    mrn: Mrn
    documents: tuple[str, ...]
    agency: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ControlOrdered:
    """The goods or documents will be examined by these agencies."""

    TYPE: ClassVar[str] = "declaration.control_ordered/1"
    mrn: Mrn
    agencies: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """The goods may leave."""

    TYPE: ClassVar[str] = "declaration.released/1"
    FORM: ClassVar[int] = BY_FIELD
    mrn: Mrn
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """All is settled; the declaration is closed."""

    TYPE: ClassVar[str] = "declaration.cleared/1"
    mrn: Mrn


@dataclass(frozen=True, slots=True)
class Invalidated:
    """The declaration counts as never lodged."""

    TYPE: ClassVar[str] = "declaration.invalidated/1"
    mrn: Mrn
    reason: str


@dataclass(frozen=True, slots=True)
class KeyConflict:
    """An alarm: a key that stands for this declaration came again with other content.

    Args:
        mrn: the declaration that came first under the key.
        first_seq: the fact that it became.
        digest: SHA-256 of the bytes that came now; they are not kept.
    """

    TYPE: ClassVar[str] = "declaration.key_conflict/1"
    mrn: Mrn
    declarant: PartyId | None
    key: str
    first_seq: int
    digest: bytes
