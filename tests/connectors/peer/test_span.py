"""One proof for a stretch of a log: complete for every cut, silent only when all holds."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.connectors.peer import span
from clearway.connectors.peer.span import NOTHING, Edge, Kind, Run
from clearway.errors import VerificationError
from clearway.ledger.merkle import Frontier, NodeAt, hash_children, hash_leaf
from clearway.ledger.proofs import verify_inclusion


def leaf(seq: int) -> bytes:
    return hash_leaf(b"entry %d" % seq)


def tree(size: int) -> NodeAt:
    leaves = [leaf(seq) for seq in range(size)]

    def node_at(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return hash_children(node_at(level - 1, 2 * index), node_at(level - 1, 2 * index + 1))

    return node_at


def root(size: int) -> bytes:
    frontier = Frontier()
    for seq in range(size):
        frontier.append(leaf(seq))
    return frontier.root()


def edge(size: int) -> Edge:
    return span.extend(NOTHING, ((0, leaf(seq)) for seq in range(size)))


@st.composite
def stretches(draw: st.DrawFn) -> tuple[int, list[Run], int]:
    """A stretch (first, runs) in a log of some size."""
    size = draw(st.integers(1, 140))
    first = draw(st.integers(0, size - 1))
    end = draw(st.integers(first + 1, size))
    marks = draw(st.lists(st.sampled_from("dwe"), min_size=end - first, max_size=end - first))
    delivered = [first + at for at, mark in enumerate(marks) if mark == "d"]
    erased = [first + at for at, mark in enumerate(marks) if mark == "e"]
    return first, span.runs_of(first, end, delivered, erased), size


def delivered_in(first: int, runs: list[Run]) -> list[int]:
    return [
        place
        for kind, begin, end in span.places(first, runs)
        if kind is Kind.DELIVERED
        for place in range(begin, end)
    ]


@given(stretches())
def test_a_stretch_leads_to_the_root_of_the_whole_log(stretch: tuple[int, list[Run], int]) -> None:
    first, runs, size = stretch
    places = delivered_in(first, runs)
    proof = span.prove(first, runs, size, tree(size))
    after, found = span.verify(edge(first), runs, [leaf(seq) for seq in places], proof, size)
    assert found == root(size)
    assert after == edge(first + sum(run.count for run in runs))


@given(stretches())
def test_each_delivered_leaf_gets_an_ordinary_path(stretch: tuple[int, list[Run], int]) -> None:
    first, runs, size = stretch
    places = delivered_in(first, runs)
    proof = span.prove(first, runs, size, tree(size))
    known = span.nodes(edge(first), runs, [leaf(seq) for seq in places], proof, size)
    for seq in places:
        verify_inclusion(seq, size, leaf(seq), span.path(known, seq, size), root(size))


@given(stretches(), st.data())
def test_one_changed_hash_leads_elsewhere(
    stretch: tuple[int, list[Run], int], data: st.DataObject
) -> None:
    first, runs, size = stretch
    leaves = [leaf(seq) for seq in delivered_in(first, runs)]
    proof = span.prove(first, runs, size, tree(size))
    changed = data.draw(st.sampled_from([*range(len(leaves)), *range(-len(proof), 0)] or [None]))
    if changed is None:
        return
    hashes = [*leaves, *proof]
    hashes[changed] = hashlib.sha256(hashes[changed]).digest()
    leaves, proof = hashes[: len(leaves)], hashes[len(leaves) :]
    assert span.verify(edge(first), runs, leaves, proof, size)[1] != root(size)


def test_a_million_withheld_places_need_few_hashes() -> None:
    runs = [Run(Kind.WITHHELD, 1_000_000), Run(Kind.DELIVERED, 1)]
    assert sum(1 for _ in span.unseen(3, runs, 1_500_000)) < 60


@pytest.mark.parametrize(("extra", "missing"), [(1, 0), (0, 1)])
def test_a_proof_of_another_length_is_refused(extra: int, missing: int) -> None:
    runs = [Run(Kind.WITHHELD, 3), Run(Kind.DELIVERED, 2)]
    proof = span.prove(0, runs, 9, tree(9))
    proof = [*proof[missing:], *([bytes(32)] * extra)]
    with pytest.raises(VerificationError, match="needs a proof"):
        span.verify(NOTHING, runs, [leaf(3), leaf(4)], proof, 9)


def test_more_or_fewer_facts_than_places_are_refused() -> None:
    runs = [Run(Kind.DELIVERED, 2)]
    for leaves in ([leaf(0)], [leaf(0), leaf(1), leaf(2)]):
        with pytest.raises(VerificationError, match="2 places are delivered"):
            span.verify(NOTHING, runs, leaves, [], 2)


def test_a_stretch_beyond_its_log_is_refused() -> None:
    with pytest.raises(VerificationError, match="not in a log"):
        span.verify(NOTHING, [Run(Kind.DELIVERED, 2)], [leaf(0), leaf(1)], [], 1)


def test_an_edge_must_have_the_hashes_of_its_size() -> None:
    with pytest.raises(VerificationError):
        replace(edge(5), nodes=(leaf(0),))


def test_what_was_not_delivered_has_no_path() -> None:
    runs = [Run(Kind.WITHHELD, 2), Run(Kind.DELIVERED, 2)]
    known = span.nodes(NOTHING, runs, [leaf(2), leaf(3)], span.prove(0, runs, 4, tree(4)), 4)
    with pytest.raises(VerificationError, match="not delivered"):
        span.path(known, 0, 4)
