"""Signed batches: readings as a device seals them, so that nobody between can change one.

A COSE_Sign1 (RFC 9052), Ed25519 or ES256: `coldchain.envelope` around the columns of `deltas.py`.
`previous` is the digest of the batch before, so a device's batches are a chain (`coldchain.chain`).
The digest is SHA-256 of the payload, not of the message: who carries a message can give a signature
of ES256 another form, but not the payload. The verifier of the house (`ledger.cose`) does the
cryptography. docs/design/device.md is the specification.

    signed = read(message)                   # bounds and form; nothing in it is proved
    batch = verify(signed, public_key)       # now it is
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from clearway.coldchain import envelope
from clearway.coldchain.chain import Link
from clearway.coldchain.envelope import KEY_ID_SIZE, Envelope
from clearway.coldchain.formats import deltas
from clearway.coldchain.formats.json import container_of
from clearway.coldchain.intake import MOST_READINGS
from clearway.coldchain.model import Batch
from clearway.errors import RuleViolation, TooLarge, VerificationError
from clearway.ledger import cose

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A batch as it came; nothing in it is verified.

    Args:
        batch: the readings; `verify` returns them.
        envelope: what was around them.
    """

    batch: Batch
    envelope: Envelope

    @property
    def previous(self) -> bytes:
        """Digest of the batch before, `chain.NOTHING` for none."""
        return self.envelope.previous

    @property
    def digest(self) -> bytes:
        """SHA-256 of the payload."""
        return self.envelope.digest

    @property
    def key_id(self) -> bytes:
        """Which key is said to have signed; a hint, no proof."""
        return self.envelope.key_id

    @property
    def link(self) -> Link:
        """The batch as a link of its device's chain."""
        return self.envelope.link


def read(data: bytes) -> SignedBatch:
    """Read a signed batch.

    Raises: TooLarge, MalformedMessage: as `envelope.read`, or the columns are not in form. BadTerm:
    the container number is wrong.
    """
    found = envelope.read(data)
    container = container_of(found.container)
    readings = deltas.read(found.columns, found.first_seq, found.count)
    return SignedBatch(Batch(found.device, container, found.boot_id, readings), found)


def verify(signed: SignedBatch, public_key: bytes) -> Batch:
    """Check the signature and return the batch that it covers.

    Args:
        public_key: of the device, as SubjectPublicKeyInfo (DER), from its enrolment.

    Raises: VerificationError: it does not hold under this key, or is not of it.
    """
    if signed.key_id != key_id_of(public_key):
        raise VerificationError(
            f"The batch of {signed.batch.device!r} names the key {signed.key_id.hex()}, not"
            f" {key_id_of(public_key).hex()}"
        )
    cose.verify_sign1(signed.envelope.message, _key(public_key))
    return signed.batch


def write(batch: Batch, previous: bytes, key: PrivateKey, key_id: bytes) -> bytes:
    """Return a batch signed by its device.

    Args:
        batch: its readings have numbers without a gap, instants in whole seconds.
        previous: digest of the batch before; `chain.NOTHING` for the very first.
        key: Ed25519, or P-256.

    Raises: RuleViolation: a number is left out. BadTerm, TooLarge: what cannot be written.
    """
    readings = batch.readings
    if not 0 < len(readings) <= MOST_READINGS:
        raise TooLarge(f"A batch has 1 to {MOST_READINGS} readings, not {len(readings)}")
    first, count = readings[0].seq, len(readings)
    if [reading.seq for reading in readings] != list(range(first, first + count)):
        raise RuleViolation("The readings of a signed batch are numbered without a gap")
    columns = deltas.write(readings)
    parts = batch.device, batch.container, batch.boot_id, first, count, previous, columns
    payload = envelope.write_payload(*parts)
    header = {cose.KID: key_id}
    if isinstance(key, Ed25519PrivateKey):
        return cose.sign_ed25519(payload, key, header)
    return cose.sign_es256(payload, key, header)


@lru_cache(maxsize=100_000)
def key_id_of(public_key: bytes) -> bytes:
    """Return the key id: the first 8 bytes of SHA-256 of the SubjectPublicKeyInfo (DER)."""
    return sha256(public_key).digest()[:KEY_ID_SIZE]


@lru_cache(maxsize=20_000)
def _key(public_key: bytes) -> cose.Key:
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VerificationError("The key of a device is not a SubjectPublicKeyInfo") from error
    if isinstance(key, Ed25519PublicKey):
        return key.public_bytes_raw()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise VerificationError("The key of a device is neither of Ed25519 nor of P-256")
