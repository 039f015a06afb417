"""Note, in the transaction that files what an envelope holds, that it came and what is said to it.

The word is durable before the hub hears it: after a crash the same word is said again.
"""

from __future__ import annotations

import binascii
import hashlib

from clearway.connectors.ippc_hub import tables
from clearway.connectors.ippc_hub.facts import Received
from clearway.connectors.ippc_hub.model import Envelope
from clearway.connectors.ippc_hub.word import Kind, Word
from clearway.policy.act import Act

_LARGEST_KEPT = 2 << 20


def take_in(
    act: Act, envelope: Envelope, word: Word, *, certificate: str = "", seq: int = -1
) -> Word:
    """Record an envelope with our word on it; of one that came before the first word stands.

    Args:
        certificate: subject of what was filed; seq: of the fact that holds its content.

    Raises: Refused: policy says no.
    """
    act.require("certificate.exchange", agency=act.actor.agency, certificate=certificate)
    earlier = tables.find_word(act.connection, envelope.hub_number)
    if earlier is not None:
        return earlier
    content = envelope.content.encode()
    is_kept_here = word.kind is Kind.NOT_READABLE or seq < 0
    body = Received(
        hub_number=envelope.hub_number,
        sender=envelope.from_,
        certificate_type=envelope.certificate_type,
        certificate_status=envelope.certificate_status,
        nppo_number=envelope.nppo_number,
        digest=hashlib.sha256(content).hexdigest(),
        kind=word.kind,
        message=word.message,
        certificate=certificate,
        seq=seq,
        original=_base64(content[:_LARGEST_KEPT]) if is_kept_here else "",
    )
    act.append(body, subject=f"hub:{envelope.hub_number}")
    return word


def _base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()
