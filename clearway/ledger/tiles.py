"""Tiles (C2SP tlog-tiles): the tree cut into pieces 8 levels high, 256 hashes wide.

Tile (0, n) holds the leaf hashes from 256 n on; tile (1, n) the roots of the 256 tiles of level 0
from 256 n on, and so on. A tile's inner nodes are computed when first asked for, and kept with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearway.errors import VerificationError
from clearway.ledger.merkle import HASH_SIZE, hash_layer

HEIGHT = 8
WIDTH = 1 << HEIGHT


class Tile:
    """Up to 256 hashes side by side, and the complete subtrees above them; it never changes."""

    __slots__ = ("_layers", "hashes")

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.hashes = hashes
        self._layers: list[Sequence[bytes]] = []

    @classmethod
    def read(cls, stored: bytes) -> Tile:
        """Return a full tile as stored. Raises: VerificationError: it has another length."""
        if len(stored) != WIDTH * HASH_SIZE:
            raise VerificationError(f"A stored tile has {len(stored)} bytes, not 8192")
        return cls([stored[at : at + HASH_SIZE] for at in range(0, len(stored), HASH_SIZE)])

    def node(self, up: int, index: int) -> bytes:
        """Return the hash `up` levels above the tile's own, `index` counted within the tile."""
        return self.hashes[index] if up == 0 else self._inner()[up - 1][index]

    def root(self) -> bytes:
        """Return the hash of a full tile."""
        return self._inner()[HEIGHT - 1][0]

    def extended(self, hashes: Sequence[bytes]) -> Tile:
        """Return the tile with more hashes at its right; what was hashed here is not hashed again.

        Args:
            hashes: at most what is missing to 256.
        """
        tile = Tile([*self.hashes, *hashes])
        below = tile.hashes
        for layer in self._inner():
            fresh = hash_layer(below[2 * len(layer) :])
            below = [*layer, *fresh] if fresh else layer
            tile._layers.append(below)
        return tile

    def peaks(self) -> Iterator[bytes]:
        """Yield the roots of the largest complete subtrees that a partial tile consists of."""
        width, at = len(self.hashes), 0
        for up in range(HEIGHT - 1, -1, -1):
            if width >> up & 1:
                yield self.node(up, at >> up)
                at += 1 << up

    def _inner(self) -> list[Sequence[bytes]]:
        if not self._layers:
            layers: list[Sequence[bytes]] = []
            layer = self.hashes
            for _ in range(HEIGHT):
                layer = hash_layer(layer)
                layers.append(layer)
            self._layers = layers  # set once, whole: readers of other threads never see a part
        return self._layers


def address(level: int, index: int) -> tuple[int, int, int, int]:
    """Return (tile level, tile number, levels above the tile's hashes, index within the tile).

    A node 8 levels up is the first layer of the next tile level, as its inner nodes hang there.
    """
    tile_level, up = divmod(level, HEIGHT)
    per_tile = HEIGHT - up
    return tile_level, index >> per_tile, up, index & ((1 << per_tile) - 1)


def full_tiles(level: int, size: int) -> int:
    """Return how many full tiles of this level a log of `size` leaves has."""
    return size >> (HEIGHT * (level + 1))


def edge_width(level: int, size: int) -> int:
    """Return how many hashes the partial tile at the right edge of this level has, 0 to 255."""
    return (size >> (HEIGHT * level)) & (WIDTH - 1)


def levels(size: int) -> int:
    """Return how many tile levels a log of `size` leaves has."""
    return -(-size.bit_length() // HEIGHT)
