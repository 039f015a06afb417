"""Tiles: where a node of the tree is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.cache import TileCache
from clearway.ledger.merkle import Frontier, hash_children, hash_leaf
from clearway.ledger.tiles import Tile, address, edge_width, full_tiles, levels

HASHES = [hash_leaf(b"%d" % index) for index in range(256)]


@pytest.mark.parametrize(
    ("node", "place"),
    [
        ((0, 0), (0, 0, 0, 0)),
        ((0, 257), (0, 1, 0, 1)),
        ((7, 3), (0, 1, 7, 1)),
        ((8, 0), (1, 0, 0, 0)),
        ((8, 256), (1, 1, 0, 0)),
        ((9, 129), (1, 1, 1, 1)),
        ((16, 5), (2, 0, 0, 5)),
    ],
)
def test_a_node_has_one_address(node: tuple[int, int], place: tuple[int, int, int, int]) -> None:
    assert address(*node) == place


@given(level=st.integers(0, 30), index=st.integers(0, 2**30))
def test_an_address_leads_back_to_its_node(level: int, index: int) -> None:
    tile_level, number, up, within = address(level, index)
    assert tile_level * 8 + up == level
    assert (number << (8 - up)) + within == index
    assert 0 <= within < 1 << (8 - up)


@given(size=st.integers(0, 2**40))
def test_full_tiles_and_edges_make_up_the_log(size: int) -> None:
    assert full_tiles(0, size) * 256 + edge_width(0, size) == size
    for level in range(1, levels(size)):
        below = full_tiles(level - 1, size)
        assert full_tiles(level, size) * 256 + edge_width(level, size) == below
    assert full_tiles(levels(size), size) == 0
    assert edge_width(levels(size), size) == 0


def test_a_tile_gives_its_inner_nodes() -> None:
    tile = Tile(HASHES)
    assert tile.node(0, 9) == HASHES[9]
    assert tile.node(1, 4) == hash_children(HASHES[8], HASHES[9])
    assert tile.root() == hash_children(tile.node(7, 0), tile.node(7, 1))


def test_a_partial_tile_gives_its_complete_inner_nodes() -> None:
    tile = Tile(HASHES[:7])
    assert tile.node(2, 0) == Tile(HASHES).node(2, 0)
    assert tile.node(1, 2) == hash_children(HASHES[4], HASHES[5])


def test_a_stored_tile_is_read_back() -> None:
    assert Tile.read(b"".join(HASHES)).root() == Tile(HASHES).root()


def test_a_stored_tile_of_wrong_length_is_refused() -> None:
    with pytest.raises(VerificationError, match="has 8191 bytes"):
        Tile.read(b"".join(HASHES)[:-1])


def test_the_cache_forgets_the_tile_unused_for_longest() -> None:
    cache = TileCache(capacity=2)
    one, two, three = Tile(HASHES[:1]), Tile(HASHES[:2]), Tile(HASHES[:3])
    cache.put(0, 1, one)
    cache.put(0, 2, two)
    assert cache.get(0, 1) is one
    cache.put(0, 3, three)
    assert cache.get(0, 2) is None
    assert cache.get(0, 1) is one
    assert len(cache) == 2


@given(cuts=st.lists(st.integers(0, 90), max_size=6))
def test_an_extended_tile_has_the_nodes_of_one_made_at_once(cuts: list[int]) -> None:
    grown, width = Tile([]), 0
    for cut in cuts:
        more = HASHES[width : min(width + cut, 256)]
        grown, width = grown.extended(more), width + len(more)
    whole = Tile(HASHES[:width])
    assert list(grown.hashes) == HASHES[:width]
    for up in range(9):
        for index in range(width >> up):
            assert grown.node(up, index) == whole.node(up, index)


@given(width=st.integers(0, 255))
def test_the_peaks_of_a_tile_are_the_frontier_of_its_hashes(width: int) -> None:
    frontier = Frontier()
    for hash_ in HASHES[:width]:
        frontier.append(hash_)
    assert Frontier(width, Tile(HASHES[:width]).peaks()).root() == frontier.root()


def test_to_extend_a_tile_leaves_it_as_it_is() -> None:
    tile = Tile(HASHES[:3])
    tile.extended(HASHES[3:8])
    assert list(tile.hashes) == HASHES[:3]
    assert list(tile.peaks()) == [hash_children(*HASHES[:2]), HASHES[2]]
