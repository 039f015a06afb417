"""Verifying proofs of RFC 9162, section 2.1: pure, strict, and silent only when all holds.

Conventions beyond the RFC, shared with other verifiers: every hash has exactly 32 bytes, and
nothing is consistent with the empty tree (any tree is, so that would prove nothing).
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from clearway.errors import VerificationError
from clearway.ledger.merkle import HASH_SIZE, hash_children

# 2**63 - 1 leaves are more than any log holds; larger numbers are an attack on our time.
MAX_SIZE = 2**63 - 1


def verify_inclusion(
    index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf_hash` is leaf `index` of the tree of `size` leaves under `root`.

    Raises: VerificationError: naming what does not hold.
    """
    _require_hash("root", root)
    if not compare_digest(root_from_inclusion(index, size, leaf_hash, path), root):
        raise VerificationError(
            f"The inclusion proof of leaf {index} does not lead to the root of {size} leaves",
            index=index,
            size=size,
        )


def root_from_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root to which an inclusion proof leads (RFC 9162, 2.1.3.2).

    Raises: VerificationError: when index, size and length of the path do not fit together.
    """
    _require_size("size", size)
    _require_size("index", index)
    if index >= size:
        raise VerificationError(
            f"Leaf {index} cannot be in a tree of {size} leaves", index=index, size=size
        )
    _require_hash("leaf hash", leaf_hash)
    inner = (index ^ (size - 1)).bit_length()
    _require_length("inclusion proof", path, inner + (index >> inner).bit_count())
    node = _climb(leaf_hash, path[:inner], index)
    return _climb_right_edge(node, path[inner:])


def verify_consistency(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the old tree is a prefix of the new one (RFC 9162, 2.1.4.2).

    Raises: VerificationError: naming what does not hold; also for an empty old tree.
    """
    _require_size("old size", old_size)
    _require_size("new size", new_size)
    if not 0 < old_size <= new_size:
        raise VerificationError(
            f"A tree of {old_size} leaves cannot be shown to grow into {new_size}",
            old_size=old_size,
            new_size=new_size,
        )
    if old_size == new_size:
        _require_length("consistency proof", path, 0)
        _require_equal("old root", old_root, new_root, old_size)
        return
    _require_hash("old root", old_root)
    _require_hash("new root", new_root)
    _verify_growth(old_size, new_size, path, old_root, new_root)


def old_root_from_consistency(
    old_size: int, new_size: int, path: Sequence[bytes], new_root: bytes
) -> bytes:
    """Return the root of `old_size` leaves that a consistency proof shows under `new_root`.

    The path's hashes lead to `new_root`, so they are nodes of its tree, and so is what they make of
    the older size. Where that size is a power of two the path does not hold its root, and nothing
    can be shown.

    Raises: VerificationError: the path does not lead to `new_root`, or shows nothing.
    """
    _require_size("new size", new_size)
    if not 0 < old_size < new_size or not old_size & (old_size - 1):
        raise VerificationError(f"No proof shows a root of {old_size} leaves under {new_size}")
    _require_hash("new root", new_root)
    index, inner = _place_of_growth(old_size, new_size)
    _require_length("consistency proof", path, 1 + inner + (index >> inner).bit_count())
    new = _climb(path[0], path[1 : 1 + inner], index)
    _require_equal("new root", _climb_right_edge(new, path[1 + inner :]), new_root, new_size)
    old = _climb_left(path[0], path[1 : 1 + inner], index)
    return _climb_right_edge(old, path[1 + inner :])


def _verify_growth(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    index, inner = _place_of_growth(old_size, new_size)
    # A power of two is a subtree of its own: the proof begins at the old root itself.
    seeded = index != 0
    _require_length("consistency proof", path, seeded + inner + (index >> inner).bit_count())
    seed, steps = (path[0], path[1:]) if seeded else (old_root, path)
    old = _climb_left(seed, steps[:inner], index)
    _require_equal("old root", _climb_right_edge(old, steps[inner:]), old_root, old_size)
    new = _climb(seed, steps[:inner], index)
    _require_equal("new root", _climb_right_edge(new, steps[inner:]), new_root, new_size)


def _place_of_growth(old_size: int, new_size: int) -> tuple[int, int]:
    """Return where the old tree's last complete subtree stands, and how far up the ways part."""
    level = (old_size & -old_size).bit_length() - 1
    index = (old_size - 1) >> level
    return index, (index ^ ((new_size - 1) >> level)).bit_length()


def _climb(node: bytes, path: Sequence[bytes], index: int) -> bytes:
    """Hash upwards; the bits of `index` say on which side each sibling stands."""
    for up, sibling in enumerate(path):
        left = (index >> up) & 1
        node = hash_children(sibling, node) if left else hash_children(node, sibling)
    return node


def _climb_left(node: bytes, path: Sequence[bytes], index: int) -> bytes:
    """Hash upwards with left siblings only: what the old tree had."""
    for up, sibling in enumerate(path):
        if (index >> up) & 1:
            node = hash_children(sibling, node)
    return node


def _climb_right_edge(node: bytes, path: Sequence[bytes]) -> bytes:
    for sibling in path:
        node = hash_children(sibling, node)
    return node


def _require_size(name: str, size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise VerificationError(f"The {name} is outside 0 to {MAX_SIZE}")


def _require_hash(name: str, value: bytes) -> None:
    if len(value) != HASH_SIZE:
        raise VerificationError(f"The {name} has {len(value)} bytes instead of {HASH_SIZE}")


def _require_length(name: str, path: Sequence[bytes], expected: int) -> None:
    if len(path) != expected:
        raise VerificationError(f"The {name} has {len(path)} hashes; these sizes need {expected}")
    for place, value in enumerate(path):
        _require_hash(f"{name}'s hash {place}", value)


def _require_equal(name: str, computed: bytes, claimed: bytes, size: int) -> None:
    if not compare_digest(computed, claimed):
        raise VerificationError(
            f"The consistency proof does not lead to the {name} of {size} leaves", size=size
        )
