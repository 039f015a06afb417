"""Nullifiers: what shows that a thing was used, and to outsiders nothing else.

    certificate = secret of 128 bits, printed in it or carried beside it
    use = Use(of(scope, secret), holder(secret, "customs-ke", receipt_reference))

A nullifier is 32 bytes that cannot be told from chance without the secret. Whoever holds the thing
holds the secret: so the parties, and they alone, find the use again, and a second use meets the
first. The holder reference of a use is a commitment under the same secret: a party that is shown
the first user's agency and reference can check it (`require_holder`), an outsider cannot even
guess. Members see which agency handed in a batch, and when; they do not see of what.

A scope names what is used, which rules, and the period: `certificate-line/2026`. It is part of the
hash, so the same secret in two scopes gives two nullifiers that nobody can link.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from clearway.errors import BadTerm, VerificationError
from clearway.ledger.order.model import require_visible

SECRET_SIZE = 16
KEY_SIZE = 32
MAX_SCOPE = 64
MAX_TEXT = 1_024


def of(scope: str, secret: bytes) -> bytes:
    """Return the nullifier of a thing that carries a secret of its own.

    Args:
        scope: 1 to 64 visible ASCII characters, such as `certificate-line/2026`.
        secret: 16 random bytes; one for each thing that can be used by itself.

    Returns: 32 bytes, SHA-256 over form, scope and secret.
    """
    _require_secret(secret)
    return sha256(b"clearway-nullifier/1\n" + _scope(scope) + secret).digest()


def keyed(scope: str, key: bytes, text: str) -> bytes:
    """Return the nullifier of a thing that was issued without a secret, by a key of the members.

    Every member that holds the key can try all texts: it hides from outsiders only. So the key
    belongs to one scope, and goes with it.

    Args:
        scope: as in `of`, with the period in which the key serves.
        key: 32 secret bytes that the members share.
        text: what names the thing, in one agreed form, at most 1,024 bytes of UTF-8.

    Returns: 32 bytes, HMAC-SHA256.
    """
    if len(key) != KEY_SIZE:
        raise BadTerm("nullifier key", "(secret)", f"{KEY_SIZE} bytes")
    encoded = text.encode("utf-8", "strict") if text.isprintable() else b""
    if not 1 <= len(encoded) <= MAX_TEXT:
        raise BadTerm("text of a nullifier", text, f"1 to {MAX_TEXT} bytes, printable")
    return hmac.digest(key, b"clearway-nullifier-keyed/1\n" + _scope(scope) + encoded, "sha256")


def holder(secret: bytes, agency: str, reference: str) -> str:
    """Return the holder reference of a use: a commitment to who used it under which reference.

    Args:
        secret: of the thing, as in `of`.
        agency: that hands in the use.
        reference: its own reference of what it was used for.

    Returns: 64 hexadecimal digits.
    """
    _require_secret(secret)
    names = (agency.encode(), reference.encode())
    message = b"".join(len(name).to_bytes(4, "big") + name for name in names)
    return hmac.digest(secret, b"clearway-holder/1\n" + message, "sha256").hex()


def require_holder(committed: str, secret: bytes, agency: str, reference: str) -> None:
    """Check what a first user says about its use.

    Raises: VerificationError: it was not this agency, or not under this reference.
    """
    if not hmac.compare_digest(committed.encode(), holder(secret, agency, reference).encode()):
        raise VerificationError(
            f"The use was not made by {agency!r} under the reference {reference!r}"
        )


def _scope(scope: str) -> bytes:
    require_visible("scope", scope, MAX_SCOPE)
    encoded = scope.encode()
    return bytes((len(encoded),)) + encoded


def _require_secret(secret: bytes) -> None:
    if len(secret) != SECRET_SIZE:
        raise BadTerm("secret of a nullifier", "(secret)", f"{SECRET_SIZE} bytes")
