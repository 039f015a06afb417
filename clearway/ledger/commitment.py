"""What the log commits to: a fact's envelope, hidden behind a salt.

The envelope is the JSON text of the fact with its body exactly as stored. There are two forms of
commitment; the envelope names which one is meant, the leaf entry holds nothing but its 32 bytes.

    1  clearway-envelope/1   HMAC-SHA256(salt, envelope): all of it, or nothing
    2  clearway-envelope/2   by field, each behind a salt of its own (`fields.py`)

Without the 32-byte salt nobody can guess a body from either, and to destroy the salt is to erase
what the log says about it, while the log still proves. Both forms may share one kind of entry: no
text that is hashed for one has the length of a text that is hashed for the other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from clearway.errors import VerificationError
from clearway.ledger import fields
from clearway.ledger.fact import BY_FIELD, WHOLE, Fact
from clearway.ledger.fields import Fields
from clearway.ledger.merkle import HASH_SIZE

ENVELOPE = "clearway-envelope/1"
ENVELOPE_BY_FIELD = "clearway-envelope/2"
SALT_SIZE = fields.SALT_SIZE
_ENTRY = b"clearway-leaf/1\n"
_LEAF = b"\x00" + _ENTRY  # RFC 9162, 2.1.1: what is hashed for a leaf begins with a zero byte

# HMAC (RFC 2104, 2) of a key of 32 bytes: the key, filled up to a block of 64 bytes, is XORed with
# 0x36 or 0x5c. Two plain hashes take two thirds of the time of OpenSSL's HMAC with a new key each.
_INNER, _INNER_REST = bytes(byte ^ 0x36 for byte in range(256)), b"\x36" * 32
_OUTER, _OUTER_REST = bytes(byte ^ 0x5C for byte in range(256)), b"\x5c" * 32
_NAMES = {WHOLE: ENVELOPE, BY_FIELD: ENVELOPE_BY_FIELD}
_FORMS = {name: form for form, name in _NAMES.items()}


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

    Raises: VerificationError: an instant without a zone, a body that is not UTF-8 text, or a form
    that there is not.
    """
    name = _NAMES.get(fact.form)
    if name is None:
        raise VerificationError(f"A fact is committed to in form 1 or 2, not {fact.form!r}")
    try:
        return _encode(
            Envelope(
                name,
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
        read = _decoder.decode(text)
        fact = Fact(
            seq,
            read.type,
            read.subject,
            read.issuer,
            read.actor,
            _utc(read.occurred_at),
            _utc(read.recorded_at),
            read.body.encode(),
            _FORMS.get(read.envelope, 0),
        )
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise VerificationError("The envelope of a fact cannot be read") from error
    if not fact.form or envelope(fact) != text:
        raise VerificationError(
            f"The envelope is not in the one form of {ENVELOPE} or {ENVELOPE_BY_FIELD}"
        )
    return fact


def fields_of(fact: Fact) -> Fields:
    """Return the fields of a fact: header first, then its body's, each with its exact text.

    Raises: VerificationError: its body cannot be cut into fields.
    """
    try:
        names, values = fields.split(fact.body)
        header = (
            fact.type,
            fact.subject,
            fact.issuer,
            fact.actor,
            _utc(fact.occurred_at),
            _utc(fact.recorded_at),
        )
        return Fields((*fields.HEADER, *names), (*map(_encode, header), *values))
    except UnicodeError as error:
        raise VerificationError("A fact holds text that is not valid Unicode") from error


def commitment(fact: Fact, salt: bytes) -> bytes:
    """Return the commitment to a fact, 32 bytes, in the form that the fact names.

    Raises: VerificationError: salt of wrong length, or the fact has no envelope.
    """
    if fact.form != BY_FIELD:
        return _commit_whole(envelope(fact), salt)
    cut = fields_of(fact)
    return fields.together(cut.names, fields.commit_fields(cut.values, salt))


def commit(text: bytes, salt: bytes) -> bytes:
    """Return the commitment to an envelope, in the form that it names.

    Raises: VerificationError: salt of wrong length; text that `envelope` does not write.
    """
    if text.startswith(_BY_FIELD):
        return commitment(read_envelope(text, 0), salt)
    return _commit_whole(text, salt)


def entry(commitment: bytes) -> bytes:
    """Return the log entry of a commitment; it names its own form and version."""
    if len(commitment) != HASH_SIZE:
        raise VerificationError(f"A commitment has {HASH_SIZE} bytes, not {len(commitment)}")
    return _ENTRY + commitment


def leaf_hash(fact: Fact, salt: bytes) -> bytes:
    """Return the hash of the leaf that commits to this fact."""
    return sha256(_LEAF + commitment(fact, salt)).digest()


def _commit_whole(text: bytes, salt: bytes) -> bytes:
    if len(salt) != SALT_SIZE:
        raise VerificationError(f"A salt has {SALT_SIZE} bytes, not {len(salt)}")
    inner = sha256(salt.translate(_INNER) + _INNER_REST + text).digest()
    return sha256(salt.translate(_OUTER) + _OUTER_REST + inner).digest()


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise VerificationError(f"The instant {instant} of a fact has no time zone")
    return instant.astimezone(UTC)


_BY_FIELD = b'{"envelope":"' + ENVELOPE_BY_FIELD.encode()
