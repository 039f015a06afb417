"""A reader of EU Digital COVID Certificates, from the layers of our seals, to hold them to vectors.

Only the shell is judged: prefix, base45, zlib, COSE, and of the CWT its expiry and issuer. What a
vaccination says is not our subject.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from clearway.certificates.formats.seal_text import inflate
from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger import cbor, cose

PREFIX = "HC1:"
ISSUER, EXPIRES, HCERT = 1, 4, -260


def unprefix(text: str) -> str:
    if not text.startswith(PREFIX):
        raise MalformedMessage("no HC1: prefix")
    return text.removeprefix(PREFIX)


def decompress(data: bytes) -> bytes:
    """A health certificate is always compressed; a seal only where that is shorter."""
    if not data.startswith(b"x"):
        raise MalformedMessage("not compressed")
    return inflate(data)


def verify(message: bytes, certificate: bytes) -> bytes:
    """Return the payload that the key of this certificate signed."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return cose.verify_sign1(cose.read_sign1(message, is_cwt=True), key)


def claims(payload: bytes) -> dict[int | str, object]:
    """Return the claims of a CWT that holds a health certificate."""
    known = cbor.read(payload)
    if not isinstance(known, dict) or not isinstance(known.get(HCERT), dict):
        raise VerificationError("no health certificate in the claims")
    return known


def require_current(claims: dict[int | str, object], at: datetime) -> None:
    expires = claims.get(EXPIRES)
    if not isinstance(expires, int) or expires <= at.timestamp():
        raise VerificationError(f"expired at {expires}")
