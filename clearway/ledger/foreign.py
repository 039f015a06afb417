"""Reading any tlog-tiles log (C2SP) and believing only what its signed checkpoint covers.

    tree = ForeignTree.open(source, head)
    tree.hashes(Resource(0, 17))     fetched, hashed, held against the level above, then returned
    tree.entries(Resource(ENTRIES, 17))

The way down: the partial tiles at the right edge make up the signed root; each full tile hashes to
its place in the tile above; each entry hashes to its leaf. So whatever is returned is what the
log's key signed, wherever it came from. What does not hold raises `BadResource`, which names it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from clearway.errors import ClearwayError, InputError, NotFound, VerificationError
from clearway.ledger import merkle
from clearway.ledger.bundle import parse_bundle, parse_tile
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.merkle import Frontier, hash_leaf
from clearway.ledger.resource import CHECKPOINT, MAX_CHECKPOINT_SIZE, Resource
from clearway.ledger.source import Source
from clearway.ledger.tiles import WIDTH, Tile, address, edge_width, full_tiles, levels

# 33 kB each: the tiles above the one that is read, and those of a proof.
_KEPT = 64


class BadResource(VerificationError):
    """A tile or bundle is missing, malformed, or not what the signed checkpoint covers."""

    code = "bad_resource"

    def __init__(self, resource: Resource, detail: str) -> None:
        super().__init__(f"{resource.path}: {detail}", path=resource.path)
        self.resource = resource


class ForeignTree:
    """The tree under one signed checkpoint of a log that we do not run.

    Args:
        head: from a note whose signatures were verified.
        edges: for each tile level, the partial tile at the right edge; they make up `head.root`.
    """

    def __init__(self, source: Source, head: Checkpoint, edges: Mapping[int, Tile]) -> None:
        if root_of_edges(head.size, edges) != head.root:
            raise VerificationError(
                f"The tiles of {head.origin!r} do not lead to the signed root of {head.size}"
            )
        self.head = head
        self._source = source
        self._edges = edges
        self._tiles: OrderedDict[tuple[int, int], Tile] = OrderedDict()
        self._mended: Mapping[tuple[int, int], Tile] = {}

    @classmethod
    def open(cls, source: Source, head: Checkpoint) -> ForeignTree:
        """Return the tree after fetching its right edge.

        Raises: BadResource: a tile of the edge is missing or malformed. VerificationError: they do
        not lead to the signed root.
        """
        edges = {
            resource.level: Tile(fetch_hashes(source, resource)) for resource in edges_of(head.size)
        }
        return cls(source, head, edges)

    def tile(self, level: int, number: int) -> Tile:
        """Return a tile that the checkpoint covers. Raises: BadResource."""
        if number == full_tiles(level, self.head.size):
            return self._edges[level]
        mended = self._mended.get((level, number))
        if mended is not None:
            return mended
        found = self._tiles.get((level, number))
        if found is None:
            found = self._fetch(Resource(level, number))
            self.keep(level, number, found)
        return found

    def keep(self, level: int, number: int, tile: Tile) -> None:
        """Remember a full tile that was verified."""
        self._tiles[level, number] = tile
        if len(self._tiles) > _KEPT:
            self._tiles.popitem(last=False)

    def mend(self, tiles: Mapping[tuple[int, int], Tile]) -> None:
        """Take these tiles (by level and number) in place of what the source has."""
        self._mended = tiles

    def expected(self, resource: Resource) -> bytes:
        """Return the hash that the level above has for a full tile. Raises: BadResource."""
        above = self.tile(resource.level + 1, resource.number // WIDTH)
        return above.hashes[resource.number % WIDTH]

    def entries(self, resource: Resource) -> list[bytes]:
        """Return the entries of a bundle. Raises: BadResource: one is not what its leaf says."""
        entries = fetch_entries(self._source, resource)
        leaves = self.tile(0, resource.number).hashes
        for place, entry in enumerate(entries):
            if hash_leaf(entry) != leaves[place]:
                raise BadResource(
                    resource, f"entry {resource.first + place} does not hash to its leaf"
                )
        return entries

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` leaves, as the signed tree has them.

        Raises: VerificationError: there are not so many leaves. BadResource.
        """
        if not 0 <= size <= self.head.size:
            raise VerificationError(f"{size} leaves are not in a tree of {self.head.size}")
        return Frontier.of(size, self.node).root()

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that leads from the first `old` leaves to the signed root.

        Raises: VerificationError: unless 0 < old <= the tree's size. BadResource.
        """
        return merkle.consistency_path(old, self.head.size, self.node)

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that leads from a leaf to the signed root. Raises: as `consistency`."""
        return merkle.inclusion_path(index, self.head.size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree (`merkle.NodeAt`). Raises: BadResource."""
        tile_level, number, up, within = address(level, index)
        return self.tile(tile_level, number).node(up, within)

    def _fetch(self, resource: Resource) -> Tile:
        tile = Tile(fetch_hashes(self._source, resource))
        if tile.root() != self.expected(resource):
            raise BadResource(resource, "it does not hash to its place in the tile above")
        return tile


def fetch_note(source: Source) -> str:
    """Return the checkpoint's note, UNVERIFIED. Raises: NotFound. VerificationError: not UTF-8."""
    try:
        return source.fetch(CHECKPOINT, MAX_CHECKPOINT_SIZE).decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"The checkpoint of {source.name} is not UTF-8 text") from error


def fetch_hashes(source: Source, resource: Resource) -> list[bytes]:
    """Return the hashes of a tile, UNVERIFIED. Raises: BadResource: missing or malformed."""
    return _fetched(source, resource, parse_tile)


def fetch_entries(source: Source, resource: Resource) -> list[bytes]:
    """Return the entries of a bundle, UNVERIFIED. Raises: BadResource: missing or malformed."""
    return _fetched(source, resource, parse_bundle)


def edges_of(size: int) -> list[Resource]:
    """Return the partial tiles of a tree, from the leaves up."""
    widths = ((level, edge_width(level, size)) for level in range(levels(size)))
    return [Resource(level, full_tiles(level, size), width) for level, width in widths if width]


def root_of_edges(size: int, edges: Mapping[int, Tile]) -> bytes:
    """Return the root that the partial tiles of a tree make up."""

    def node_at(level: int, index: int) -> bytes:
        tile_level, _, up, within = address(level, index)
        return edges[tile_level].node(up, within)

    return Frontier.of(size, node_at).root()


def _fetched(
    source: Source, resource: Resource, parse: Callable[[bytes, int], list[bytes]]
) -> list[bytes]:
    """Fetch and parse; where a partial one is gone, the full one begins with the same members."""
    try:
        try:
            data = source.fetch(resource.path, resource.max_size)
        except NotFound:
            if resource.is_full:
                raise
            whole = resource.full
            return parse(source.fetch(whole.path, whole.max_size), WIDTH)[: resource.width]
        return parse(data, resource.width)
    except (NotFound, InputError) as error:
        raise BadResource(resource, _sentence(error)) from error


def _sentence(error: ClearwayError) -> str:
    return error.detail[:200]
