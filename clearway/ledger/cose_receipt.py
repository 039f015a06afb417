"""COSE Receipts (RFC 9942): of any log (`verify_inclusion`), and our receipts in that form.

    18([
      <<{1: -8, 4: kid, 15: {1: "customs.example/border"}, 395: 1}>>,
      {396: {-1: [<<[13, 12, [h'...', ...]]>>]},
       "clearway-fact": "{...}", "clearway-salt": h'...', "clearway-checkpoint": "customs..."},
      null,
      h'<signature over the root>'
    ])

A reader of RFC 9942 needs only the first part of the unprotected header, the leaf entry
(`clearway-leaf/1`, newline, commitment) and the log's key. The rest makes the same receipt of it:
what the signature says is in the note as well (`cose_line.py`), so nothing is lost on either way.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import cbor2

from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger import cbor, cose, cose_line, proofs
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.merkle import HASH_SIZE, hash_leaf
from clearway.ledger.note import split_note
from clearway.ledger.receipt import MAX_PATH, Receipt

# Of RFC 9942: headers, kinds of proof, and verifiable data structures.
VDS, VDP = 395, 396
INCLUSION = -1
RFC9162_SHA256 = 1
CCF_LEDGER_SHA256 = 2
MAX_PROOFS = 16

_FACT, _SALT, _CHECKPOINT = "clearway-fact", "clearway-salt", "clearway-checkpoint"


@dataclass(frozen=True, slots=True)
class Included:
    """What a COSE Receipt proves of an entry.

    Args:
        root: that the log signed.
        size, index: of the tree and the leaf, as the proof says; the signature covers the root
            only. None in structures that do not tell them.
    """

    root: bytes
    size: int | None
    index: int | None


def verify_inclusion(
    data: bytes, entry: bytes, key: cose.Key, structures: Collection[int] = (RFC9162_SHA256,)
) -> Included:
    """Check that the log of this key signed a tree that holds the entry.

    Args:
        entry: bytes of the leaf, before hashing; in the CCF structure the 32 bytes of its digest.
        structures: that are trusted, by their numbers: 1 (RFC9162_SHA256), 2 (CCF_LEDGER_SHA256).

    Raises: TooLarge, MalformedMessage: not a receipt of inclusion; VerificationError: it does not
    hold, or its structure is not trusted. Where it bears several proofs, one must hold.
    """
    message = cose.read_sign1(data)
    structure = message.header.get(VDS)  # from the protected header only
    if structure not in structures:
        raise VerificationError(
            f"The receipt's verifiable data structure (395) is {structure!r:.20}; "
            f"trusted are {sorted(structures)}"
        )
    refused = VerificationError("The receipt bears no proof")
    for encoded in _proofs(message):
        try:
            if structure == CCF_LEDGER_SHA256:
                included = _follow_ccf(encoded, entry)
            else:
                included = _follow(encoded, entry)
            _require_root(message, key, included.root)
        except VerificationError as error:
            refused = error
        else:
            return included
    raise refused


def write(receipt: Receipt) -> bytes:
    """Return a receipt in this form.

    Raises: VerificationError: its note bears no COSE signature of the log (`cose_line.add`).
    """
    head = checkpoints.parse(split_note(receipt.note)[0])
    found = cose_line.find(receipt.note, head)
    if found is None:
        raise VerificationError(
            f"This receipt bears no COSE signature of {head.origin!r}; only the log can add one: "
            "ask it for a newer receipt, or give its key"
        )
    protected, signature = found
    proof = cbor2.dumps([head.size, receipt.index, list(receipt.path)])
    unprotected = {
        VDP: {INCLUSION: [proof]},
        _FACT: receipt.envelope,
        _SALT: receipt.salt,
        _CHECKPOINT: receipt.note,
    }
    parts = [protected, unprotected, None, signature]
    return cbor2.dumps(cbor2.CBORTag(cose.SIGN1_TAG, parts), canonical=True)


def read(data: bytes) -> Receipt:
    """Read a receipt in this form; nothing in it is verified.

    Raises: TooLarge, MalformedMessage: also for a COSE Receipt without the opening of a fact, and
    where a byte is not as `write` would set it.
    """
    message = cose.read_sign1(data)
    members = tuple(message.unprotected.get(name) for name in (_FACT, _SALT, _CHECKPOINT))
    envelope, salt, note = members
    if not (isinstance(envelope, str) and isinstance(salt, bytes) and isinstance(note, str)):
        raise MalformedMessage(
            f"This COSE Receipt does not open a fact: it needs {_FACT}, {_SALT}, {_CHECKPOINT}"
        )
    encoded = _proofs(message)
    _, index, path = _read_proof(encoded[0])
    receipt = Receipt(envelope, salt, index, tuple(path), note)
    try:
        again = write(receipt)
    except VerificationError as error:
        raise MalformedMessage(f"This COSE Receipt cannot be read: {error.detail}") from error
    if again != data:
        raise MalformedMessage(
            "This COSE Receipt is not in its one form: its proof, signature and checkpoint differ"
        )
    return receipt


def _proofs(message: cose.Sign1) -> list[bytes]:
    kinds = message.unprotected.get(VDP)
    found = kinds.get(INCLUSION) if isinstance(kinds, dict) else None
    if not isinstance(found, list) or not 0 < len(found) <= MAX_PROOFS:
        raise MalformedMessage(
            f"A receipt of inclusion bears 1 to {MAX_PROOFS} inclusion proofs under 396, -1"
        )
    if not all(isinstance(one, bytes) for one in found):
        raise MalformedMessage("An inclusion proof of a COSE Receipt is a byte string")
    return found


def _follow(encoded: bytes, entry: bytes) -> Included:
    size, index, path = _read_proof(encoded)
    root = proofs.root_from_inclusion(index, size, hash_leaf(entry), path)
    return Included(root, size, index)


def _read_proof(encoded: bytes) -> tuple[int, int, list[bytes]]:
    match cbor.read(encoded):
        case [int(size), int(index), list(path)] if _is_hashes(path):
            if not isinstance(size, bool) and not isinstance(index, bool):
                return size, index, path
    raise MalformedMessage(
        "An RFC9162_SHA256 inclusion proof is [tree-size, leaf-index, [hash, ...]]"
    )


def _is_hashes(path: list[Any]) -> bool:
    return len(path) <= MAX_PATH and all(
        isinstance(one, bytes) and len(one) == HASH_SIZE for one in path
    )


def _follow_ccf(encoded: bytes, entry: bytes) -> Included:
    """Climb the tree of a Confidential Consortium Framework (vds 2 of its COSE profile)."""
    match cbor.read(encoded):
        case {1: [bytes(tx), str(evidence), bytes(digest)], 2: list(path)} if _is_ccf(tx, path):
            if not compare_digest(digest, entry):
                raise VerificationError("The receipt is of another entry")
            node = sha256(tx + sha256(evidence.encode()).digest() + digest).digest()
            for is_left, sibling in path:
                node = sha256(sibling + node if is_left else node + sibling).digest()
            return Included(node, None, None)
    raise VerificationError("The receipt's proof is not one of CCF_LEDGER_SHA256 (vds 2)")


def _is_ccf(tx: bytes, path: list[Any]) -> bool:
    return (
        len(tx) == HASH_SIZE
        and len(path) <= MAX_PATH
        and all(
            isinstance(step, list) and len(step) == 2 and isinstance(step[0], bool) for step in path
        )
        and _is_hashes([step[1] for step in path])
    )


def _require_root(message: cose.Sign1, key: cose.Key, root: bytes) -> None:
    if message.payload is None:
        cose.verify_sign1(message, key, root)
    elif not compare_digest(cose.verify_sign1(message, key), root):
        raise VerificationError("The proof leads to another root than the log signed")
