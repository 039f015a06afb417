r"""Receipts: one small JSON file that proves, offline, that a fact stands in a log.

    {
      "receipt": "clearway-receipt/1",
      "fact": "{\"envelope\":\"clearway-envelope/1\",\"type\":\"declaration.accepted/1\", ...}",
      "salt": "<base64 of 32 bytes>",
      "index": 12,
      "path": ["<base64 of 32 bytes>", ...],
      "checkpoint": "customs.example/border\n13\n<root>\n\n— customs.example/border <base64>\n"
    }

Whoever holds it and the log's public key needs nothing else: no database, no network, no trust in
the operator. `checkpoint` is a signed note (C2SP), so that cosignatures of witnesses are further
lines in it and change nothing else. The file holds the fact and its salt: it is as confidential as
the fact itself.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clearway.errors import MalformedMessage, NotFound, TooLarge, VerificationError
from clearway.ledger import commitment, cose_line, proofs
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.fact import Fact
from clearway.ledger.merkle import HASH_SIZE, hash_leaf
from clearway.ledger.note import Signed, Verifier
from clearway.ledger.quorum import Quorum

FORM = "clearway-receipt/1"
COSIGNED = "cosigned"
PENDING = "log-signed, cosignatures pending"
# A fact of 8 MB, escaped as JSON twice, and a note of the largest size.
MAX_SIZE = 32 * 1024 * 1024
# A path has one hash for each level of the tree at most.
MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """The evidence for one fact.

    Args:
        envelope: exact JSON text of the fact (`commitment.envelope`).
        salt: 32 bytes.
        index: place of its leaf in the log.
        path: inclusion proof towards the checkpoint's root.
        note: the signed checkpoint.
    """

    envelope: str
    salt: bytes
    index: int
    path: tuple[bytes, ...]
    note: str

    def marshal(self) -> bytes:
        """Return the file."""
        plain = msgspec.json.encode(
            _Wire(
                receipt=FORM,
                fact=self.envelope,
                salt=_to_base64(self.salt),
                index=self.index,
                path=[_to_base64(hash_) for hash_ in self.path],
                checkpoint=self.note,
            )
        )
        return msgspec.json.format(plain, indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a receipt proves; only this may be relied upon.

    Args:
        fact: its `seq` is the place in the log.
        checkpoint: the signed head under which it stands.
        signed_by: names of the known keys that signed the head, the log's own among them.
        cosigned_by: the known witnesses' cosignatures, with their instants.
        standing: "cosigned", or "log-signed, cosignatures pending".
        satisfied: the reader's policy is met. False means: the log said so, and the witnesses that
            the policy asks have not yet; see `require_satisfied`.
    """

    fact: Fact
    checkpoint: Checkpoint
    signed_by: tuple[str, ...]
    cosigned_by: tuple[Signed, ...]
    standing: str
    satisfied: bool

    def require_satisfied(self) -> Verified:
        """Return this. Raises: VerificationError: the policy asks for more cosignatures."""
        if not self.satisfied:
            names = ", ".join(one.name for one in self.cosigned_by) or "nobody"
            raise VerificationError(
                f"The log {self.checkpoint.origin!r} signed this receipt, but the policy asks for "
                f"more witnesses; it is cosigned by {names}. Ask for a newer receipt later"
            )
        return self


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    receipt: str
    fact: str
    salt: str
    index: int
    path: list[str]
    checkpoint: str


_decoder = msgspec.json.Decoder(_Wire)


def issue(fact: Fact, salt: bytes, path: Sequence[bytes], signed: str) -> Receipt:
    """Return the receipt of a fact.

    Args:
        path: inclusion proof of `fact.seq` in the tree of the checkpoint.
        signed: note of that checkpoint.

    Raises: NotFound: the fact's content was erased.
    """
    if not salt:
        raise NotFound(f"The content of fact {fact.seq} was erased, so there is no receipt for it")
    text = commitment.envelope(fact).decode()
    return Receipt(text, salt, fact.seq, tuple(path), signed)


def parse(data: bytes) -> Receipt:
    """Read a receipt file; nothing in it is verified yet.

    Raises:
        TooLarge: over 32 MB.
        MalformedMessage: not of the form above, unknown or double members included.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A receipt has at most {MAX_SIZE} bytes; this file has {len(data)}")
    try:
        wire = _decoder.decode(data)
        json.loads(data, object_pairs_hook=_refuse_doubles)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedMessage(f"This is not a receipt: {error}") from error
    if wire.receipt != FORM:
        raise MalformedMessage(
            f"This receipt is of the form {wire.receipt[:40]!r}; only {FORM!r} can be read"
        )
    if not 0 <= wire.index <= proofs.MAX_SIZE:
        raise MalformedMessage(f"The receipt's index is outside 0 to {proofs.MAX_SIZE}")
    if len(wire.path) > MAX_PATH:
        raise MalformedMessage(f"The receipt's path has {len(wire.path)} hashes, over {MAX_PATH}")
    salt = _hash_of("salt", wire.salt)
    path = tuple(_hash_of(f"path[{place}]", text) for place, text in enumerate(wire.path))
    return Receipt(wire.fact, salt, wire.index, path, wire.checkpoint)


def verify(receipt: Receipt, trust: Quorum | Iterable[Verifier]) -> Verified:
    """Return what the receipt proves: pure, with no database and no network.

    Args:
        trust: a policy, or keys known to be right, the log's own among them. Keys alone ask for no
            cosignature; those of known witnesses are named.

    Raises: VerificationError: naming what does not hold. A policy that is not met yet is no such
    error: see `Verified.satisfied`.
    """
    quorum = trust if isinstance(trust, Quorum) else Quorum.of(trust)
    judged = quorum.judge(receipt.note)
    head = judged.checkpoint
    names = tuple(dict.fromkeys(one.name for one in judged.signatures))
    if not judged.log_signed:
        # Else any other known key could speak for this log.
        raise VerificationError(
            f"The checkpoint of {head.origin!r} is not signed by that log itself, only by "
            f"{', '.join(names)}"
        )
    cose_line.verify(receipt.note, head, quorum.logs)
    text = _encode(receipt.envelope)
    leaf = hash_leaf(commitment.entry(commitment.commit(text, receipt.salt)))
    proofs.verify_inclusion(receipt.index, head.size, leaf, receipt.path, head.root)
    fact = commitment.read_envelope(text, receipt.index)
    cosigned = judged.satisfied and bool(judged.cosigned_by)
    standing = COSIGNED if cosigned else PENDING
    return Verified(fact, head, names, judged.cosigned_by, standing, judged.satisfied)


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _hash_of(name: str, text: str) -> bytes:
    try:
        value = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedMessage(f"The receipt's {name} is not base64") from error
    if len(value) != HASH_SIZE or _to_base64(value) != text:
        raise MalformedMessage(f"The receipt's {name} is not the base64 of 32 bytes")
    return value


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise VerificationError("The receipt's fact is not valid Unicode") from error


def _to_base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode("ascii")
