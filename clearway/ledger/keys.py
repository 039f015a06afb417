"""Verifier keys of signed notes (C2SP signed-note, tlog-cosignature): who may sign, and how.

    0x01  Ed25519 over the note's text: a log's own signature
    0x04  Ed25519 cosignature with its instant (`cosignature/v1`)
    0x06  ML-DSA-44 cosignature with its instant (`subtree/v1`); new witnesses should use it

A key is told by its text form `<name>+<key id in hex>+<base64 of type and key>`, the "vkey". Other
types are refused: a key that cannot be judged must not look like a trusted one.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import ed25519

MAX_NAME_SIZE = 255
# An ML-DSA-44 key has 1,752 characters, its name 255 and some.
MAX_KEY_SIZE = 4096
KEY_ID_SIZE = 4
ML_DSA_44_KEY_SIZE = 1312
ML_DSA_44_SIGNATURE_SIZE = 2420

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The last second of the year 9999. The specification allows 2**63 - 1; no clock shows that.
MAX_TIMESTAMP = 253402300799
_TIMESTAMP_SIZE = 8
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class Verifier(Protocol):
    """A public key that may sign notes; `read_vkey` makes one of its text form."""

    @property
    def name(self) -> str:
        """Without spaces or plus, usually an address such as `example.com/border`."""

    @property
    def public_key(self) -> bytes:
        """The raw key."""

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name, newline, type, key)."""

    @property
    def signature_type(self) -> int:
        """The type of C2SP signed-note: 0x01, 0x04 or 0x06."""

    @property
    def vkey(self) -> str:
        """The text form, to be handed to others."""

    def verify(self, text: bytes, signature: bytes) -> datetime | None:
        """Check one signature over the text of a note.

        Args:
            signature: what follows the key id in the signature line.

        Returns: the instant of a cosignature; None where the signature states none.
        Raises: VerificationError: it does not hold, or the text is none that this type may sign.
        """


@dataclass(frozen=True, slots=True)
class _Key:
    """What all kinds of key have in common."""

    name: str
    public_key: bytes
    key_id: bytes = field(init=False)

    signature_type: ClassVar[int]

    def __post_init__(self) -> None:
        require_name(self.name)
        object.__setattr__(self, "key_id", key_id(self.name, self.signature_type, self.public_key))

    @property
    def vkey(self) -> str:
        """The text form, to be handed to others."""
        return key_text(self.name, self.key_id, self.signature_type, self.public_key)

    def refused(self, reason: str) -> VerificationError:
        return VerificationError(
            f"The signature of {self.name!r} does not hold: {reason}", name=self.name
        )


@dataclass(frozen=True, slots=True)
class Ed25519Verifier(_Key):
    """Type 0x01: Ed25519 over the text; how a log signs.

    Raises: VerificationError: name or key not in form.
    """

    signature_type: ClassVar[int] = 0x01

    def __post_init__(self) -> None:
        ed25519.require_strict_point("public key", self.public_key)
        _Key.__post_init__(self)

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check one signature over the text. Raises: VerificationError."""
        try:
            ed25519.verify(self.public_key, signature, text)
        except VerificationError as error:
            raise self.refused(error.detail) from error


@dataclass(frozen=True, slots=True)
class Ed25519CosignatureVerifier(_Key):
    """Type 0x04: a witness's Ed25519 signature over an instant and a checkpoint.

    Raises: VerificationError: name or key not in form.
    """

    signature_type: ClassVar[int] = 0x04

    def __post_init__(self) -> None:
        ed25519.require_strict_point("public key", self.public_key)
        _Key.__post_init__(self)

    def verify(self, text: bytes, signature: bytes) -> datetime:
        """Check one cosignature of a checkpoint's text. Raises: VerificationError."""
        timestamp, rest = _split_timestamp(self, signature, ed25519.SIGNATURE_SIZE)
        checkpoints.parse(_decode(text))
        try:
            ed25519.verify(self.public_key, rest, ed25519_message(timestamp, text))
        except VerificationError as error:
            raise self.refused(error.detail) from error
        return instant_of(timestamp)


@dataclass(frozen=True, slots=True)
class MlDsa44CosignatureVerifier(_Key):
    """Type 0x06: a witness's (or a log's) ML-DSA-44 signature over an instant and a tree's head.

    It holds against quantum computers and binds the cosigner's name. Extension lines are not
    signed, so a checkpoint with any is refused: nothing unsigned may pass for signed.

    Raises: VerificationError: name or key not in form.
    """

    signature_type: ClassVar[int] = 0x06

    _key: MLDSA44PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.public_key) != ML_DSA_44_KEY_SIZE:
            raise VerificationError(
                f"An ML-DSA-44 public key has {ML_DSA_44_KEY_SIZE} bytes, "
                f"not {len(self.public_key)}"
            )
        _Key.__post_init__(self)
        object.__setattr__(self, "_key", MLDSA44PublicKey.from_public_bytes(self.public_key))

    def verify(self, text: bytes, signature: bytes) -> datetime | None:
        """Check one cosignature of a checkpoint's text.

        Returns: None when it bears no instant (0): then it does not say that this tree was the
            largest seen, only that it agrees with all seen.
        Raises: VerificationError.
        """
        timestamp, rest = _split_timestamp(self, signature, ML_DSA_44_SIGNATURE_SIZE)
        message = ml_dsa_44_message(self.name, timestamp, _decode(text))
        try:
            self._key.verify(rest, message)
        except InvalidSignature as error:
            raise self.refused("The ML-DSA-44 signature does not hold") from error
        return instant_of(timestamp) if timestamp else None


_Known = Ed25519Verifier | Ed25519CosignatureVerifier | MlDsa44CosignatureVerifier
_KINDS: dict[int, type[_Known]] = {
    kind.signature_type: kind
    for kind in (Ed25519Verifier, Ed25519CosignatureVerifier, MlDsa44CosignatureVerifier)
}


def read_vkey(text: str) -> Verifier:
    """Read `<name>+<key id in hex>+<base64 of type and key>`.

    Raises: VerificationError: when it is not of this form, of an unknown type, or the id is not
    the key's.
    """
    name, given_id, type_, key = split_key(text)
    kind = _KINDS.get(type_)
    if kind is None:
        raise VerificationError(
            f"The key of {name[:80]!r} is of type 0x{type_:02x}; this program knows 0x01 "
            "(Ed25519), 0x04 (Ed25519 cosignature) and 0x06 (ML-DSA-44 cosignature)"
        )
    verifier = kind(name, key)
    if given_id != verifier.key_id:
        raise VerificationError(f"The verifier key of {name!r} does not bear its own id")
    return verifier


def is_cosigner(verifier: Verifier) -> bool:
    """Return whether this key states that it checked a log's growth (tlog-cosignature)."""
    return verifier.signature_type in (
        Ed25519CosignatureVerifier.signature_type,
        MlDsa44CosignatureVerifier.signature_type,
    )


def ed25519_message(timestamp: int, text: bytes) -> bytes:
    """Return what a cosigner of type 0x04 signs (tlog-cosignature, Ed25519 signed message)."""
    return b"cosignature/v1\ntime %d\n" % timestamp + text


def ml_dsa_44_message(name: str, timestamp: int, text: str) -> bytes:
    """Return what a cosigner of type 0x06 signs (tlog-cosignature, ML-DSA-44 signed message).

    Raises: VerificationError: the text is no checkpoint, has extension lines, or a name of over
    255 bytes.
    """
    head = checkpoints.parse(text)
    if head.extensions:
        raise VerificationError(
            "An ML-DSA-44 cosignature does not cover extension lines; this checkpoint has "
            f"{len(head.extensions)}"
        )
    return b"".join(
        (
            b"subtree/v1\n\0",
            _prefixed("name", name),
            timestamp.to_bytes(_TIMESTAMP_SIZE, "big"),
            _prefixed("origin", head.origin),
            bytes(8),
            head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def timestamp_of(at: datetime) -> int:
    """Return the POSIX seconds of an instant, the fraction cut off.

    Raises: VerificationError: without a zone, or before 1970.
    """
    if at.utcoffset() is None:
        raise VerificationError(f"The instant {at} of a cosignature has no time zone")
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    if seconds < 0:
        raise VerificationError(f"The instant {at} of a cosignature is before 1970")
    return seconds


def instant_of(timestamp: int) -> datetime:
    """Return the instant of POSIX seconds, at most `MAX_TIMESTAMP`."""
    return _EPOCH + timedelta(seconds=timestamp)


def key_id(name: str, type_: int, public_key: bytes) -> bytes:
    """Return the 4 bytes that tell a key in a signature line."""
    return sha256(name.encode() + b"\n" + bytes((type_,)) + public_key).digest()[:KEY_ID_SIZE]


def key_text(name: str, id_: bytes, type_: int, key: bytes) -> str:
    """Return `<name>+<key id in hex>+<base64 of type and key>`."""
    return f"{name}+{id_.hex()}+{to_base64(bytes((type_,)) + key)}"


def split_key(text: str) -> tuple[str, bytes, int, bytes]:
    """Return name, key id, type and key of a text form, of which nothing is checked yet.

    Raises: VerificationError: it is not of this form; the message holds no key.
    """
    if len(text) > MAX_KEY_SIZE:
        raise VerificationError(f"A key text has over {MAX_KEY_SIZE} characters")
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise VerificationError("A key text has three parts joined by plus: name, id, key")
    name, id_, encoded = parts
    require_name(name)
    if not _KEY_ID.fullmatch(id_):
        raise VerificationError(f"The key id of {name!r} is not eight digits of lower-case hex")
    value = from_base64("key", encoded)
    if len(value) < 2:
        raise VerificationError(f"The key text of {name!r} holds no key")
    return name, bytes.fromhex(id_), value[0], value[1:]


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all but the newline


def require_name(name: str) -> None:
    """Refuse what cannot be a key's name. Raises: VerificationError."""
    if not name or len(name) > MAX_NAME_SIZE or "+" in name or name.split() != [name]:
        raise VerificationError(
            f"The key name {name[:80]!r} must have 1 to {MAX_NAME_SIZE} characters, none of them "
            "a space or a plus"
        )
    require_characters("key name", name)


def require_characters(name: str, text: str) -> None:
    """Refuse control characters, and what UTF-8 cannot carry. Raises: VerificationError."""
    if _CONTROL.search(text):
        raise VerificationError(f"The {name} of a note holds a control character")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise VerificationError(f"The {name} of a note is not valid Unicode")


def to_base64(value: bytes) -> str:
    """Return the one canonical base64 text."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def from_base64(name: str, text: str) -> bytes:
    """Decode the one canonical form: padded, no stray bits, no other characters.

    Raises: VerificationError: naming what was to be decoded.
    """
    try:
        value = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VerificationError(f"The {name} is not base64") from error
    if to_base64(value) != text:
        raise VerificationError(f"The {name} is not in the canonical form of base64")
    return value


def _split_timestamp(key: _Key, signature: bytes, size: int) -> tuple[int, bytes]:
    """Return the POSIX seconds and the bare signature of a `timestamped_signature`."""
    if len(signature) != _TIMESTAMP_SIZE + size:
        raise key.refused(
            f"a cosignature of this type has {_TIMESTAMP_SIZE + size} bytes, not {len(signature)}"
        )
    timestamp = int.from_bytes(signature[:_TIMESTAMP_SIZE], "big")
    if timestamp > MAX_TIMESTAMP:
        raise key.refused(f"its time {timestamp} is after the year 9999")
    return timestamp, signature[_TIMESTAMP_SIZE:]


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise VerificationError("The text of a note is not valid Unicode") from error


def _prefixed(name: str, text: str) -> bytes:
    value = text.encode()
    if not 0 < len(value) <= 255:
        raise VerificationError(
            f"The {name} {text[:40]!r} of an ML-DSA-44 cosignature must have 1 to 255 bytes, "
            f"not {len(value)}"
        )
    return len(value).to_bytes(1, "big") + value
