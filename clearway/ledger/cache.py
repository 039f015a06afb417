"""A bounded cache of full tiles, shared by all threads that build proofs."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from clearway.ledger.tiles import Tile

# 37 kB each with their inner nodes, so about 38 MB: the newest 260,000 facts stay warm. A proof of
# a tile that is not here costs a read and 255 hashes, a tenth of the rate.
CAPACITY = 1_024


class TileCache:
    """Keeps the tiles used last. Full tiles never change, so nothing here goes stale."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._tiles: OrderedDict[tuple[int, int], Tile] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, level: int, number: int) -> Tile | None:
        """Return the tile if it is here."""
        with self._lock:
            tile = self._tiles.get((level, number))
            if tile is not None:
                self._tiles.move_to_end((level, number))
            return tile

    def put(self, level: int, number: int, tile: Tile) -> None:
        """Keep the tile; the one unused for longest makes room."""
        with self._lock:
            self._tiles[level, number] = tile
            self._tiles.move_to_end((level, number))
            if len(self._tiles) > self._capacity:
                self._tiles.popitem(last=False)
