"""The static resources of a log (C2SP tlog-tiles): their paths, and which ones a tree has.

    checkpoint                        the signed head
    tile/0/x001/x234/067              tile 1,234,067 of level 0, full: 256 hashes
    tile/1/000.p/17                   the tile at the right edge of level 1, 17 hashes wide
    tile/entries/000.p/3              the bundle of the first three entries

A number is written in groups of three digits, all but the last with an `x` before them, so that no
name is both a file and a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clearway.errors import MalformedMessage
from clearway.ledger import note
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.tiles import HEIGHT, WIDTH, edge_width, full_tiles, levels

CHECKPOINT = "checkpoint"
ENTRIES = -1
"""The level under which entry bundles are counted; in a path it is called `entries`."""

MAX_LEVEL = 63
MAX_ENTRY_SIZE = 65_535
MAX_BUNDLE_SIZE = WIDTH * (2 + MAX_ENTRY_SIZE)
# Every UTF-8 character of a note has at most four bytes.
MAX_CHECKPOINT_SIZE = 4 * note.MAX_NOTE_SIZE

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Resource:
    """One tile or entry bundle.

    Args:
        level: 0 to 63, or `ENTRIES`.
        number: place among those of its level, from 0.
        width: hashes or entries in it, 1 to 256; 256 is a full one.
    """

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies under the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{_grouped(self.number)}{suffix}"

    @property
    def is_full(self) -> bool:
        """Whether it will never grow."""
        return self.width == WIDTH

    @property
    def full(self) -> Resource:
        """The full one that takes its place once the log has grown."""
        return Resource(self.level, self.number)

    @property
    def max_size(self) -> int:
        """Most bytes that it can have."""
        each = 2 + MAX_ENTRY_SIZE if self.level == ENTRIES else HASH_SIZE
        return self.width * each

    @property
    def first(self) -> int:
        """Place of its first hash within the level, or of its first entry."""
        return self.number * WIDTH

    def is_within(self, size: int) -> bool:
        """Whether a tree of `size` leaves has all its hashes or entries."""
        return self.first + self.width <= size >> (HEIGHT * max(self.level, 0))


def parse_path(path: str) -> Resource:
    """Return the tile or bundle of a path: the exact inverse of `Resource.path`.

    Raises: MalformedMessage: no such path can be; a number that is not in its one form included.
    """
    match = _PATH.fullmatch(path) if len(path) <= 80 else None
    if match is None:
        raise MalformedMessage(f"{path[:80]!r} is not a path of tlog-tiles: tile/<L>/<N>[.p/<W>]")
    level, number, width = match.groups()
    found = Resource(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("/", "").replace("x", "")),
        int(width) if width else WIDTH,
    )
    if found.path != path or found.level > MAX_LEVEL or not 1 <= found.width <= WIDTH:
        raise MalformedMessage(f"{path!r} is not in the one form of a path of tlog-tiles")
    return found


def tiles_of(level: int, size: int, first: int = 0) -> Iterator[Resource]:
    """Yield the tiles of one level in a tree of `size` leaves, from number `first` on.

    The last one is partial unless the level ends with a full tile.
    """
    own = max(level, 0)
    full = full_tiles(own, size)
    for number in range(first, full):
        yield Resource(level, number)
    width = edge_width(own, size)
    if width and first <= full:
        yield Resource(level, full, width)


def resources_of(size: int) -> Iterator[Resource]:
    """Yield every tile and bundle of a tree of `size` leaves, level by level from the top."""
    for level in reversed(range(ENTRIES, levels(size))):
        yield from tiles_of(level, size)


def _grouped(number: int) -> str:
    last, groups = f"{number % 1000:03d}", ""
    while number := number // 1000:
        groups = f"x{number % 1000:03d}/{groups}"
    return groups + last
