"""What the log commits to: a fact's envelope, hidden behind a salt.

The envelope is the JSON text of the fact with its body exactly as stored. The commitment is
HMAC-SHA256(salt, envelope): without the 32-byte salt nobody can guess a body from it, and to
destroy the salt is to erase what the log says about it, while the log still proves. The leaf entry
holds nothing but the commitment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from clearway.errors import VerificationError
from clearway.ledger.fact import Fact
from clearway.ledger.merkle import HASH_SIZE

ENVELOPE = "clearway-envelope/1"
SALT_SIZE = 32
_ENTRY = b"clearway-leaf/1\n"
_LEAF = b"\x00" + _ENTRY  # RFC 9162, 2.1.1: what is hashed for a leaf begins with a zero byte

# HMAC (RFC 2104, 2) of a key of 32 bytes: the key, filled up to a block of 64 bytes, is XORed with
# 0x36 or 0x5c. Two plain hashes take two thirds of the time of OpenSSL's HMAC with a new key each.
_INNER, _INNER_REST = bytes(byte ^ 0x36 for byte in range(256)), b"\x36" * 32
_OUTER, _OUTER_REST = bytes(byte ^ 0x5C for byte in range(256)), b"\x5c" * 32


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of an envelope, in the order in which they are written."""

    envelope: str
    type: str
    subject: str
    issuer: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    body: str


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Envelope)


def envelope(fact: Fact) -> bytes:
    """Return the one JSON text of a fact: fixed order, no spaces, instants in UTC.

    Raises: VerificationError: an instant without a zone, or a body that is not UTF-8 text.
    """
    try:
        return _encode(
            Envelope(
                ENVELOPE,
                fact.type,
                fact.subject,
                fact.issuer,
                fact.actor,
                _utc(fact.occurred_at),
                _utc(fact.recorded_at),
                fact.body.decode(),
            )
        )
    except UnicodeError as error:
        raise VerificationError("A fact holds text that is not valid Unicode") from error


def read_envelope(text: bytes, seq: int) -> Fact:
    """Return the fact of an envelope that stands at place `seq` of its log.

    Raises: VerificationError: the text is not the one form that `envelope` writes.
    """
    try:
        fields = _decoder.decode(text)
        fact = Fact(
            seq,
            fields.type,
            fields.subject,
            fields.issuer,
            fields.actor,
            _utc(fields.occurred_at),
            _utc(fields.recorded_at),
            fields.body.encode(),
        )
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise VerificationError("The envelope of a fact cannot be read") from error
    if fields.envelope != ENVELOPE or envelope(fact) != text:
        raise VerificationError(f"The envelope is not in the one form of {ENVELOPE}")
    return fact


def commitment(fact: Fact, salt: bytes) -> bytes:
    """Return HMAC-SHA256(salt, envelope), 32 bytes. Raises: VerificationError."""
    return commit(envelope(fact), salt)


def commit(text: bytes, salt: bytes) -> bytes:
    """Return the commitment to an envelope. Raises: VerificationError: salt of wrong length."""
    if len(salt) != SALT_SIZE:
        raise VerificationError(f"A salt has {SALT_SIZE} bytes, not {len(salt)}")
    inner = sha256(salt.translate(_INNER) + _INNER_REST + text).digest()
    return sha256(salt.translate(_OUTER) + _OUTER_REST + inner).digest()


def entry(commitment: bytes) -> bytes:
    """Return the log entry of a commitment; it names its own form and version."""
    if len(commitment) != HASH_SIZE:
        raise VerificationError(f"A commitment has {HASH_SIZE} bytes, not {len(commitment)}")
    return _ENTRY + commitment


def leaf_hash(fact: Fact, salt: bytes) -> bytes:
    """Return the hash of the leaf that commits to this fact."""
    return sha256(_LEAF + commit(envelope(fact), salt)).digest()


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise VerificationError(f"The instant {instant} of a fact has no time zone")
    return instant.astimezone(UTC)
