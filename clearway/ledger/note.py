"""Signed notes (C2SP signed-note): text, a blank line, and one line for each signature.

    example.com/border
    3
    <root>

    — example.com/border <base64 of key id and signature>

Rules kept: UTF-8 without control characters; unknown signatures are ignored; a bad signature of a
known key refuses the whole note; no known signature refuses it too. Ed25519 (type 0x01) only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearway.errors import VerificationError
from clearway.ledger import ed25519

# The specification wants 16 signatures of up to 5 kB taken; more is an attack on our time.
MAX_SIGNATURES = 64
MAX_NOTE_SIZE = 512 * 1024
MAX_NAME_SIZE = 255
MAX_KEY_SIZE = 1024

_ED25519 = b"\x01"
_DASH = "\u2014 "
_SECRET = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """What was signed, and by which of the known keys.

    Args:
        text: with its last newline; only this may be read.
        names: of the known keys that signed, in the order of their lines.
    """

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that may sign notes.

    Args:
        name: without spaces or plus, usually an address such as `example.com/border`.
        public_key: 32 bytes, strict Ed25519.
        key_id: first 4 bytes of SHA-256(name, newline, type, key).
    """

    name: str
    public_key: bytes
    key_id: bytes

    @classmethod
    def of(cls, name: str, public_key: bytes) -> Verifier:
        """Return the verifier of a raw key. Raises: VerificationError: name or key not in form."""
        _require_name(name)
        ed25519.require_strict_point("public key", public_key)
        return cls(name, public_key, _key_id(name, public_key))

    @classmethod
    def from_vkey(cls, vkey: str) -> Verifier:
        """Read `<name>+<key id in hex>+<base64 of type and key>`.

        Raises: VerificationError: when it is not of this form, or the id is not the key's.
        """
        name, key_id, key = _split_key(vkey)
        verifier = cls.of(name, key)
        if key_id != verifier.key_id.hex():
            raise VerificationError(f"The verifier key of {name!r} does not bear its own id")
        return verifier

    @property
    def vkey(self) -> str:
        """The text form, to be handed to others."""
        return f"{self.name}+{self.key_id.hex()}+{_to_base64(_ED25519 + self.public_key)}"

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check one signature over the text. Raises: VerificationError."""
        try:
            ed25519.verify(self.public_key, signature, text)
        except VerificationError as error:
            raise VerificationError(
                f"The signature of {self.name!r} does not hold: {error.detail}", name=self.name
            ) from error


class Signer:
    """A private key that signs notes in a name."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.verifier = Verifier.of(name, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"  # never the seed

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Signer:
        """Return the signer whose private key is this secret of 32 random bytes."""
        if len(seed) != ed25519.PUBLIC_KEY_SIZE:
            raise VerificationError(f"An Ed25519 seed has 32 bytes, not {len(seed)}")
        return cls(name, seed)

    @classmethod
    def from_skey(cls, skey: str) -> Signer:
        """Read `PRIVATE+KEY+<name>+<key id in hex>+<base64 of type and seed>`.

        Raises: VerificationError: when it is not of this form; the message holds no secret.
        """
        if not skey.startswith(_SECRET):
            raise VerificationError("A signer key begins with PRIVATE+KEY+")
        name, key_id, seed = _split_key(skey.removeprefix(_SECRET))
        signer = cls.from_seed(name, seed)
        if key_id != signer.verifier.key_id.hex():
            raise VerificationError(f"The signer key of {name!r} does not bear its own id")
        return signer

    @property
    def name(self) -> str:
        """The name in which it signs."""
        return self.verifier.name

    @property
    def secret_skey(self) -> str:
        """The text form, for the key file only."""
        key_id = self.verifier.key_id.hex()
        return f"{_SECRET}{self.name}+{key_id}+{_to_base64(_ED25519 + self._seed)}"

    def sign(self, text: str) -> str:
        """Return the note of this text. Raises: VerificationError: the text is not in form."""
        return f"{text}\n{self.signature_line(text)}"

    def signature_line(self, text: str) -> str:
        """Return one more signature line for a note of this text."""
        _require_text(text)
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{_DASH}{self.name} {_to_base64(signature)}\n"


def open_note(note: str, verifiers: Iterable[Verifier]) -> OpenedNote:
    """Return what was signed.

    Raises: VerificationError: the note is not in form, no known key signed it, or a known key's
    signature does not hold.
    """
    text, signatures = split_note(note)
    known = _by_identity(verifiers)
    signed = text.encode()
    names: dict[str, None] = {}
    for name, key_id, signature in signatures:
        verifier = known.get((name, key_id))
        if verifier is not None:
            verifier.verify(signed, signature)
            names[name] = None
    if not names:
        signers = ", ".join(sorted({repr(name) for name, _, _ in signatures})[:4])
        raise VerificationError(f"No known key signed this note; it bears signatures of {signers}")
    return OpenedNote(text, tuple(names))


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the UNVERIFIED text and the signatures as (name, key id, signature).

    Raises: VerificationError: the note is not in form.
    """
    _require_size(note)
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail:
        raise VerificationError("The note has no blank line followed by signatures")
    text = head + "\n"
    _require_text(text)
    if not tail.endswith("\n"):
        raise VerificationError("The note's last signature line has no newline")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(f"The note has over {MAX_SIGNATURES} signatures")
    return text, [_read_signature(line) for line in lines]


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise VerificationError("A signature line is not of the form: dash, name, signature")
    _require_name(name)
    value = _from_base64("signature", encoded)
    if len(value) < 5:
        raise VerificationError("A signature line holds no signature after the key id")
    return name, value[:4], value[4:]


def _by_identity(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        other = known.setdefault((verifier.name, verifier.key_id), verifier)
        if other.public_key != verifier.public_key:
            raise VerificationError(f"Two known keys share the name and id of {verifier.name!r}")
    return known


def _split_key(text: str) -> tuple[str, str, bytes]:
    if len(text) > MAX_KEY_SIZE:
        raise VerificationError(f"A key text has over {MAX_KEY_SIZE} characters")
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise VerificationError("A key text has three parts joined by plus: name, id, key")
    name, key_id, encoded = parts
    value = _from_base64("key", encoded)
    if value[:1] != _ED25519:
        raise VerificationError(f"The key of {name[:80]!r} is not of type 0x01, Ed25519")
    return name, key_id, value[1:]


def _key_id(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def _require_name(name: str) -> None:
    if not name or len(name) > MAX_NAME_SIZE or "+" in name or any(c.isspace() for c in name):
        raise VerificationError(
            f"The key name {name[:80]!r} must have 1 to {MAX_NAME_SIZE} characters, none of them "
            "a space or a plus"
        )
    _require_characters("key name", name)


def _require_size(note: str) -> None:
    if len(note) > MAX_NOTE_SIZE:
        raise VerificationError(f"The note has over {MAX_NOTE_SIZE} characters")


def _require_text(text: str) -> None:
    _require_size(text)
    if not text.endswith("\n"):
        raise VerificationError("The text of a note must end with a newline")
    _require_characters("text", text)


def _require_characters(name: str, text: str) -> None:
    """Refuse control characters, and what UTF-8 cannot carry."""
    if any(c < " " and c != "\n" for c in text):
        raise VerificationError(f"The {name} of a note holds a control character")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise VerificationError(f"The {name} of a note is not valid Unicode")


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _from_base64(name: str, text: str) -> bytes:
    """Decode the one canonical form: padded, no stray bits, no other characters."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VerificationError(f"The {name} is not base64") from error
    if _to_base64(value) != text:
        raise VerificationError(f"The {name} is not in the canonical form of base64")
    return value
