"""The node's other keys, each in a file of its own (mode 0600), made when they are first needed.

witness.key          cosigns checkpoints of partners' logs (Ed25519)
witness-ml-dsa.key   the same by ML-DSA-44, if the setting `witness_post_quantum` asks for it
hpke.key             opens what partners encrypt for us: base64 of a seed of 32 bytes
order.key            signs what is ordered in the node's own order: base64 of a seed of 32 bytes
tls.key, tls.crt     mutual TLS with partners: Ed25519, signed by itself; partners pin it
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clearway.connectors.peer import tls
from clearway.errors import BadTerm, StorageFailure
from clearway.ledger.cosignature import Cosigner, Kind
from clearway.ledger.sealed import RecipientKey
from clearway.node.clock import Entropy
from clearway.node.files import Folder, write_durably

_SEED_SIZE = 32
_SERIAL_SIZE = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """What the node signs and opens with, besides its log's key.

    Args:
        cosigners: of its witness; all sign.
        hpke_seeds: 32 bytes each, secret; the present one first, then one that still opens.
        tls_fingerprint: SHA-256 of the certificate that our card bears, hex.
        order_seed: 32 bytes, secret.
    """

    cosigners: tuple[Cosigner, ...]
    hpke_seeds: tuple[bytes, ...]
    tls_fingerprint: str
    order_seed: bytes

    def __repr__(self) -> str:
        return f"Keys({self.cosigners!r})"  # never the seed

    @property
    def recipients(self) -> tuple[RecipientKey, ...]:
        """Open what partners seal for us, the present one first: ML-KEM-768 with X25519."""
        return tuple(map(RecipientKey.from_seed, self.hpke_seeds))

    @property
    def hpke_key(self) -> str:
        """The public key, as a card bears it."""
        return self.recipients[0].public.text

    @property
    def witness_vkeys(self) -> tuple[str, ...]:
        """Verifier keys of the witness."""
        return tuple(each.verifier.vkey for each in self.cosigners)

    @property
    def public(self) -> tuple[str, ...]:
        """All public keys, as cards bear them."""
        return (*self.witness_vkeys, self.hpke_key, self.tls_fingerprint)


def open_keys(
    folder: Folder, origin: str, entropy: Entropy, now: datetime, *, post_quantum: bool
) -> Keys:
    """Return the node's keys; make those that are not there yet.

    Args:
        origin: of the node's log; its witness is `<origin>/witness`.
        now: when a TLS certificate that must be made begins to hold, aware UTC.

    Raises: StorageFailure: a file cannot be read or written, or holds no key.
    """
    name = f"{origin}/witness"
    try:
        cosigners = [_cosigner(folder.witness_key, name, "ed25519", entropy)]
        if (old := folder.old(folder.witness_key)).exists():
            former = _cosigner(old, name, "ed25519", entropy)
            # The same after a crash in the middle of a rotation.
            cosigners += [former] if former.verifier != cosigners[0].verifier else []
        if post_quantum or folder.witness_ml_dsa_key.exists():
            cosigners.append(_cosigner(folder.witness_ml_dsa_key, name, "ml-dsa-44", entropy))
        seeds = [_seed(folder.hpke_key, entropy)]
        if (old := folder.old(folder.hpke_key)).exists():
            seeds.append(_seed(old, entropy))
        fingerprint = _tls_fingerprint(folder, origin, entropy, now)
        order = _seed(folder.order_key, entropy)
        return Keys(tuple(cosigners), tuple(seeds), fingerprint, order)
    except OSError as error:
        raise StorageFailure(f"A key file cannot be read: {error}") from error


def _cosigner(path: Path, name: str, kind: Kind, entropy: Entropy) -> Cosigner:
    text = _kept(path, lambda: Cosigner.from_seed(name, entropy(_SEED_SIZE), kind).secret_skey)
    return Cosigner.from_skey(text)


def _seed(path: Path, entropy: Entropy) -> bytes:
    text = _kept(path, lambda: base64.b64encode(entropy(_SEED_SIZE)).decode("ascii"))
    try:
        seed = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise StorageFailure(f"{path} holds no base64; restore it from a backup") from error
    if len(seed) != _SEED_SIZE:
        raise StorageFailure(f"{path} holds no seed of 32 bytes; restore it from a backup")
    return seed


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_durably(path, (make() + "\n").encode(), mode=0o600)
    return path.read_text(encoding="ascii").strip()


def _tls_fingerprint(folder: Folder, origin: str, entropy: Entropy, now: datetime) -> str:
    if not folder.tls_key.exists() or not folder.tls_certificate.exists():
        seed = entropy(_SEED_SIZE)
        serial = int.from_bytes(entropy(_SERIAL_SIZE), "big") | 1
        made = tls.self_signed(origin, seed, serial, now)
        write_durably(folder.tls_certificate, made.encode())
        write_durably(folder.tls_key, tls.private_pem(seed).encode(), mode=0o600)
    later = folder.next_tls_certificate
    shown = later if later.exists() else folder.tls_certificate
    try:
        return tls.fingerprint_of(shown.read_text(encoding="ascii"))
    except (BadTerm, UnicodeDecodeError) as error:
        raise StorageFailure(f"{shown} holds no certificate") from error
