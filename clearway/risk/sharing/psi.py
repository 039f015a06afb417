"""Which entries two watch lists have in common, without showing either list to the other agency.

Party numbers are few and guessable, so a list of their hashes hides nothing: whoever has the hashes
tries all numbers. Here both sides raise a point made of each entry to a secret power, which only
they know and which is thrown away afterwards (Diffie-Hellman private set intersection; Meadows
1986; Huberman, Franklin and Hogg 1999):

    asker     sends       H(x)^a              for each x of its list
    answerer  sends back  H(x)^(a b)          in the same order, and  H(y)^b  of its own list, mixed
    asker     finds       H(y)^(b a)          and looks which are among the H(x)^(a b)

The asker learns which of ITS entries the other has, and how many entries that list has; the
answerer learns how many were asked for. Neither learns an entry that is not in both. What remains:
an asker may put guesses into its list, and so may try as many as it is let. Hence `MOST_ASKED`, the
rate of `actions.record_comparison`, and a fact about each comparison in both logs.

The group is the prime-order subgroup of edwards25519; the map to it (Elligator 2, twice, as in
RFC 9380 section 3, "hash_to_curve"), its sum and its multiplication are libsodium's by PyNaCl,
which refuses points off the curve, of small order or not canonical. Nothing of it is ours but the
order of the steps. Pure; secrets are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha512

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_from_uniform,
    crypto_core_ed25519_is_valid_point,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_noclamp,
)
from nacl.exceptions import CryptoError

from clearway.errors import MalformedMessage, TooLarge

FORM = b"clearway-list-comparison/1"
POINT_SIZE = 32
SEED_SIZE = 64
MOST_ASKED = 2_000
MOST_HELD = 20_000
MOST_QUESTION = MOST_ASKED * POINT_SIZE


def secret_of(seed: bytes) -> bytes:
    """Return the secret power that 64 random bytes make; use it for one comparison alone."""
    if len(seed) != SEED_SIZE:
        raise MalformedMessage(f"A secret is made of {SEED_SIZE} random bytes, not {len(seed)}")
    return bytes(crypto_core_ed25519_scalar_reduce(seed))


def context_of(asker: str, answerer: str) -> bytes:
    """Return what binds points to two agencies: origins of their logs."""
    return b"\x00".join((FORM, asker.encode(), answerer.encode()))


def blind(entries: Iterable[str], context: bytes, secret: bytes) -> tuple[bytes, ...]:
    """Return H(entry)^secret for each entry, in their order.

    Args:
        entries: as both sides write them (`lists.model.key_of`).
        context: of `context_of`.
    """
    return tuple(_power(_point_of(entry, context), secret) for entry in entries)


def question(entries: Sequence[str], context: bytes, secret: bytes) -> bytes:
    """Return what the asker sends. Raises: TooLarge: more entries than may be asked for at once."""
    if len(entries) > MOST_ASKED:
        raise TooLarge(
            f"{len(entries)} entries are asked for; at most {MOST_ASKED} can be compared at once"
        )
    return b"".join(blind(entries, context, secret))


def answer(asked: bytes, held: Sequence[str], context: bytes, secret: bytes) -> bytes:
    """Return what the answerer sends back: the question raised, then its own list, mixed.

    Raises:
        TooLarge: more than may be asked for, or held, at once.
        MalformedMessage: not points of the group, or one comes twice.
    """
    points = _points(asked, MOST_ASKED)
    if len(set(points)) != len(points):
        raise MalformedMessage("An entry is asked for twice; each may be asked for once")
    if len(held) > MOST_HELD:
        raise TooLarge(f"A list of {len(held)} entries is compared in parts of {MOST_HELD}")
    raised = [_power(point, secret) for point in points]
    # Sorted by what nobody can foresee, so their order tells nothing of the list's.
    own = sorted(blind(held, context, secret))
    return b"".join((*raised, *own))


def common(asked: Sequence[str], answered: bytes, secret: bytes) -> tuple[tuple[str, ...], int]:
    """Return which of the asker's entries the other list has, and how many entries that list has.

    Args:
        asked: entries, in the order of the question.
        secret: the asker's, of the question.

    Raises: MalformedMessage: the answer does not fit the question, or holds no points.
    """
    points = _points(answered, MOST_ASKED + MOST_HELD)
    if len(points) < len(asked):
        raise MalformedMessage(
            f"The answer holds {len(points)} points for {len(asked)} entries asked for"
        )
    raised, theirs = points[: len(asked)], points[len(asked) :]
    known = {_power(point, secret) for point in theirs}
    found = tuple(entry for entry, point in zip(asked, raised, strict=True) if point in known)
    return found, len(theirs)


def _points(data: bytes, most: int) -> tuple[bytes, ...]:
    if len(data) > most * POINT_SIZE:
        raise TooLarge(f"At most {most} points can come at once")
    if len(data) % POINT_SIZE:
        raise MalformedMessage(f"Points have {POINT_SIZE} bytes each; {len(data)} bytes came")
    found = tuple(data[at : at + POINT_SIZE] for at in range(0, len(data), POINT_SIZE))
    if not all(map(crypto_core_ed25519_is_valid_point, found)):
        raise MalformedMessage("What came holds a point that is not of the group")
    return found


def _point_of(entry: str, context: bytes) -> bytes:
    """Return a point of which nobody knows the power: two Elligator maps, added."""
    uniform = sha512(len(context).to_bytes(4, "big") + context + entry.encode()).digest()
    return bytes(
        crypto_core_ed25519_add(
            crypto_core_ed25519_from_uniform(uniform[:32]),
            crypto_core_ed25519_from_uniform(uniform[32:]),
        )
    )


def _power(point: bytes, secret: bytes) -> bytes:
    try:
        return bytes(crypto_scalarmult_ed25519_noclamp(secret, point))
    except CryptoError as error:
        raise MalformedMessage("A point is not of the group") from error
