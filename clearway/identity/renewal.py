"""A device asks for a new certificate itself: a request signed with the key that it has. Pure.

    18([<<{1: -7, 4: key id}>>, {}, <<certificate request in PEM>>, signature])

A COSE_Sign1 of the present key over a request (PKCS 10) of the next one, in the manner of RFC 7030,
4.2.2: whoever has only the device's token, or only its next key, gets nothing. A batch of readings
begins with byte 0x88, a request with a hyphen, so neither can be taken for the other.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from clearway.errors import BadTerm, Refused, RuleViolation, TooLarge, VerificationError
from clearway.identity import device_certificates as certificates
from clearway.identity.device_certificates import PrivateKey
from clearway.identity.model import Device
from clearway.ledger import cose

MAX_SIZE = 20 * 1024
_KEY_ID_SIZE = 8


def write_renewal(device: str, next_key: PrivateKey, key: PrivateKey) -> bytes:
    """Return what a device sends to be renewed.

    Args:
        next_key: that the new certificate shall be of.
        key: of the present certificate.
    """
    asked = certificates.request(device, next_key).encode("ascii")
    public_key = certificates.spki(key.public_key())
    header = {cose.KID: sha256(public_key).digest()[:_KEY_ID_SIZE]}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return cose.sign_ed25519(asked, key, header)
    return cose.sign_es256(asked, key, header)


def verify_renewal(data: bytes, device: Device, at: datetime) -> bytes:
    """Return the public key (DER) that a device asks to be certified for.

    Args:
        device: who asks, as enrolled.
        at: instant of arrival, aware UTC.

    Raises: TooLarge, MalformedMessage: not of this form. Refused: its present key ended. BadTerm:
    the request names another device. RuleViolation: a signature does not hold.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A renewal has at most {MAX_SIZE:,} bytes; this one has {len(data):,}")
    message = cose.read_sign1(data)
    key = device.key
    if key is None or not key.signs_at(at) or not device.is_valid:
        raise Refused(f"The device {device.id!r} has no key that counts; have it enrolled anew")
    if message.header.get(cose.KID) != key.key_id:
        raise Refused(f"The renewal of {device.id!r} is not signed with its present key")
    try:
        asked = cose.verify_sign1(message, _verifier(key.public_key))
        name, public_key = certificates.read_request(asked.decode("ascii", "replace"))
    except VerificationError as error:
        raise RuleViolation(error.detail) from error
    if name != device.id:
        raise BadTerm("request", name, f"its common name must be {device.id}", field="request")
    return public_key


def _verifier(public_key: bytes) -> cose.Key:
    key = certificates.read_public_key(public_key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    return key.public_bytes_raw()
