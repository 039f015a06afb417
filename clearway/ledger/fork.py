r"""Evidence of a fork: two signed heads of one log that cannot both be of one history.

    {
      "evidence": "clearway-fork/1",
      "first": "customs.example/border\n5\n<root>\n\n— customs.example/border <base64>\n",
      "second": "customs.example/border\n9\n<root>\n\n— customs.example/border <base64>\n",
      "prefix_root": "<base64 of 32 bytes>",
      "path": ["<base64 of 32 bytes>", ...]
    }

With equal sizes the two roots differ, and nothing else is needed. With different sizes `path`
proves (RFC 9162, 2.1.4) that the first leaves of the SECOND tree have the root `prefix_root`; the
first head was signed over another one. Whoever holds the log's key verifies it without network and
without trust in whoever found it. The form is specified in docs/design/fork.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import note, proofs
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.keys import Verifier
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.quorum import Quorum

FORM = "clearway-fork/1"
# Two notes of the largest size, escaped as JSON.
MAX_SIZE = 8 * note.MAX_NOTE_SIZE
# A consistency proof has one hash for each level at most, and the one that it begins with.
MAX_PATH = 64


@dataclass(frozen=True, slots=True)
class Fork:
    """What a file of evidence holds; nothing of it is verified yet.

    Args:
        first: note of the smaller head, exactly as it was signed.
        second: note of the larger head, or of the other one of that size.
        prefix_root: root that the second tree has over the leaves of the first; None: equal sizes.
        path: consistency proof from `prefix_root` to the second head; empty: equal sizes.
    """

    first: str
    second: str
    prefix_root: bytes | None = None
    path: tuple[bytes, ...] = ()

    def marshal(self) -> bytes:
        """Return the file."""
        wire = _Wire(
            evidence=FORM,
            first=self.first,
            second=self.second,
            prefix_root=None if self.prefix_root is None else _to_base64(self.prefix_root),
            path=[_to_base64(hash_) for hash_ in self.path],
        )
        return msgspec.json.format(msgspec.json.encode(wire), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Proven:
    """What the evidence proves: the log's key signed both of these heads.

    Args:
        origin: the log that has two histories.
        signed_by: key names that signed both heads for the log.
    """

    origin: str
    first: Checkpoint
    second: Checkpoint
    signed_by: tuple[str, ...]


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    evidence: str
    first: str
    second: str
    prefix_root: str | None
    path: list[str]


_decoder = msgspec.json.Decoder(_Wire)


def parse(data: bytes) -> Fork:
    """Read a file of evidence; nothing in it is verified yet.

    Raises: TooLarge: over 4 MB. MalformedMessage: not of the form above, unknown or double members
    included.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"Evidence of a fork has at most {MAX_SIZE} bytes, not {len(data)}")
    try:
        wire = _decoder.decode(data)
        json.loads(data, object_pairs_hook=_refuse_doubles)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedMessage(f"This is no evidence of a fork: {error}") from error
    if wire.evidence != FORM:
        raise MalformedMessage(
            f"This evidence is of the form {wire.evidence[:40]!r}; only {FORM!r} can be read"
        )
    if len(wire.path) > MAX_PATH:
        raise MalformedMessage(f"The path has {len(wire.path)} hashes, over {MAX_PATH}")
    prefix_root = None if wire.prefix_root is None else _hash_of("prefix_root", wire.prefix_root)
    path = tuple(_hash_of(f"path[{place}]", text) for place, text in enumerate(wire.path))
    return Fork(wire.first, wire.second, prefix_root, path)


def of_heads(first: str, second: str, path: Iterable[bytes] = ()) -> Fork | None:
    """Return the evidence that two verified heads of one log are, None where they are none.

    Args:
        first, second: notes, in any order.
        path: consistency proof that came between them; empty for one size. Where the smaller size
            is a power of two it does not show what the larger tree had there.
    """
    one, other = (checkpoints.parse(note.split_note(text)[0]) for text in (first, second))
    if one.size > other.size:
        first, second, one, other = second, first, other, one
    if one.origin != other.origin:
        return None
    if one.size == other.size:
        return Fork(first, second) if one.root != other.root else None
    hashes = tuple(path)
    try:
        root = proofs.old_root_from_consistency(one.size, other.size, hashes, other.root)
    except VerificationError:
        return None
    return Fork(first, second, root, hashes) if root != one.root else None


def verify(fork: Fork, verifiers: Iterable[Verifier]) -> Proven:
    """Return what the evidence proves against a log: pure, offline.

    Args:
        verifiers: the log's keys, known to be right from elsewhere.

    Raises: VerificationError: it proves nothing; says why.
    """
    keys = tuple(verifiers)
    first, signers = _head(fork.first, keys)
    second, others = _head(fork.second, keys)
    if first.origin != second.origin:
        raise VerificationError(
            f"The heads are of two logs, {first.origin!r} and {second.origin!r}: that is no fork"
        )
    if first.size == second.size:
        _require_two_roots(fork, first, second)
    else:
        _require_other_prefix(fork, first, second)
    both = tuple(name for name in signers if name in others)
    return Proven(first.origin, first, second, both)


def _require_two_roots(fork: Fork, first: Checkpoint, second: Checkpoint) -> None:
    if fork.prefix_root is not None or fork.path:
        raise VerificationError("Heads of one size need no proof; this evidence bears one")
    if first.root == second.root:
        raise VerificationError(f"Both heads of {first.size} have the same root: that is no fork")


def _require_other_prefix(fork: Fork, first: Checkpoint, second: Checkpoint) -> None:
    if fork.prefix_root is None:
        raise VerificationError("Heads of two sizes need a proof between them; there is none")
    proofs.verify_consistency(first.size, second.size, fork.path, fork.prefix_root, second.root)
    if fork.prefix_root == first.root:
        raise VerificationError(
            f"The head of {first.size} is a prefix of that of {second.size}: that is no fork"
        )


def _head(signed: str, verifiers: tuple[Verifier, ...]) -> tuple[Checkpoint, tuple[str, ...]]:
    """Return the head of a note that the log itself signed, and the names of its known signers."""
    judged = Quorum.of(verifiers).judge(signed)
    if not judged.log_signed:
        raise VerificationError(
            f"A head of {judged.checkpoint.origin!r} is not signed by that log itself"
        )
    names = (judged.checkpoint.origin, *(one.name for one in judged.cosigned_by))
    return judged.checkpoint, tuple(dict.fromkeys(names))


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _hash_of(name: str, text: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedMessage(f"The evidence's {name} is not base64") from error
    if len(value) != HASH_SIZE or _to_base64(value) != text:
        raise MalformedMessage(f"The evidence's {name} is not the base64 of 32 bytes")
    return value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
