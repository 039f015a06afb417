"""Proving a stretch of a log at once: a Merkle proof for many leaves, most of them unseen.

Whoever holds the frontier of the first `first` leaves can go on to any later head: leaf by leaf
where it was given the content, subtree by subtree where it was not. A thousand neighbouring facts
need no path each, and a million withheld ones need about forty hashes.

    frontier at 40, then  w2 d3 w12 d1 (places 40 to 57), then all behind, gives the root of 300

Pure. Trees and hashes are those of RFC 9162, section 2.1 (`ledger.merkle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clearway.errors import VerificationError
from clearway.ledger import merkle
from clearway.ledger.merkle import EMPTY_ROOT, NodeAt, hash_children

Address = tuple[int, int]


class Kind(StrEnum):
    """What became of neighbouring places; the letter stands in the signed head."""

    DELIVERED = "d"
    WITHHELD = "w"
    ERASED = "e"


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring places of one kind. Args: count: at least 1."""

    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The roots of the complete subtrees that make up the first `size` leaves, largest first."""

    size: int
    nodes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) != self.size.bit_count():
            raise VerificationError(
                f"An edge of {self.size} leaves has {self.size.bit_count()} hashes, not "
                f"{len(self.nodes)}"
            )

    @property
    def root(self) -> bytes:
        """The hash of the tree of these leaves."""
        if not self.nodes:
            return EMPTY_ROOT
        *left, node = self.nodes
        for sibling in reversed(left):
            node = hash_children(sibling, node)
        return node


NOTHING = Edge(0, ())


def cover(first: int, end: int) -> Iterator[Address]:
    """Yield (level, index) of the fewest complete subtrees that make up leaves [first, end)."""
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        yield level, first >> level
        first += 1 << level


def extend(edge: Edge, subtrees: Iterable[tuple[int, bytes]]) -> Edge:
    """Return the edge with complete subtrees of 2**level leaves added at its right.

    Raises: VerificationError: a subtree cannot stand at its place.
    """
    size, nodes = edge.size, list(edge.nodes)
    for level, node in subtrees:
        if size & ((1 << level) - 1):
            raise VerificationError(f"No complete subtree of level {level} begins at leaf {size}")
        rest, grown = size >> level, node
        while rest & 1:
            grown = hash_children(nodes.pop(), grown)
            rest >>= 1
        nodes.append(grown)
        size += 1 << level
    return Edge(size, tuple(nodes))


def runs_of(first: int, end: int, delivered: Sequence[int], erased: Sequence[int]) -> list[Run]:
    """Return the runs of places [first, end): what is neither delivered nor erased is withheld.

    Args:
        delivered, erased: places in order, without a common one.
    """
    marks = sorted(
        [(place, Kind.DELIVERED) for place in delivered]
        + [(place, Kind.ERASED) for place in erased]
    )
    runs: list[Run] = []
    at = first
    for place, kind in marks:
        if place > at:
            runs.append(Run(Kind.WITHHELD, place - at))
        if runs and runs[-1].kind is kind:
            runs[-1] = Run(kind, runs[-1].count + 1)
        else:
            runs.append(Run(kind, 1))
        at = place + 1
    if at < end:
        runs.append(Run(Kind.WITHHELD, end - at))
    return runs


def places(first: int, runs: Iterable[Run]) -> Iterator[tuple[Kind, int, int]]:
    """Yield (kind, first, end) of each run."""
    for run in runs:
        yield run.kind, first, first + run.count
        first += run.count


def unseen(first: int, runs: Sequence[Run], size: int) -> Iterator[Address]:
    """Yield the subtrees of which the proof holds the hash: not delivered, and all behind."""
    end = first
    for kind, begin, end in places(first, runs):
        if kind is not Kind.DELIVERED:
            yield from cover(begin, end)
    yield from cover(end, size)


def prove(first: int, runs: Sequence[Run], size: int, node_at: NodeAt) -> list[bytes]:
    """Return the hashes of `unseen`, in order: the proof of the stretch in the tree of `size`."""
    return [node_at(level, index) for level, index in unseen(first, runs, size)]


def verify(
    edge: Edge, runs: Sequence[Run], leaves: Sequence[bytes], proof: Sequence[bytes], size: int
) -> tuple[Edge, bytes]:
    """Return the edge behind the stretch and the root of `size` leaves to which it leads.

    Args:
        edge: of all places before the stretch.
        leaves: leaf hashes of the delivered places, in order.
        proof: what `prove` gives.

    Raises: VerificationError: counts do not fit. The caller compares the root.
    """
    given, hidden = iter(leaves), iter(proof)
    _require_counts(edge.size, runs, leaves, proof, size)
    for kind, begin, end in places(edge.size, runs):
        if kind is Kind.DELIVERED:
            edge = extend(edge, ((0, next(given)) for _ in range(begin, end)))
        else:
            edge = extend(edge, ((level, next(hidden)) for level, _ in cover(begin, end)))
    behind = extend(edge, ((level, next(hidden)) for level, _ in cover(edge.size, size)))
    return edge, behind.root


def nodes(
    edge: Edge, runs: Sequence[Run], leaves: Sequence[bytes], proof: Sequence[bytes], size: int
) -> NodeAt:
    """Return `node_at` over a verified stretch: enough for the path of each delivered leaf.

    A sibling on such a path is one of the known subtrees or is made of known ones: if a withheld
    subtree were larger than the sibling, it would hold the delivered leaf too.
    """
    known: dict[Address, bytes] = dict(zip(cover(0, edge.size), edge.nodes, strict=True))
    known.update(zip(unseen(edge.size, runs, size), proof, strict=True))
    given = iter(leaves)
    for kind, begin, end in places(edge.size, runs):
        if kind is Kind.DELIVERED:
            known.update({(0, place): next(given) for place in range(begin, end)})
    return lambda level, index: _node(known, level, index)


def path(known: NodeAt, index: int, size: int) -> list[bytes]:
    """Return the inclusion path of a delivered leaf (RFC 9162, 2.1.3.1)."""
    return merkle.inclusion_path(index, size, known)


def _node(known: Mapping[Address, bytes], level: int, index: int) -> bytes:
    node = known.get((level, index))
    if node is not None:
        return node
    if level == 0:
        raise VerificationError(f"Nothing is known of leaf {index}: it was not delivered")
    below = level - 1
    return hash_children(_node(known, below, 2 * index), _node(known, below, 2 * index + 1))


def _require_counts(
    first: int, runs: Sequence[Run], leaves: Sequence[bytes], proof: Sequence[bytes], size: int
) -> None:
    end = first + sum(run.count for run in runs)
    if end > size:
        raise VerificationError(f"A stretch that ends at {end} is not in a log of {size}")
    delivered = sum(run.count for run in runs if run.kind is Kind.DELIVERED)
    if delivered != len(leaves):
        raise VerificationError(f"{delivered} places are delivered, but {len(leaves)} facts came")
    wanted = sum(1 for _ in unseen(first, runs, size))
    if wanted != len(proof):
        raise VerificationError(f"The stretch needs a proof of {wanted} hashes, not {len(proof)}")
