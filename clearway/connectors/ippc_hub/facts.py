"""What this node states of envelopes that a hub handed to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.connectors.ippc_hub.word import Kind


@dataclass(frozen=True, slots=True)
class Received:
    """An envelope came, and this is what its sender is told.

    Args:
        hub_number: the hub's number. sender: country of the authority, as the hub proved it.
        certificate_type, certificate_status, nppo_number: of its header.
        digest: SHA-256 of its content, hexadecimal.
        kind, message: our word on it (`word.Word`).
        certificate: subject of what was filed or answered; "" where nothing was.
        seq: of the fact that holds the content; -1 where there is none.
        original: the content in base64, where no other fact holds it; cut off at 2 MiB.
    """

    TYPE: ClassVar[str] = "hub.received/1"

    hub_number: str
    sender: str
    certificate_type: int
    certificate_status: int
    nppo_number: str
    digest: str
    kind: Kind
    message: str
    certificate: str
    seq: int
    original: str = ""
