"""Signed batches: readings as a device seals them, so that nobody between can change one.

    18([<<{1: -8, 4: h'04baeb2a1ff9743f'}>>, {}, <<payload>>, h'... 64 bytes'])

    payload = [1, "reefer-0817", "CSQU3054383", "2026-02-14a",   form, device, container, boot_id
               2304, 50, h'... 32 bytes', <<columns>>]           first seq, count, previous digest

A COSE_Sign1 (RFC 9052), Ed25519 or ES256. `previous` is the digest of the batch before, so a
device's batches are a chain (`coldchain.chain`). The digest is SHA-256 of the payload, not of the
message: who carries a message can give a signature of ES256 another form, but not the payload.
`deltas.py` has the columns, docs/design/device.md the specification. The verifier of the house
(`ledger.cose`) does the cryptography.

    signed = read(message)                   # bounds and form; nothing in it is proved
    batch = verify(signed, public_key)       # now it is
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import cbor2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from clearway.coldchain.chain import NOTHING, Link
from clearway.coldchain.formats import deltas
from clearway.coldchain.formats.json import container_of
from clearway.coldchain.intake import LARGEST_SEQ, MOST_READINGS
from clearway.coldchain.model import Batch
from clearway.errors import MalformedMessage, RuleViolation, TooLarge, VerificationError
from clearway.ledger import cbor, cose

FORM = 1
MAX_SIZE = 64 * 1024
"""A thousand readings of a unit with eight probes take at most about 40 KiB."""

KEY_ID_SIZE = 8
_DIGEST_SIZE = len(NOTHING)
_ALGORITHMS = (cose.EDDSA, cose.ED25519, cose.ES256)
_SIGNATURE_SIZE = 64
_LONGEST_NAME = 64

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A batch as it came; nothing in it is verified.

    Args:
        batch: the readings; `verify` returns them.
        previous: digest of the batch before, `chain.NOTHING` for none.
        digest: of this batch: SHA-256 of the payload.
        key_id: which key is said to have signed; a hint, no proof.
        message: as `cose.read_sign1` gave it.
    """

    batch: Batch
    previous: bytes
    digest: bytes
    key_id: bytes
    message: cose.Sign1

    @property
    def link(self) -> Link:
        """The batch as a link of its device's chain."""
        readings = self.batch.readings
        return Link(
            self.batch.boot_id,
            readings[0].seq,
            readings[-1].seq,
            self.previous,
            self.digest,
            self.key_id,
        )


def read(data: bytes) -> SignedBatch:
    """Read a signed batch. Every size is bounded before anything is computed.

    Raises:
        TooLarge: over `MAX_SIZE`, or over a thousand readings.
        MalformedMessage: not of this form.
        BadTerm: the container number is wrong.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(
            f"A signed batch has at most {MAX_SIZE:,} bytes; this one has {len(data):,}. Send it"
            " in parts",
            limit="size_bytes",
        )
    message = cose.read_sign1(data)
    header = message.header
    key_id = header.get(cose.KID)
    if header.keys() != {cose.ALG, cose.KID} or header[cose.ALG] not in _ALGORITHMS:
        raise MalformedMessage(
            "The protected header of a signed batch has the algorithm (1: -8, -19 or -7) and the"
            " key id (4), nothing else"
        )
    if not isinstance(key_id, bytes) or len(key_id) != KEY_ID_SIZE:
        raise MalformedMessage(f"The key id (4) of a signed batch has {KEY_ID_SIZE} bytes")
    if message.unprotected or not message.payload or len(message.signature) != _SIGNATURE_SIZE:
        raise MalformedMessage(
            "A signed batch has no unprotected header, a payload inside, and a signature of"
            f" {_SIGNATURE_SIZE} bytes"
        )
    batch, previous = _read_payload(message.payload)
    return SignedBatch(batch, previous, sha256(message.payload).digest(), key_id, message)


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
    cose.verify_sign1(signed.message, _key(public_key))
    return signed.batch


def write(batch: Batch, previous: bytes, key: PrivateKey, key_id: bytes) -> bytes:
    """Return a batch signed by its device.

    Args:
        batch: its readings have numbers without a gap, instants in whole seconds.
        previous: digest of the batch before; `chain.NOTHING` for the very first.
        key: Ed25519, or P-256.

    Raises: RuleViolation: a number is left out. BadTerm, TooLarge: what cannot be written.
    """
    payload = write_payload(batch, previous)
    header = {cose.KID: key_id}
    if isinstance(key, Ed25519PrivateKey):
        return cose.sign_ed25519(payload, key, header)
    return cose.sign_es256(payload, key, header)


def write_payload(batch: Batch, previous: bytes) -> bytes:
    """Return what a device signs. Raises: as `write`."""
    readings = batch.readings
    if not 0 < len(readings) <= MOST_READINGS:
        raise TooLarge(f"A batch has 1 to {MOST_READINGS} readings, not {len(readings)}")
    first, count = readings[0].seq, len(readings)
    if [reading.seq for reading in readings] != list(range(first, first + count)):
        raise RuleViolation("The readings of a signed batch are numbered without a gap")
    columns = deltas.write(readings)
    parts = [FORM, batch.device, batch.container, batch.boot_id, first, count, previous, columns]
    return cbor2.dumps([str(part) if isinstance(part, str) else part for part in parts])


def digest_of(message: bytes) -> bytes:
    """Return the digest that the next batch of the device names as its previous one.

    Raises: TooLarge, MalformedMessage: as `read`.
    """
    return read(message).digest


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


def _read_payload(payload: bytes) -> tuple[Batch, bytes]:
    match cbor.read(payload):
        case [
            int(form),
            str(device),
            str(container),
            str(boot_id),
            int(first),
            int(count),
            bytes(previous),
            bytes(columns),
        ] if form == FORM and len(previous) == _DIGEST_SIZE:
            _require_numbers(first, count)
            parts = [FORM, device, container, boot_id, first, count, previous, columns]
            if cbor2.dumps(parts) != payload:
                raise MalformedMessage("The payload is not in its shortest form (RFC 8949, 4.2.1)")
            if not max(map(len, (device, container, boot_id))) <= _LONGEST_NAME:
                raise MalformedMessage(f"A name in a batch has at most {_LONGEST_NAME} characters")
            readings = deltas.read(columns, first, count)
            return Batch(device, container_of(container), boot_id, readings), previous
    raise MalformedMessage(
        f"The payload of a signed batch is [{FORM}, device, container, boot_id, first seq, count,"
        f" previous digest of {_DIGEST_SIZE} bytes, columns]"
    )


def _require_numbers(first: int, count: int) -> None:
    if isinstance(first, bool) or isinstance(count, bool) or count < 1:
        raise MalformedMessage("The first seq and the count of a batch are whole numbers")
    if count > MOST_READINGS:
        raise TooLarge(f"A batch has at most {MOST_READINGS:,} readings, not {count}")
    if not 0 <= first <= LARGEST_SEQ - count:
        raise MalformedMessage(f"The numbers of readings lie between 0 and {LARGEST_SEQ}")
