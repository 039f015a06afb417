"""COSE_Sign1 (RFC 9052) for receipts, statements of other logs, seals: read strictly, verified.

Algorithms: EdDSA and Ed25519 (the strict verifier of `ed25519.py`), ES256, ES384 and PS256. The
algorithm is read from the protected header only, and must be the one of the key that the reader
trusts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import cbor, ed25519

SIGN1_TAG = 18
CWT_TAG = 61
# Of headers (RFC 9052, 3.1).
ALG, CRIT, KID = 1, 2, 4
EDDSA, ED25519, ES256, ES384, PS256 = -8, -19, -7, -35, -37
MAX_SIZE = 32 * 1024 * 1024

_CURVES: dict[int, tuple[str, int, SHA256 | SHA384]] = {
    ES256: ("secp256r1", 32, SHA256()),
    ES384: ("secp384r1", 48, SHA384()),
}
# RFC 8230, 6.1: at least 2048 bits; longer keys than this only cost time.
_RSA_BITS = range(2048, 8193)
Key = bytes | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Sign1:
    """A signed message; nothing in it is verified.

    Args:
        protected: exact bytes of the signed header.
        header: what they say.
        unprotected: the header that nobody signed.
        payload: None where it is detached.
    """

    protected: bytes
    header: Mapping[int | str, Any]
    unprotected: Mapping[int | str, Any]
    payload: bytes | None
    signature: bytes


def read_key(pem: bytes) -> Key:
    """Return a public key: 32 bytes of Ed25519, or a point of P-256 or P-384.

    Raises: VerificationError: it is no such key.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VerificationError("The key is not a public key in PEM form") from error
    if isinstance(key, Ed25519PublicKey):
        return key.public_bytes_raw()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    raise VerificationError("The key is neither of Ed25519 nor of P-256 or P-384")


def read_sign1(data: bytes, *, is_cwt: bool = False) -> Sign1:
    """Read a tagged COSE_Sign1.

    Args:
        is_cwt: of a CWT (RFC 8392) the tags may be missing, or 61 stand before, and a label may
            stand in both headers: the signed one counts (RFC 9052, section 3, leaves this to the
            application).

    Raises:
        TooLarge: over 32 MB.
        MalformedMessage: not in form; also where a header marks something as critical (`crit`).
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A COSE message has at most {MAX_SIZE} bytes; this one has {len(data)}")
    protected, unprotected, payload, signature = _four_parts(data, is_cwt)
    if not (isinstance(protected, bytes) and isinstance(signature, bytes)):
        raise MalformedMessage("The protected header and signature of a COSE_Sign1 are bytes")
    if not (payload is None or isinstance(payload, bytes)) or not isinstance(unprotected, dict):
        raise MalformedMessage("A COSE_Sign1 has a map of headers, and bytes or null as payload")
    header = cbor.read(protected) if protected else {}
    if not isinstance(header, dict):
        raise MalformedMessage("The protected header of a COSE_Sign1 is not a map")
    if CRIT in header or CRIT in unprotected:
        raise MalformedMessage("The COSE header marks something as critical; none is known here")
    if not is_cwt and header.keys() & unprotected.keys():
        raise MalformedMessage("A COSE header stands in both maps (RFC 9052, section 3)")
    return Sign1(protected, header, unprotected, payload, signature)


def _four_parts(data: bytes, is_cwt: bool) -> list[Any]:
    message = cbor.read(data, tags=(SIGN1_TAG, CWT_TAG) if is_cwt else (SIGN1_TAG,))
    if isinstance(message, cbor.Tagged) and message.tag == CWT_TAG:
        message = message.value
    if isinstance(message, cbor.Tagged) and message.tag == SIGN1_TAG:
        message = message.value
    elif not is_cwt:
        raise MalformedMessage("This is not a COSE_Sign1: it needs tag 18 over an array")
    if not isinstance(message, list):
        raise MalformedMessage("This is not a COSE_Sign1: it needs an array")
    if len(message) != 4:
        raise MalformedMessage("A COSE_Sign1 has four parts")
    return message


def verify_sign1(message: Sign1, key: Key, payload: bytes | None = None) -> bytes:
    """Check the signature and return the payload that it covers.

    Args:
        payload: where it is detached.

    Raises: VerificationError: it does not hold, or key, algorithm and payload do not fit.
    """
    if (message.payload is None) == (payload is None):
        raise VerificationError("The payload of a COSE_Sign1 is either inside or given, not both")
    covered = message.payload or payload or b""
    signed = sig_structure(message.protected, covered)
    alg = message.header.get(ALG)
    if isinstance(key, bytes):
        if alg not in (EDDSA, ED25519):
            raise VerificationError(f"The COSE algorithm {alg!r:.20} is not that of an Ed25519 key")
        ed25519.verify(key, message.signature, signed)
    elif isinstance(key, rsa.RSAPublicKey):
        _verify_rsa(alg, key, message.signature, signed)
    else:
        _verify_ecdsa(alg, key, message.signature, signed)
    return covered


def sign_es256(payload: bytes, key: ec.EllipticCurvePrivateKey, header: Mapping[int, Any]) -> bytes:
    """Return a tagged COSE_Sign1 of this payload.

    The signature is deterministic (RFC 6979): the same payload gives the same bytes, and no weak
    source of chance can betray the key.

    Args:
        key: of P-256.
        header: protected parameters beside the algorithm, such as `KID`.
    """
    protected = cbor2.dumps({ALG: ES256, **header}, canonical=True)
    algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(sig_structure(protected, payload), algorithm))
    parts = [protected, {}, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")]
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, parts), canonical=True)


def sign_ed25519(payload: bytes, key: Ed25519PrivateKey, header: Mapping[int, Any]) -> bytes:
    """Return a tagged COSE_Sign1 of this payload.

    Args:
        header: protected parameters beside the algorithm, such as `KID`.
    """
    protected = cbor2.dumps({ALG: EDDSA, **header}, canonical=True)
    signature = key.sign(sig_structure(protected, payload))
    parts = [protected, {}, payload, signature]
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, parts), canonical=True)


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return the bytes that a COSE_Sign1 signs (RFC 9052, 4.4), without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _verify_ecdsa(
    alg: object, key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes
) -> None:
    curve = _CURVES.get(alg) if isinstance(alg, int) else None
    if curve is None or key.curve.name != curve[0]:
        raise VerificationError(f"The COSE algorithm {alg!r:.20} is not that of the given key")
    _, size, digest = curve
    if len(signature) != 2 * size:
        raise VerificationError(
            f"The COSE signature has {len(signature)} bytes instead of {2 * size}"
        )
    r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(digest))
    except InvalidSignature as error:
        raise VerificationError("The COSE signature does not hold") from error


def _verify_rsa(alg: object, key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> None:
    if alg != PS256 or key.key_size not in _RSA_BITS:
        raise VerificationError(f"The COSE algorithm {alg!r:.20} is not that of the given key")
    salted = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)  # RFC 8230, section 2
    try:
        key.verify(signature, signed, salted, SHA256())
    except InvalidSignature as error:
        raise VerificationError("The COSE signature does not hold") from error
