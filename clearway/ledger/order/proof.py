"""Proofs about the order that verify offline against an app hash.

    verify_use(proof, app_hash)   # this nullifier was used up, by this agency, at this place

An app hash is worth what signs it: with CometBFT the header of the next block, signed by more than
two thirds of the validators; otherwise the agency that runs the sequencer.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from clearway.errors import VerificationError
from clearway.ledger.merkle import hash_leaf
from clearway.ledger.order.model import UseRecord
from clearway.ledger.order.state import app_hash
from clearway.ledger.proofs import verify_inclusion


@dataclass(frozen=True, slots=True)
class HeadParts:
    """What the app hash after a height is made of.

    Args:
        size, root: of the transactions' tree.
        uses, uses_root: of the single-use set.
        governance: digest, 32 bytes.
    """

    height: int
    size: int
    root: bytes
    uses: int
    uses_root: bytes
    governance: bytes

    @property
    def app_hash(self) -> bytes:
        """The hash of all of it."""
        return app_hash((self.size, self.root), (self.uses, self.uses_root), self.governance)


@dataclass(frozen=True, slots=True)
class UseProof:
    """That a use is in the single-use set under a head.

    Args:
        place: of the use in the set.
        path: RFC 9162 inclusion proof, from the leaf up.
    """

    use: UseRecord
    place: int
    path: tuple[bytes, ...]
    head: HeadParts


def verify_use(proof: UseProof, trusted: bytes) -> UseRecord:
    """Return the proven use.

    Args:
        trusted: app hash from a source that the reader trusts.

    Raises: VerificationError: naming what does not hold.
    """
    head = proof.head
    if not compare_digest(head.app_hash, trusted):
        raise VerificationError(f"The head of height {head.height} does not have this app hash")
    leaf = hash_leaf(proof.use.entry())
    verify_inclusion(proof.place, head.uses, leaf, proof.path, head.uses_root)
    return proof.use
