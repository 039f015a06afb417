"""Signed notes (C2SP signed-note): text, a blank line, and one line for each signature.

    example.com/border
    3
    <root>

    — example.com/border <base64 of key id and signature>
    — plants.example/witness <base64 of key id, instant and cosignature>

Rules kept: UTF-8 without control characters; unknown signatures are ignored; a bad signature of a
known key refuses the whole note; no known signature refuses it too. Keys: see `keys.py`; a former
key's signature beyond its limit is ignored like an unknown one (`former.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearway.errors import VerificationError
from clearway.ledger import ed25519
from clearway.ledger.former import Former
from clearway.ledger.keys import (
    KEY_ID_SIZE,
    Ed25519Verifier,
    from_base64,
    key_text,
    require_characters,
    require_name,
    split_key,
    to_base64,
)
from clearway.ledger.keys import Verifier as Verifier
from clearway.ledger.keys import read_vkey as read_vkey

# The specification wants 16 signatures of up to 5 kB taken; more is an attack on our time.
MAX_SIGNATURES = 64
MAX_NOTE_SIZE = 512 * 1024

_DASH = "\u2014 "
SECRET = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature of a known key that holds.

    Args:
        name: of the key.
        key_id: 4 bytes.
        at: instant of a cosignature; None where the signature states none.
    """

    name: str
    key_id: bytes
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """What was signed, and by which of the known keys.

    Args:
        text: with its last newline; only this may be read.
        names: of the known keys that signed, in the order of their lines, each once.
        signatures: of the known keys, in the order of their lines.
    """

    text: str
    names: tuple[str, ...]
    signatures: tuple[Signed, ...]


class Signer:
    """A private key that signs notes in a name: type 0x01, how a log signs."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.verifier = Ed25519Verifier(name, self._key.public_key().public_bytes_raw())

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
        name, key_id, type_, seed = split_secret(skey)
        if type_ != Ed25519Verifier.signature_type:
            raise VerificationError(f"The signer key of {name!r} is not of type 0x01, Ed25519")
        signer = cls.from_seed(name, seed)
        if key_id != signer.verifier.key_id:
            raise VerificationError(f"The signer key of {name!r} does not bear its own id")
        return signer

    @property
    def name(self) -> str:
        """The name in which it signs."""
        return self.verifier.name

    @property
    def secret_skey(self) -> str:
        """The text form, for the key file only."""
        type_ = self.verifier.signature_type
        return SECRET + key_text(self.name, self.verifier.key_id, type_, self._seed)

    def sign(self, text: str) -> str:
        """Return the note of this text. Raises: VerificationError: the text is not in form."""
        return f"{text}\n{self.signature_line(text)}"

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the bare signature of bytes that no note can be: not valid UTF-8.

        Raises: VerificationError: they could be the text of a note; that goes through `sign`.
        """
        try:
            message.decode()
        except UnicodeDecodeError:
            return self._key.sign(message)
        raise VerificationError("A signer of notes signs no other text")

    def signature_line(self, text: str) -> str:
        """Return one more signature line for a note of this text."""
        require_text(text)
        return line_of(self.verifier, self._key.sign(text.encode()))


def open_note(note: str, verifiers: Iterable[Verifier]) -> OpenedNote:
    """Return what was signed.

    Raises: VerificationError: the note is not in form, no known key signed it, or a known key's
    signature does not hold.
    """
    text, signatures = split_note(note)
    known = _by_identity(verifiers)
    encoded = text.encode()
    signed: dict[tuple[str, bytes], Signed] = {}
    for name, key_id, signature in signatures:
        verifier = known.get((name, key_id))
        if verifier is not None:
            at = verifier.verify(encoded, signature)
            if not isinstance(verifier, Former) or verifier.covers(text, at):
                signed.setdefault((name, key_id), Signed(name, key_id, at))
    if not signed:
        signers = ", ".join(sorted({repr(name) for name, _, _ in signatures})[:4])
        raise VerificationError(f"No known key signed this note; it bears signatures of {signers}")
    names = dict.fromkeys(name for name, _ in signed)
    return OpenedNote(text, tuple(names), tuple(signed.values()))


def add_lines(note: str, lines: Iterable[str]) -> str:
    """Return the note with more signature lines, each at most once; nothing is verified.

    Args:
        lines: each with its last newline, as `Cosigner.cosign` returns them.

    Raises: VerificationError: note or line not in form, or more signatures than a note may have.
    """
    text, _ = split_note(note)
    signatures = note[len(text) + 1 :].splitlines(keepends=True)
    added = dict.fromkeys(signatures)
    for line in lines:
        if not line.endswith("\n"):
            raise VerificationError("A signature line has no newline at its end")
        _read_signature(line[:-1])
        added[line] = None
    result = f"{text}\n{''.join(added)}"
    split_note(result)
    return result


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the UNVERIFIED text and the signatures as (name, key id, signature).

    Raises: VerificationError: the note is not in form.
    """
    _require_size(note)
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail:
        raise VerificationError("The note has no blank line followed by signatures")
    text = head + "\n"
    require_text(text)
    if not tail.endswith("\n"):
        raise VerificationError("The note's last signature line has no newline")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(f"The note has over {MAX_SIGNATURES} signatures")
    return text, [_read_signature(line) for line in lines]


def line_of(verifier: Verifier, signature: bytes) -> str:
    """Return the signature line of a key, with its newline."""
    return f"{_DASH}{verifier.name} {to_base64(verifier.key_id + signature)}\n"


def split_secret(skey: str) -> tuple[str, bytes, int, bytes]:
    """Return name, key id, type and seed of a key file's text.

    Raises: VerificationError: it is not of this form; the message holds no secret.
    """
    if not skey.startswith(SECRET):
        raise VerificationError("A signer key begins with PRIVATE+KEY+")
    return split_key(skey.removeprefix(SECRET))


def require_text(text: str) -> None:
    """Refuse what cannot be the text of a note. Raises: VerificationError."""
    _require_size(text)
    if not text.endswith("\n"):
        raise VerificationError("The text of a note must end with a newline")
    require_characters("text", text)


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise VerificationError("A signature line is not of the form: dash, name, signature")
    require_name(name)
    value = from_base64("signature", encoded)
    if len(value) <= KEY_ID_SIZE:
        raise VerificationError("A signature line holds no signature after the key id")
    return name, value[:KEY_ID_SIZE], value[KEY_ID_SIZE:]


def _by_identity(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        other = known.setdefault((verifier.name, verifier.key_id), verifier)
        if other.public_key != verifier.public_key:
            raise VerificationError(f"Two known keys share the name and id of {verifier.name!r}")
    return known


def _require_size(note: str) -> None:
    if len(note) > MAX_NOTE_SIZE:
        raise VerificationError(f"The note has over {MAX_NOTE_SIZE} characters")
