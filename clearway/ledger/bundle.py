"""What the files of a tiled log hold (C2SP tlog-tiles): hashes side by side, entries with lengths.

Parse and emit stand side by side and are inverses. A file of wrong length, an entry that breaks
off, or bytes behind the last one are refused: a reader never guesses where an entry ends.

    emit_bundle([b"abc", b""])   ->  00 03 61 62 63 00 00
"""

from __future__ import annotations

from collections.abc import Sequence

from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.resource import MAX_ENTRY_SIZE
from clearway.ledger.tiles import WIDTH

_LENGTH_SIZE = 2


def emit_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle of 1 to 256 entries: each behind its length, two bytes, big-endian.

    Raises: TooLarge: an entry has over 65,535 bytes. MalformedMessage: none, or over 256 entries.
    """
    _require_width("bundle", len(entries))
    parts: list[bytes] = []
    for place, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY_SIZE:
            raise TooLarge(f"Entry {place} has {len(entry)} bytes; a bundle takes {MAX_ENTRY_SIZE}")
        parts += (len(entry).to_bytes(_LENGTH_SIZE, "big"), entry)
    return b"".join(parts)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the `width` entries of a bundle.

    Raises: MalformedMessage: an entry breaks off, or bytes follow the last one.
    """
    _require_width("bundle", width)
    entries, at = [], 0
    for place in range(width):
        begin = at + _LENGTH_SIZE
        at = begin + int.from_bytes(data[at:begin], "big")
        if begin > len(data) or at > len(data):
            raise MalformedMessage(f"The bundle breaks off within entry {place} of {width}")
        entries.append(data[begin:at])
    if at != len(data):
        raise MalformedMessage(f"{len(data) - at} bytes follow the {width} entries of the bundle")
    return entries


def emit_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the tile of 1 to 256 hashes. Raises: MalformedMessage: too many, or not 32 bytes."""
    _require_width("tile", len(hashes))
    if any(len(hash_) != HASH_SIZE for hash_ in hashes):
        raise MalformedMessage(f"Each hash of a tile has {HASH_SIZE} bytes")
    return b"".join(hashes)


def parse_tile(data: bytes, width: int) -> list[bytes]:
    """Return the `width` hashes of a tile. Raises: MalformedMessage: it has another length."""
    _require_width("tile", width)
    if len(data) != width * HASH_SIZE:
        raise MalformedMessage(
            f"A tile of {width} hashes has {width * HASH_SIZE} bytes, not {len(data)}"
        )
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def _require_width(name: str, width: int) -> None:
    if not 1 <= width <= WIDTH:
        raise MalformedMessage(f"A {name} has 1 to {WIDTH} members, not {width}")
