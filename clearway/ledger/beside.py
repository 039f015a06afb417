"""What lies beside the log, verified as far as it can be: no leaf commits to any of it.

- A cosignature that a witness gave us must be its signature on our checkpoint of that size.
- The newest checkpoint that we cosigned for a partner must bear the partner's signature and ours,
  and its state must say the same size and root.
- A claim (idempotency key) must name a fact that is there; where that fact says the digest of the
  message it came by, the claim's must be the same.

What was deleted here stays unseen: a lost cosignature weakens later receipts only, a lost state is
told by the log that we cosigned, a lost claim by the sender who sends again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, inspect, text

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import witnessed
from clearway.ledger.columns import from_microseconds
from clearway.ledger.keys import Verifier
from clearway.ledger.note import open_note, split_note
from clearway.ledger.verify import Fault

_CHUNK = 500
# Without types, so that a value of a wrong kind is seen as it is.
_COSIGNATURES = text(
    "SELECT c.size, c.name, c.key_id, c.line, c.at, k.note FROM cosignature AS c"
    " LEFT JOIN checkpoint AS k ON k.size = c.size ORDER BY c.size, c.name, c.key_id"
)
_STATES = text(
    "SELECT origin, origin_hash, size, root, note, lines FROM witness_state ORDER BY origin"
)
_CLAIMS = text(
    "SELECT c.scope, c.key, c.digest, c.seq, f.body FROM claim AS c"
    " LEFT JOIN fact AS f ON f.seq = c.seq ORDER BY c.seq"
)
_DIGEST_SIZE = 32


@dataclass(frozen=True, slots=True)
class Known:
    """The keys that are known, present and former ones.

    Args:
        witnesses: of those who cosign our log.
        own: of our own witness.
        logs: of the logs that it cosigns, by origin.
    """

    witnesses: Sequence[Verifier]
    own: Sequence[Verifier]
    logs: Mapping[str, Sequence[Verifier]]


class _Stated(msgspec.Struct):
    digest: msgspec.Raw = msgspec.Raw()


def verify_beside(connection: Connection, known: Known) -> Iterator[Fault]:
    """Yield what does not hold.

    Args:
        connection: one that sees a single snapshot; the log itself is for `verify.verify_store`.
    """
    there = inspect(connection)
    if there.has_table(witnessed.witness_state.name):
        yield from _states(connection, known)
    if there.has_table("cosignature"):
        yield from _cosignatures(connection, known)
    yield from _claims(connection)


def _cosignatures(connection: Connection, known: Known) -> Iterator[Fault]:
    keys = {(key.name, key.key_id): key for key in known.witnesses}
    with connection.execution_options(yield_per=_CHUNK).execute(_COSIGNATURES) as rows:
        for size, name, key_id, line, at, note in rows:
            try:
                if note is None:
                    raise VerificationError(f"there is no checkpoint of {size} facts")
                key = keys.get((name, bytes(key_id)))
                if key is None:
                    raise VerificationError(f"no key of {name!r} with this id was ever known")
                (signed,) = open_note(f"{split_note(note)[0]}\n{line}", [key]).signatures
                if signed.at != from_microseconds(at):
                    raise VerificationError(f"it states {signed.at}, not what is stored")
            except (VerificationError, ValueError, TypeError) as error:
                said = f"A cosignature by {name!r} on {size} facts does not hold: {_said(error)}"
                yield Fault("cosignature", _place(size), said)


def _states(connection: Connection, known: Known) -> Iterator[Fault]:
    for origin, hashed, size, root, note, lines in connection.execute(_STATES):
        try:
            head = checkpoints.parse(open_note(note, known.logs.get(origin, ())).text)
            if (head.origin, head.size, head.root) != (origin, size, bytes(root)):
                raise VerificationError("its note is of another head")
            if witnessed.hash_of(origin) != hashed:
                raise VerificationError("it is found under another address")
            open_note(f"{split_note(note)[0]}\n{lines}", known.own)
        except (VerificationError, ValueError, TypeError) as error:
            said = f"What we cosigned last for {origin!r} does not hold: {_said(error)}"
            yield Fault("witness_state", _place(size), said)


def _claims(connection: Connection) -> Iterator[Fault]:
    with connection.execution_options(yield_per=_CHUNK).execute(_CLAIMS) as rows:
        for scope, key, digest, seq, body in rows:
            if body is None:
                said = f"The claim {key!r} of {scope!r} names fact {seq}, which is not there"
                yield Fault("claim", _place(seq), said)
            elif (stated := _stated(bytes(body))) is not None and stated != bytes(digest):
                said = f"The claim {key!r} of {scope!r} names fact {seq}, which came by another"
                yield Fault("claim", _place(seq), f"{said} message")


def _stated(body: bytes) -> bytes | None:
    """Return the digest of the message by which a fact came, if it says one in this form."""
    try:
        text_ = msgspec.json.decode(msgspec.json.decode(body, type=_Stated).digest, type=str)
        found = base64.b64decode(text_, validate=True)
    except (msgspec.MsgspecError, ValueError):
        return None
    return found if len(found) == _DIGEST_SIZE else None


def _place(value: object) -> int:
    return value if isinstance(value, int) else -1


def _said(error: Exception) -> str:
    return error.detail if isinstance(error, VerificationError) else str(error)
