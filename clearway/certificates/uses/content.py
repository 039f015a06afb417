"""Which content of a certificate the order knows its number by: that of its issue.

A certificate that ends is told by a document signed anew, whose status differs and so its digest.
That is no other content under the number, so the status is read as at issue before it is hashed.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from clearway.certificates.formats.sps_certificate import issue_digest
from clearway.certificates.model import Certificate, Status
from clearway.certificates.record import Record
from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.fact import decode
from clearway.ledger.stored import read_fact


@dataclass(frozen=True, slots=True)
class _Original:
    original: str


def as_issued(connection: Connection, record: Record) -> Certificate:
    """Return a certificate on file with the content digest that its document had at issue.

    A document that is no longer kept, or cannot be read again, keeps the digest on file.
    """
    certificate = record.certificate
    if certificate.status == Status.ISSUED:
        return certificate
    kept = read_fact(connection, record.seq)
    if kept is None or not kept[0].body:
        return certificate
    original = binascii.a2b_base64(decode(kept[0].body, _Original).original)
    try:
        return replace(certificate, content_digest=issue_digest(original))
    except (MalformedMessage, TooLarge):
        return certificate
