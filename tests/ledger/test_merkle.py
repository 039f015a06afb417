"""The tree against the recursive definition of RFC 9162, section 2.1.1."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    hash_children,
    hash_layer,
    hash_leaf,
    inclusion_path,
)

sizes = st.integers(min_value=1, max_value=600)


def leaves(count: int) -> list[bytes]:
    return [hash_leaf(b"%d" % index) for index in range(count)]


def naive_root(hashes: list[bytes]) -> bytes:
    """The definition, word by word: split at the largest power of two below the size."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hash_children(naive_root(hashes[:split]), naive_root(hashes[split:]))


class Nodes:
    """`node_at` over a list of leaf hashes."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes = hashes

    def __call__(self, level: int, index: int) -> bytes:
        begin, end = index << level, (index + 1) << level
        assert end <= len(self.hashes), "only complete subtrees may be asked for"
        return naive_root(self.hashes[begin:end])


def test_published_constants_of_the_tree() -> None:
    # transparency-dev/merkle rfc6962 tests: the empty tree and the empty leaf.
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (
        hash_leaf(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_an_empty_frontier_has_the_empty_root() -> None:
    assert Frontier().root() == EMPTY_ROOT
    assert Frontier().size == 0


@pytest.mark.parametrize("size", [*range(70), 127, 128, 129, 255, 256, 257, 511, 512, 513])
def test_appending_gives_the_root_of_the_definition(size: int) -> None:
    hashes, frontier = leaves(size), Frontier()
    for hash_ in hashes:
        frontier.append(hash_)
    assert frontier.root() == naive_root(hashes)
    assert frontier.size == size


@given(size=sizes)
def test_a_frontier_taken_from_a_tree_goes_on_like_one_grown(size: int) -> None:
    hashes = leaves(size + 3)
    taken = Frontier.of(size, Nodes(hashes))
    for hash_ in hashes[size:]:
        taken.append(hash_)
    assert taken.root() == naive_root(hashes)


def test_a_copy_leaves_its_original_alone() -> None:
    frontier = Frontier()
    frontier.append(hash_leaf(b"a"))
    before, copy = frontier.root(), frontier.copy()
    copy.append(hash_leaf(b"b"))
    assert frontier.root() == before != copy.root()
    assert frontier.size == 1


def test_a_frontier_of_too_few_nodes_is_refused() -> None:
    with pytest.raises(VerificationError, match="3 leaves has 2 complete subtrees, not 1"):
        Frontier(3, [bytes(32)])


@given(hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_a_layer_pairs_neighbours_and_leaves_the_odd_one(hashes: list[bytes]) -> None:
    pairs = [hash_children(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
    assert hash_layer(hashes) == pairs


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (9, 4)])
def test_a_leaf_outside_the_tree_has_no_path(index: int, size: int) -> None:
    with pytest.raises(VerificationError, match=f"Leaf {index} is not in a tree of {size}"):
        inclusion_path(index, size, Nodes(leaves(3)))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3), (0, 0)])
def test_a_tree_that_did_not_grow_so_has_no_consistency_path(old: int, new: int) -> None:
    with pytest.raises(VerificationError, match=f"No proof leads from {old} to {new}"):
        consistency_path(old, new, Nodes(leaves(3)))


def test_a_tree_is_consistent_with_itself_by_an_empty_path() -> None:
    assert consistency_path(3, 3, Nodes(leaves(3))) == []
