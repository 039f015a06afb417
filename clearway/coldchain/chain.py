"""The chain of a device's signed batches: each names the digest of the one before. Pure.

    boot 1:  [0..49] <- [50..99] <- [100..120]      power lost, 121 was never sealed
    boot 2:                          ^-- [0..49] <- [50..99]

`follow` puts one more link to what is known of its device and says what does not fit. It looks at
the links around only (`is_around`), so a store need not load a whole chain; and links may come in
any order, since a device that was out of reach sends its past late.

What a link can be, and what each finding means:

    REPEATED   the very batch is on record: a replay, harmless
    MISSING    its predecessor is not on record: still on its way, withheld, or lost by us
    FILLED     it is the predecessor that another link waited for
    SKIPPED    it follows its predecessor, but numbers between them do not exist
    UNLINKED   it names no predecessor, as another batch did already: the device lost its memory, or
               somebody began a second history with its key
    FORKED     the device signed two histories: the same numbers in two batches, or two successors
               of one batch. Never by accident with a sound device
    OLD_KEY    signed with a key that had been replaced when its predecessor was signed

A forked link, and one with an old key, does not become a part of the chain: the first stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

NOTHING = bytes(32)
"""What the very first batch of a device names as the one before."""


class Break(StrEnum):
    """What is to be said of a link; stable codes. See the head of this file."""

    REPEATED = "repeated"
    MISSING = "missing"
    FILLED = "filled"
    SKIPPED = "skipped"
    UNLINKED = "unlinked"
    FORKED = "forked"
    OLD_KEY = "old_key"


TAMPERED = frozenset({Break.FORKED, Break.OLD_KEY})
"""What no sound device does by accident: the batch is kept as evidence, its readings are not."""


@dataclass(frozen=True, slots=True)
class Link:
    """One signed batch in its chain.

    Args:
        first_seq, last_seq: numbers of its first and last reading within `boot_id`.
        previous: digest of the batch before; `NOTHING` for none.
        digest: of this batch.
        key_id: of the key that signed it; empty where it does not matter.
    """

    boot_id: str
    first_seq: int
    last_seq: int
    previous: bytes
    digest: bytes
    key_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was verified of a signed batch.

    Args:
        keys: ids of the device's keys, the oldest first.
    """

    link: Link
    keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """What does not fit, or what was mended.

    Args:
        other: the link on record that it concerns; None where there is none.
        message: a sentence with the values.
    """

    kind: Break
    link: Link
    other: Link | None
    message: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known of one device's chain: all of it, or the part around a link.

    Args:
        links: in order of arrival.
        keys: ids of the device's keys, the oldest first; empty where only one ever was.
    """

    links: tuple[Link, ...] = ()
    keys: tuple[bytes, ...] = ()


def is_around(known: Link, link: Link) -> bool:
    """Return whether `follow` looks at this known link: the same, before, after, beside."""
    return (
        known.digest in (link.digest, link.previous)
        or known.previous in (link.digest, link.previous)
        or _overlap(known, link)
    )


def follow(chain: Chain, link: Link) -> tuple[Chain, tuple[ChainFinding, ...]]:
    """Return the chain with one more link, and what is to be said of it.

    Args:
        chain: at least all links of the device that are around (`is_around`).

    Returns: the same chain when the link is a repeat or tampered with (`TAMPERED`).
    """
    if any(known.digest == link.digest for known in chain.links):
        return chain, (_finding(Break.REPEATED, link, None, "is on record; nothing changes"),)
    before = next((known for known in chain.links if known.digest == link.previous), None)
    after = [known for known in chain.links if known.previous == link.digest]
    tampered = _tampered(chain, link, before, after)
    if tampered:
        return chain, tampered
    found = [*_beginning(chain, link, before), *_endings(link, after)]
    return Chain((*chain.links, link), chain.keys), tuple(found)


def gaps(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return the links whose predecessor is not on record."""
    known = list(links)
    digests = {NOTHING, *(link.digest for link in known)}
    return tuple(link for link in known if link.previous not in digests)


def _tampered(
    chain: Chain, link: Link, before: Link | None, after: Sequence[Link]
) -> tuple[ChainFinding, ...]:
    for known in chain.links:
        if _overlap(known, link):
            message = f"holds numbers that another batch of the same start has ({_numbers(known)})"
            return (_finding(Break.FORKED, link, known, message),)
        if known.previous == link.previous != NOTHING:
            message = f"follows the same batch as {_numbers(known)} does; one has two histories"
            return (_finding(Break.FORKED, link, known, message),)
    for known in after:
        if known.boot_id == link.boot_id and known.first_seq <= link.last_seq:
            message = f"must come before {_numbers(known)}, but its numbers do not"
            return (_finding(Break.FORKED, link, known, message),)
    if before is not None and before.boot_id == link.boot_id and link.first_seq <= before.last_seq:
        message = f"must come after {_numbers(before)}, but its numbers do not"
        return (_finding(Break.FORKED, link, before, message),)
    if before is not None and _rank(chain, link) < _rank(chain, before):
        message = f"is signed with a key that was replaced before {_numbers(before)} was signed"
        return (_finding(Break.OLD_KEY, link, before, message),)
    return ()


def _beginning(chain: Chain, link: Link, before: Link | None) -> Iterable[ChainFinding]:
    if before is not None:
        yield from _skipped(link, before, link)
    elif link.previous != NOTHING:
        yield _finding(Break.MISSING, link, None, "follows a batch that is not on record")
        return
    elif (first := next((one for one in chain.links if one.previous == NOTHING), None)) is not None:
        message = f"names no batch before it, as {_numbers(first)} did already"
        yield _finding(Break.UNLINKED, link, first, message)
    if before is None and link.first_seq:
        message = f"is the first of its chain, but begins with number {link.first_seq}, not 0"
        yield _finding(Break.SKIPPED, link, None, message)


def _endings(link: Link, after: Sequence[Link]) -> Iterable[ChainFinding]:
    for known in after:
        yield _finding(Break.FILLED, link, known, f"was missing before {_numbers(known)}")
        yield from _skipped(link, link, known)


def _skipped(link: Link, before: Link, after: Link) -> Iterable[ChainFinding]:
    """Yield a finding where two neighbours leave numbers out; a new start begins with 0."""
    expected = before.last_seq + 1 if before.boot_id == after.boot_id else 0
    if after.first_seq > expected:
        left_out = f"{expected} to {after.first_seq - 1} of {after.boot_id!r}"
        message = f"shows that the numbers {left_out} were never sealed"
        yield _finding(Break.SKIPPED, link, before if after is link else after, message)


def _overlap(one: Link, other: Link) -> bool:
    is_same_start = one.boot_id == other.boot_id
    return is_same_start and one.first_seq <= other.last_seq and other.first_seq <= one.last_seq


def _rank(chain: Chain, link: Link) -> int:
    return chain.keys.index(link.key_id) if link.key_id in chain.keys else len(chain.keys)


def _numbers(link: Link) -> str:
    return f"{link.boot_id!r} {link.first_seq} to {link.last_seq}"


def _finding(kind: Break, link: Link, other: Link | None, what: str) -> ChainFinding:
    return ChainFinding(kind, link, other, f"The batch {_numbers(link)} {what}")
