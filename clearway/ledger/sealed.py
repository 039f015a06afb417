r"""Content sealed for some agencies and readable by nobody else.

    "clearway-sealed/1\n"
    how many recipients: 1 byte
    each: length of name, name (UTF-8), key id (8 bytes), length of what follows (2 bytes), wrapped
    nonce (12 bytes), AES-256-GCM of the content

The content is encrypted once, under a content key drawn for it alone; that key is wrapped for each
recipient with HPKE (RFC 9180, base mode): X25519, or ML-KEM-768 with X25519 for what must be secret
when quantum computers come; with HKDF-SHA256 and AES-256-GCM. Both are bound to `aad`, which the
caller makes of where the content belongs (`binding`), and to the list of recipients: a sealed
message cannot be moved to another fact, nor a recipient dropped or added, unseen.

HPKE's base mode proves no sender. Who sent it is what the log's signature says about the fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from clearway.errors import MalformedMessage, NotFound, TooLarge, VerificationError

FORM = b"clearway-sealed/1\n"
X25519 = "x25519"
HYBRID = "ml-kem-768-x25519"
KINDS = (X25519, HYBRID)
MAX_RECIPIENTS = 64
MAX_CONTENT = 32 * 1024 * 1024
KEY_ID_SIZE = 8

_KEM_SEED_SIZE, _ML_KEM_PUBLIC_SIZE = 64, 1184
_SUITES = {
    kind: Suite(kem, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    for kind, kem in ((X25519, KEM.X25519), (HYBRID, KEM.MLKEM768_X25519))
}
_KEY_SIZE, _NONCE_SIZE = 32, 12


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What is sealed to.

    Args:
        kind: `x25519` or `ml-kem-768-x25519`.
        octets: 32 bytes of X25519, after 1,184 of ML-KEM-768 in the hybrid.
    """

    kind: str
    octets: bytes

    @property
    def key_id(self) -> bytes:
        """First 8 bytes of SHA-256(kind, newline, octets)."""
        return hashlib.sha256(f"{self.kind}\n".encode() + self.octets).digest()[:KEY_ID_SIZE]

    @property
    def text(self) -> str:
        """`<kind>:<octets in hexadecimal>`: what an agency publishes."""
        return f"{self.kind}:{self.octets.hex()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read `text`. Raises: MalformedMessage: it is no such key."""
        kind, _, digits = text.strip().partition(":")
        size = {X25519: 32, HYBRID: _ML_KEM_PUBLIC_SIZE + 32}.get(kind)
        try:
            octets = bytes.fromhex(digits)
        except ValueError:
            octets = b""
        if len(octets) != size or octets.hex() != digits:
            raise MalformedMessage(
                f"{text[:40]!r} is no key to seal to: <{' or '.join(KINDS)}>:<hexadecimal>"
            )
        return cls(kind, octets)

    def loaded(self) -> X25519PublicKey | MLKEM768X25519PublicKey:
        """Return the key as the library takes it."""
        curve = X25519PublicKey.from_public_bytes(self.octets[-32:])
        if self.kind == X25519:
            return curve
        lattice = MLKEM768PublicKey.from_public_bytes(self.octets[:-32])
        return MLKEM768X25519PublicKey(lattice, curve)


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """A private key that opens what was sealed for its owner; keep its text in a file of mode 0600.

    Args:
        kind: `x25519` or `ml-kem-768-x25519`.
        seed: 32 secret bytes, from which all else follows; never shown.
    """

    kind: str
    seed: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes, kind: str = HYBRID) -> RecipientKey:
        """Return the key of 32 secret random bytes. Raises: MalformedMessage."""
        if len(seed) != 32 or kind not in KINDS:
            raise MalformedMessage(f"A key needs 32 bytes and a kind of {', '.join(KINDS)}")
        return cls(kind, seed)

    @property
    def secret_text(self) -> str:
        """`CLEARWAY-RECIPIENT-KEY:<kind>:<seed in hexadecimal>`: for a file of mode 0600 only."""
        return f"CLEARWAY-RECIPIENT-KEY:{self.kind}:{self.seed.hex()}\n"

    @classmethod
    def from_secret_text(cls, text: str) -> RecipientKey:
        """Read `secret_text`. Raises: MalformedMessage; the text is not repeated."""
        head, _, digits = text.strip().rpartition(":")
        mark, _, kind = head.partition(":")
        try:
            seed = bytes.fromhex(digits)
        except ValueError:
            seed = b""
        if mark != "CLEARWAY-RECIPIENT-KEY":
            raise MalformedMessage("This file holds no recipient key")
        return cls.from_seed(seed, kind)

    @property
    def public(self) -> PublicKey:
        """What others seal to."""
        octets = self._curve().public_key().public_bytes_raw()
        if self.kind == HYBRID:
            octets = self._lattice().public_key().public_bytes_raw() + octets
        return PublicKey(self.kind, octets)

    def loaded(self) -> X25519PrivateKey | MLKEM768X25519PrivateKey:
        """Return the key as the library takes it."""
        if self.kind == X25519:
            return self._curve()
        return MLKEM768X25519PrivateKey(self._lattice(), self._curve())

    def _curve(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._drawn()[:32])

    def _lattice(self) -> MLKEM768PrivateKey:
        return MLKEM768PrivateKey.from_seed_bytes(self._drawn()[32:])

    def _drawn(self) -> bytes:
        label = b"clearway-recipient-key/1\n" + self.kind.encode() + b"\n"
        return hashlib.shake_256(label + self.seed).digest(32 + _KEM_SEED_SIZE)


def binding(origin: str, seq: int, leaf_hash: bytes) -> bytes:
    """Return the `aad` of content that belongs to one fact of one log."""
    return f"clearway-sealed-aad/1\n{origin}\n{seq}\n".encode() + leaf_hash


def seal(
    content: bytes,
    recipients: Mapping[str, PublicKey],
    aad: bytes,
    *,
    entropy: Callable[[int], bytes],
) -> bytes:
    """Return `content` sealed for these recipients, by name.

    Args:
        aad: see `binding`; whoever opens must state the same.
        entropy: gives n secret random bytes; drawn anew for each content.

    Raises: TooLarge: content over 32 MB, or over 64 recipients. MalformedMessage: no recipient, or
    a name that is empty or over 255 bytes.
    """
    if len(content) > MAX_CONTENT or len(recipients) > MAX_RECIPIENTS:
        raise TooLarge(f"At most {MAX_CONTENT} bytes are sealed, for at most {MAX_RECIPIENTS}")
    names = {name: name.encode() for name in sorted(recipients)}
    if not names or not all(0 < len(octets) < 256 for octets in names.values()):
        raise MalformedMessage("Content is sealed for at least one recipient, with a name")
    drawn = entropy(_KEY_SIZE + _NONCE_SIZE)
    key, nonce = drawn[:_KEY_SIZE], drawn[_KEY_SIZE:]
    head = [FORM, bytes([len(names)])]
    listed = _listed([(octets, recipients[name].key_id) for name, octets in names.items()])
    for name, octets in names.items():
        public = recipients[name]
        wrapped = _SUITES[public.kind].encrypt(key, public.loaded(), _info(aad, listed, octets))
        size = len(wrapped).to_bytes(2, "big")
        head += [bytes([len(octets)]), octets, public.key_id, size, wrapped]
    start = b"".join(head)
    return start + nonce + AESGCM(key).encrypt(nonce, content, _bound(aad, start))


def open_sealed(sealed: bytes, name: str, private: RecipientKey, aad: bytes) -> bytes:
    """Return the content.

    Raises: MalformedMessage, TooLarge: not of the form above. NotFound: it is not sealed for this
    name and key. VerificationError: a byte, the recipients or the `aad` are others than sealed.
    """
    start, nonce, hidden, wrapped = _read(sealed)
    mine = wrapped.get(name.encode())
    if mine is None or mine[0] != private.public.key_id:
        raise NotFound(f"This is not sealed for {name!r} with this key")
    listed = _listed([(octets, key_id) for octets, (key_id, _) in wrapped.items()])
    try:
        info = _info(aad, listed, name.encode())
        key = _SUITES[private.kind].decrypt(mine[1], private.loaded(), info)
        return AESGCM(key).decrypt(nonce, hidden, _bound(aad, start))
    except (InvalidTag, ValueError) as error:
        raise VerificationError(
            "The sealed content was changed, or belongs to another fact than the one stated"
        ) from error


def _read(sealed: bytes) -> tuple[bytes, bytes, bytes, dict[bytes, tuple[bytes, bytes]]]:
    """Return head, nonce, ciphertext and what is wrapped for each name; nothing is verified."""
    if len(sealed) > MAX_CONTENT + MAX_RECIPIENTS * 2_048:
        raise TooLarge(f"Sealed content has at most {MAX_CONTENT} bytes")
    if not sealed.startswith(FORM) or len(sealed) <= len(FORM):
        raise MalformedMessage("This is not sealed content of the form clearway-sealed/1")
    at, found = len(FORM) + 1, dict[bytes, tuple[bytes, bytes]]()
    for _ in range(sealed[len(FORM)]):
        octets, at = _take(sealed, at, 1)
        key_id, at = _cut(sealed, at, KEY_ID_SIZE)
        wrapped, at = _take(sealed, at, 2)
        if found and octets <= next(reversed(found)):
            raise MalformedMessage("The recipients are not in order, or one is named twice")
        found[octets] = (key_id, wrapped)
    nonce, end = _cut(sealed, at, _NONCE_SIZE)
    if not 0 < len(found) <= MAX_RECIPIENTS:
        raise MalformedMessage(f"Content is sealed for 1 to {MAX_RECIPIENTS} recipients")
    return sealed[:at], nonce, sealed[end:], found


def _take(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    """Return what follows a length of `width` bytes, and the place behind it."""
    length, at = _cut(data, at, width)
    return _cut(data, at, int.from_bytes(length, "big"))


def _cut(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise MalformedMessage("The sealed content is cut off")
    return data[at : at + size], at + size


def _listed(recipients: list[tuple[bytes, bytes]]) -> bytes:
    return hashlib.sha256(
        b"".join(bytes([len(name)]) + name + key_id for name, key_id in recipients)
    ).digest()


def _info(aad: bytes, listed: bytes, name: bytes) -> bytes:
    """Return what a wrapped key is bound to."""
    return b"clearway-sealed-key/1\n" + hashlib.sha256(aad).digest() + listed + name


def _bound(aad: bytes, start: bytes) -> bytes:
    """Return what the content is bound to: its place, and every byte before it."""
    return b"clearway-sealed-content/1\n" + hashlib.sha256(aad).digest() + start
