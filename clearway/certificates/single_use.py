"""Single use across countries: from the secret of a certificate to the nullifiers of its lines.

    secret of the certificate (16 random bytes, made at issue)
      ├─ commit(secret)                       16 bytes, in the seal: anybody may photograph it
      └─ line_secret(secret, 2)               16 bytes, one for each line
           └─ nullifier.of("certificate-line/2026", ...)     what the common order sees

Whoever holds the document holds the secret. A seal shows the commitment only: it lets whoever gets
the secret by the document, or from the authority, make sure that it is that of this seal, and tells
a passer-by nothing. The number of a line goes into its secret, the content does not: two documents
with other content under one secret must meet each other in the order, and so be found.
"""

from __future__ import annotations

import hmac
from datetime import date
from hashlib import sha256

from clearway.certificates.claims import Claims
from clearway.errors import BadTerm, VerificationError
from clearway.ledger.order import nullifier

SECRET_SIZE = nullifier.SECRET_SIZE
COMMITMENT_SIZE = 16
_COMMITMENT = b"clearway-certificate-secret/1\n"
_LINE = b"clearway-certificate-line/1\n"


def commit(secret: bytes) -> bytes:
    """Return what a seal shows of a secret: the first 16 bytes of SHA-256 over form and secret.

    Raises: BadTerm: the secret has not 16 bytes.
    """
    _require(secret)
    return sha256(_COMMITMENT + secret).digest()[:COMMITMENT_SIZE]


def line_secret(secret: bytes, line: int) -> bytes:
    """Return the secret of one line: HMAC-SHA256(secret, form and number), first 16 bytes.

    Args:
        secret: of the certificate.
        line: its number as the document states it, from 0.

    Raises: BadTerm: the secret has not 16 bytes, or the number is negative.
    """
    _require(secret)
    if not 0 <= line < 1 << 32:
        raise BadTerm("Line of a certificate", line, "a whole number from 0")
    return hmac.digest(secret, _LINE + line.to_bytes(4, "big"), "sha256")[:SECRET_SIZE]


def scope(issued: date) -> str:
    """Return the scope under which lines of this day are used, such as `certificate-line/2026`."""
    return f"certificate-line/{issued.year:04d}"


def line_nullifier(secret: bytes, line: int, issued: date) -> bytes:
    """Return the nullifier of one line of a certificate.

    Args:
        secret: of the certificate.
        line: its number as the document states it.
        issued: day of issue, UTC.

    Returns: 32 bytes for `ledger.order.model.Use`.
    """
    return nullifier.of(scope(issued), line_secret(secret, line))


def require_secret(claims: Claims, secret: bytes) -> bytes:
    """Return a secret that came by another way, if it is that of the seal.

    Args:
        claims: of a seal whose signature holds.
        secret: from the document, or from the authority.

    Raises: VerificationError: the seal commits to another secret, or to none.
    """
    if claims.secret_digest is None:
        raise VerificationError(f"The seal of {claims.number} commits to no secret")
    if not hmac.compare_digest(claims.secret_digest, commit(secret)):
        raise VerificationError(f"The secret is not that of the seal of {claims.number}")
    return secret


def nullifiers(claims: Claims, lines: tuple[int, ...], secret: bytes | None = None) -> list[bytes]:
    """Return the nullifiers of lines of a sealed certificate, in their order.

    Args:
        claims: of a seal whose signature holds.
        lines: numbers of the lines that are used.
        secret: from the document; not needed where the seal itself bears it.

    Raises: VerificationError: no secret is at hand, or it is not that of the seal.
    """
    known = secret if secret is not None else claims.secret
    if known is None:
        raise VerificationError(
            f"The seal of {claims.number} shows no secret: take it from the document, or ask the"
            " issuing authority"
        )
    require_secret(claims, known)
    return [line_nullifier(known, line, claims.issued) for line in lines]


def _require(secret: bytes) -> None:
    if len(secret) != SECRET_SIZE:
        raise BadTerm("Secret of a certificate", "(secret)", f"{SECRET_SIZE} bytes")
