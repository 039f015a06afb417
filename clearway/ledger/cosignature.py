"""Cosigning (C2SP tlog-cosignature): a witness signs a log's checkpoint with the instant.

    — plants.example/witness <base64 of key id, u64 POSIX seconds, signature>

It says: at this instant this was the largest head of that log that I saw, and it agrees with all
that I saw before. Whether that is true is checked in `witness.py`, before this file is called.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import keys, note
from clearway.ledger.keys import Ed25519CosignatureVerifier, MlDsa44CosignatureVerifier

Kind = Literal["ed25519", "ml-dsa-44"]
SEED_SIZE = 32


class Cosigner:
    """A witness's private key."""

    __slots__ = ("_key", "_seed", "verifier")

    verifier: Ed25519CosignatureVerifier | MlDsa44CosignatureVerifier

    def __init__(self, name: str, seed: bytes, kind: Kind) -> None:
        self._seed = seed
        self._key: Ed25519PrivateKey | MLDSA44PrivateKey
        if kind == "ed25519":
            self._key = Ed25519PrivateKey.from_private_bytes(seed)
            self.verifier = Ed25519CosignatureVerifier(
                name, self._key.public_key().public_bytes_raw()
            )
        else:
            self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
            self.verifier = MlDsa44CosignatureVerifier(
                name, self._key.public_key().public_bytes_raw()
            )

    def __repr__(self) -> str:
        return f"Cosigner({self.verifier.name!r})"  # never the seed

    @classmethod
    def from_seed(cls, name: str, seed: bytes, kind: Kind = "ed25519") -> Cosigner:
        """Return the cosigner whose private key is this secret of 32 random bytes.

        A seed must serve one cosigner only: the Ed25519 kind does not sign the name.
        """
        if len(seed) != SEED_SIZE:
            raise VerificationError(f"A cosigner's seed has {SEED_SIZE} bytes, not {len(seed)}")
        if kind not in ("ed25519", "ml-dsa-44"):
            raise VerificationError(f"A cosigner is of kind ed25519 or ml-dsa-44, not {kind!r}")
        return cls(name, seed, kind)

    @classmethod
    def from_skey(cls, skey: str) -> Cosigner:
        """Read `PRIVATE+KEY+<name>+<key id in hex>+<base64 of type and seed>`.

        Raises: VerificationError: when it is not of this form; the message holds no secret.
        """
        name, key_id, type_, seed = note.split_secret(skey)
        kinds: dict[int, Kind] = {0x04: "ed25519", 0x06: "ml-dsa-44"}
        if type_ not in kinds:
            raise VerificationError(
                f"The signer key of {name!r} is of type 0x{type_:02x}; a cosigner's is 0x04 or 0x06"
            )
        cosigner = cls.from_seed(name, seed, kinds[type_])
        if key_id != cosigner.verifier.key_id:
            raise VerificationError(f"The signer key of {name!r} does not bear its own id")
        return cosigner

    @property
    def name(self) -> str:
        """The name in which it signs."""
        return self.verifier.name

    @property
    def secret_skey(self) -> str:
        """The text form, for the key file only."""
        verifier = self.verifier
        return note.SECRET + keys.key_text(
            verifier.name, verifier.key_id, verifier.signature_type, self._seed
        )

    def cosign(self, text: str, at: datetime) -> str:
        """Return the signature line for a note of this checkpoint.

        Args:
            text: of the checkpoint, with its last newline.
            at: aware; cut to whole seconds.

        Raises: VerificationError: the text is no checkpoint, the instant has no zone or lies
        before 1970; for ML-DSA-44 also extension lines, and names of over 255 bytes.
        """
        note.require_text(text)
        checkpoints.parse(text)
        timestamp = keys.timestamp_of(at)
        if isinstance(self._key, Ed25519PrivateKey):
            message = keys.ed25519_message(timestamp, text.encode())
        else:
            message = keys.ml_dsa_44_message(self.name, timestamp, text)
        signature = timestamp.to_bytes(8, "big") + self._key.sign(message)
        return note.line_of(self.verifier, signature)
