"""A witness of other logs (C2SP tlog-witness): pure, one request in, one answer out.

    old 20852014
    <base64 hashes of the consistency proof, one a line>

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa <base64>

The checks, in this order, each with its answer:
1. form, and old size <= size                                        400 (`parse_request`)
2. the origin is known                                               404
3. a trusted key signed, and no trusted key's signature is wrong     403
4. old size is the size that was cosigned last, or 0                 409, with that size
5. the empty tree has the empty root; the proof is empty from 0 on   422
6. equal sizes have equal roots                                      422
7. the consistency proof holds                                       422

Whoever calls must read the state, ask `decide` and store the new state in ONE transaction, and let
the cosignature leave only after its commit: else two requests race and the log is rolled back.

A refusal is proof of a FORK only when the log's own signature proves it: another root for the size
that we hold, or a proof that leads from the newer signed root to another root of that size. A proof
that merely fails proves nothing: anybody could have sent a good checkpoint with a bad proof.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.merkle import EMPTY_ROOT, HASH_SIZE
from clearway.ledger.note import Verifier, open_note, split_note
from clearway.ledger.proofs import MAX_SIZE, old_root_from_consistency, verify_consistency

# The spec: at most 63 hashes; 16 signatures of nearly 5 kB must be taken.
MAX_REQUEST_SIZE = 128 * 1024
MAX_PROOF = 63
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class State:
    """What a witness remembers of a log: the newest checkpoint that it cosigned."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """An add-checkpoint request in form; nothing in it is verified yet.

    Args:
        old_size: from which the proof leads.
        proof: consistency proof, 32 bytes each.
        note: signed checkpoint.
        checkpoint: what the note says.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: str
    checkpoint: Checkpoint

    def marshal(self) -> bytes:
        """Return the request's body."""
        lines = [f"old {self.old_size}", *map(_to_base64, self.proof), "", self.note]
        return "\n".join(lines).encode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose checkpoint a trusted key of its log signed.

    Args:
        text: what was signed, to be cosigned.
        note: the text with the signatures of trusted keys only.
    """

    request: Request
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Yes: store `state` durably, then hand out a cosignature on `text`."""

    state: State
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, with the status of the spec.

    Args:
        status: HTTP status: 400, 403, 404, 409 or 422.
        reason: a sentence for the log's operator.
        size: with 409: the size that was cosigned last.
        fork_at: the size at which the log is proved to have shown two histories; None: not proved.
    """

    status: int
    reason: str
    size: int | None = None
    fork_at: int | None = None


def request_of(old_size: int, proof: Sequence[bytes], note: str) -> Request:
    """Return the request for a checkpoint of our own. Raises: VerificationError: not in form."""
    return Request(old_size, tuple(proof), note, checkpoints.parse(split_note(note)[0]))


def parse_request(body: bytes) -> Request:
    """Read the body of an add-checkpoint request (check 1 of the head).

    Raises: TooLarge: over `MAX_REQUEST_SIZE`. MalformedMessage: not in form.
    """
    if len(body) > MAX_REQUEST_SIZE:
        raise TooLarge(f"An add-checkpoint request has at most {MAX_REQUEST_SIZE} bytes")
    try:
        head, _, note = body.decode().partition("\n\n")
        text, _ = split_note(note)
        head_of_tree = checkpoints.parse(text)
    except UnicodeDecodeError as error:
        raise MalformedMessage("An add-checkpoint request is UTF-8 text") from error
    except VerificationError as error:
        raise MalformedMessage(f"The checkpoint of the request: {error.detail}") from error
    first, *hashes = head.split("\n")
    if len(hashes) > MAX_PROOF:
        raise MalformedMessage(f"A consistency proof has at most {MAX_PROOF} lines")
    old_size = _read_old_size(first)
    if old_size > head_of_tree.size:
        raise MalformedMessage(
            f"The old size {old_size} is over the checkpoint's size {head_of_tree.size}"
        )
    return Request(old_size, tuple(map(_read_hash, hashes)), note, head_of_tree)


def add_checkpoint(
    state: State | None, trusted: Iterable[Verifier], request: Request
) -> Accepted | Refusal:
    """Return the witness's answer (checks 2 to 7 of the head).

    Args:
        state: what was cosigned last for the request's origin; None: nothing yet.
        trusted: keys of that log; none: the log is unknown.
    """
    signed = authenticate(trusted, request)
    return signed if isinstance(signed, Refusal) else decide(state, signed)


def authenticate(trusted: Iterable[Verifier], request: Request) -> Signed | Refusal:
    """Check who signed (checks 2 and 3): the costly half, which needs no state."""
    verifiers = tuple(trusted)
    if not verifiers:
        return Refusal(404, f"This witness does not know the log {request.checkpoint.origin!r}")
    try:
        opened = open_note(request.note, verifiers)
    except VerificationError as error:
        return Refusal(403, error.detail)
    return Signed(request, opened.text, _signed_by(request.note, verifiers))


def decide(state: State | None, signed: Signed) -> Accepted | Refusal:
    """Check what was signed against what was cosigned last (checks 4 to 7)."""
    request, head = signed.request, signed.request.checkpoint
    held = state or State(head.origin, 0, EMPTY_ROOT)
    if head.size == held.size and head.root != held.root and held.size:
        # Told before 409: such a note is evidence, whatever old size came with it.
        status = 422 if request.old_size == held.size else 409
        return Refusal(
            status,
            f"The log signed another root for its {held.size} entries than the one cosigned here",
            size=held.size,
            fork_at=held.size,
        )
    if request.old_size != held.size:
        return Refusal(409, f"The newest checkpoint here has {held.size} entries", size=held.size)
    return _grow(held, signed)


def _grow(held: State, signed: Signed) -> Accepted | Refusal:
    request, head = signed.request, signed.request.checkpoint
    if head.size == 0 and head.root != EMPTY_ROOT:
        return Refusal(422, "A log without entries has the root of the empty tree")
    if held.size == 0:
        if request.proof:
            return Refusal(422, "From size 0 on the consistency proof is empty")
    else:
        try:
            verify_consistency(held.size, head.size, request.proof, held.root, head.root)
        except VerificationError as error:
            return Refusal(422, error.detail, fork_at=_fork_at(held, request))
    return Accepted(State(head.origin, head.size, head.root), signed.text, signed.note)


def _fork_at(held: State, request: Request) -> int | None:
    """Return the held size, if the proof leads from the signed root to another root of that size.

    The proof's hashes lead to the newer root, so they are nodes of the signed tree itself; the root
    that they give for the older size is what that tree's log had, and it is not what it signed.
    """
    head = request.checkpoint
    try:
        old_root = old_root_from_consistency(held.size, head.size, request.proof, head.root)
    except VerificationError:
        return None
    return held.size if old_root != held.root else None


def _signed_by(note: str, verifiers: tuple[Verifier, ...]) -> str:
    """Return the note with the lines of these keys only; unknown ones prove nothing."""
    known = {(verifier.name, verifier.key_id) for verifier in verifiers}
    text, signatures = split_note(note)
    lines = note[len(text) + 1 :].splitlines(keepends=True)
    kept = [
        line
        for line, (name, key_id, _) in zip(lines, signatures, strict=True)
        if (name, key_id) in known
    ]
    return text + "\n" + "".join(kept)


def read_size(body: bytes) -> int:
    """Return the size of a 409 answer.

    Raises: VerificationError: it is not a decimal number and a newline.
    """
    text = body.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise VerificationError("A witness's size has no newline behind it")
    try:
        return _read_decimal(text[:-1])
    except MalformedMessage as error:
        raise VerificationError(f"A witness's size cannot be read: {error.detail}") from error


def _read_old_size(line: str) -> int:
    word, space, number = line.partition(" ")
    if word != "old" or not space:
        raise MalformedMessage("The first line is `old`, a space, and a size")
    return _read_decimal(number)


def _read_decimal(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or str(int(text)) != text:
        raise MalformedMessage(f"{text[:40]!r} is not a decimal number without leading zeroes")
    if int(text) > MAX_SIZE:
        raise MalformedMessage(f"A size is at most {MAX_SIZE}")
    return int(text)


def _read_hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedMessage("A line of the consistency proof is not base64") from error
    if len(value) != HASH_SIZE or _to_base64(value) != line:
        raise MalformedMessage("A line of the consistency proof is not one hash of 32 bytes")
    return value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
