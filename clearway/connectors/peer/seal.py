"""Sealing content for one partner: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM.

TLS ends at whatever terminates it; the seal ends at the partner's own key. It is bound to its
batch (`rules.context`), so that content cannot be moved into another one.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from clearway.errors import VerificationError

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def public_text(private: X25519PrivateKey) -> str:
    """Return the public key as a card bears it: base64 of 32 bytes."""
    return base64.b64encode(private.public_key().public_bytes_raw()).decode("ascii")


def seal(content: bytes, recipient: str, context: bytes) -> bytes:
    """Return the content for one recipient. Raises: VerificationError: its key is not in form."""
    try:
        key = X25519PublicKey.from_public_bytes(base64.b64decode(recipient, validate=True))
    except (binascii.Error, ValueError) as error:
        raise VerificationError("The partner's HPKE key is not the base64 of 32 bytes") from error
    return _SUITE.encrypt(content, key, info=context)


def unseal(sealed: bytes, private: X25519PrivateKey, context: bytes) -> bytes:
    """Return the content. Raises: VerificationError: not for this key, or of another batch."""
    try:
        return _SUITE.decrypt(sealed, private, info=context)
    except (InvalidTag, ValueError) as error:
        raise VerificationError("The content is not sealed for us and this batch") from error
