"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: hashes, frontier, proofs.

A tree of `size` leaves is seen through its COMPLETE subtrees: `node_at(level, index)` is the hash
of the 2**level leaves from `index << level` on. Whoever can answer that (a list in memory, tiles in
a database) gets roots and proofs from here; nothing here keeps more than log2(size) hashes.

    frontier = Frontier()
    frontier.append(hash_leaf(b"first"))
    frontier.root()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from clearway.errors import VerificationError

NodeAt = Callable[[int, int], bytes]

# RFC 9162, 2.1.1: the hash of an empty tree is the hash of nothing.
EMPTY_ROOT = sha256(b"").digest()
HASH_SIZE = 32


def hash_leaf(entry: bytes) -> bytes:
    """Return the leaf hash of an entry: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def hash_layer(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the parents of neighbouring pairs; an odd last hash has no parent yet."""
    lefts, rights = hashes[0 : len(hashes) - 1 : 2], hashes[1::2]
    return [
        sha256(b"\x01" + left + right).digest() for left, right in zip(lefts, rights, strict=True)
    ]


class Frontier:
    """The roots of the complete subtrees that make up a tree, the largest first.

    One hash for each 1 in the binary form of `size`: enough to append and to give the root.
    """

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._nodes = list(nodes)
        if len(self._nodes) != size.bit_count():
            raise VerificationError(
                f"A tree of {size} leaves has {size.bit_count()} complete subtrees, "
                f"not {len(self._nodes)}"
            )

    @classmethod
    def of(cls, size: int, node_at: NodeAt) -> Frontier:
        """Return the frontier of the first `size` leaves."""
        return cls(size, _cover(0, size, node_at))

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf at the right."""
        nodes, rest, node = self._nodes, self.size, leaf_hash
        while rest & 1:
            node = sha256(b"\x01" + nodes.pop() + node).digest()
            rest >>= 1
        nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash of the whole tree; `EMPTY_ROOT` without leaves."""
        return _join(self._nodes) if self._nodes else EMPTY_ROOT

    def copy(self) -> Frontier:
        """Return a frontier that can be appended to without changing this one."""
        return Frontier(self.size, self._nodes)


def inclusion_path(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1).

    Raises: VerificationError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise VerificationError(f"Leaf {index} is not in a tree of {size} leaves")
    return _path(0, index, size, node_at)


def consistency_path(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is a prefix of that of `new` (2.1.4.1).

    Raises: VerificationError: unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise VerificationError(f"No proof leads from {old} to {new} leaves")
    if old == new:
        return []
    level = (old & -old).bit_length() - 1  # the subtree that ends at the old right edge
    index = (old >> level) - 1
    start = [] if index == 0 else [node_at(level, index)]  # a power of two is its own root
    return start + _path(level, index, new, node_at)


def _path(level: int, index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Return the siblings from node (level, index) up to the root of `size` leaves.

    Up to the level where the node's way and the last leaf's way part, each right sibling is
    complete; there, the right sibling is all that is left of the tree; above, only left siblings.
    """
    last = (size - 1) >> level
    parting = (index ^ last).bit_length()
    if parting == 0:
        return _left_siblings(level, index, node_at)
    path = [node_at(level + up, (index >> up) ^ 1) for up in range(parting - 1)]
    begin = ((index >> (parting - 1)) | 1) << (parting - 1 + level)
    path.append(_join(_cover(begin, size, node_at)))
    return path + _left_siblings(level + parting, index >> parting, node_at)


def _left_siblings(level: int, index: int, node_at: NodeAt) -> list[bytes]:
    path = []
    while index:
        if index & 1:
            path.append(node_at(level, index - 1))
        level, index = level + 1, index >> 1
    return path


def _cover(begin: int, end: int, node_at: NodeAt) -> list[bytes]:
    """Return the complete subtrees of leaves [begin, end), where `begin` starts a subtree."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(node_at(level, begin >> level))
        begin += 1 << level
    return nodes


def _join(nodes: list[bytes]) -> bytes:
    root = nodes[-1]
    for node in reversed(nodes[:-1]):
        root = sha256(b"\x01" + node + root).digest()
    return root
