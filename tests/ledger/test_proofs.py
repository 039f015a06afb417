"""Proofs: every honest one verifies, every altered one fails, outside probes agree."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    hash_layer,
    hash_leaf,
    inclusion_path,
)
from clearway.ledger.proofs import root_from_inclusion, verify_consistency, verify_inclusion

MOST = 300
LAYERS = [[hash_leaf(b"%d" % index) for index in range(MOST)]]
while len(LAYERS[-1]) > 1:
    LAYERS.append(hash_layer(LAYERS[-1]))


def node_at(level: int, index: int) -> bytes:
    return LAYERS[level][index]


def root_of(size: int) -> bytes:
    return Frontier.of(size, node_at).root()


ROOTS = [root_of(size) for size in range(MOST + 1)]


@st.composite
def inclusions(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    size = draw(st.integers(1, MOST))
    index = draw(st.integers(0, size - 1))
    return index, size, inclusion_path(index, size, node_at)


@st.composite
def consistencies(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    new = draw(st.integers(1, MOST))
    old = draw(st.integers(1, new))
    return old, new, consistency_path(old, new, node_at)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


def test_every_inclusion_proof_of_small_trees_verifies() -> None:
    for size in range(1, 66):
        for index in range(size):
            path = inclusion_path(index, size, node_at)
            verify_inclusion(index, size, LAYERS[0][index], path, ROOTS[size])
            assert root_from_inclusion(index, size, LAYERS[0][index], path) == ROOTS[size]


def test_every_consistency_proof_of_small_trees_verifies() -> None:
    for new in range(1, 66):
        for old in range(1, new + 1):
            path = consistency_path(old, new, node_at)
            verify_consistency(old, new, path, ROOTS[old], ROOTS[new])


@given(proof=inclusions())
def test_any_inclusion_proof_verifies(proof: tuple[int, int, list[bytes]]) -> None:
    index, size, path = proof
    verify_inclusion(index, size, LAYERS[0][index], path, ROOTS[size])


@given(proof=consistencies())
def test_any_consistency_proof_verifies(proof: tuple[int, int, list[bytes]]) -> None:
    old, new, path = proof
    verify_consistency(old, new, path, ROOTS[old], ROOTS[new])


@given(proof=inclusions(), bit=st.integers(0, 255), which=st.integers(0, 10))
def test_any_flipped_bit_breaks_an_inclusion_proof(
    proof: tuple[int, int, list[bytes]], bit: int, which: int
) -> None:
    index, size, path = proof
    parts = [LAYERS[0][index], ROOTS[size], *path]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    with pytest.raises(VerificationError):
        verify_inclusion(index, size, parts[0], parts[2:], parts[1])


@given(proof=consistencies(), bit=st.integers(0, 255), which=st.integers(0, 10))
def test_any_flipped_bit_breaks_a_consistency_proof(
    proof: tuple[int, int, list[bytes]], bit: int, which: int
) -> None:
    old, new, path = proof
    parts = [ROOTS[old], ROOTS[new], *path]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    with pytest.raises(VerificationError):
        verify_consistency(old, new, parts[2:], parts[0], parts[1])


@given(proof=inclusions(), other=st.integers(0, MOST - 1), size=st.integers(1, MOST))
def test_a_proof_holds_for_no_other_leaf(
    proof: tuple[int, int, list[bytes]], other: int, size: int
) -> None:
    index, own_size, path = proof
    if other != index:
        with pytest.raises(VerificationError):
            verify_inclusion(index, own_size, LAYERS[0][other], path, ROOTS[own_size])
    if size != own_size:
        with pytest.raises(VerificationError):
            verify_inclusion(index, own_size, LAYERS[0][index], path, ROOTS[size])


def test_a_truncated_or_longer_proof_is_named() -> None:
    path = inclusion_path(5, 8, node_at)
    with pytest.raises(VerificationError, match="has 2 hashes; these sizes need 3"):
        verify_inclusion(5, 8, LAYERS[0][5], path[:-1], ROOTS[8])
    with pytest.raises(VerificationError, match="has 4 hashes; these sizes need 3"):
        verify_inclusion(5, 8, LAYERS[0][5], [*path, bytes(32)], ROOTS[8])


def test_a_hash_of_wrong_length_is_named() -> None:
    path = inclusion_path(5, 8, node_at)
    with pytest.raises(VerificationError, match="root has 0 bytes"):
        verify_inclusion(5, 8, LAYERS[0][5], path, b"")
    with pytest.raises(VerificationError, match="leaf hash has 31 bytes"):
        verify_inclusion(5, 8, LAYERS[0][5][:-1], path, ROOTS[8])
    with pytest.raises(VerificationError, match="hash 1 has 33 bytes"):
        verify_inclusion(5, 8, LAYERS[0][5], [path[0], path[1] + b"\0", path[2]], ROOTS[8])


def test_nothing_is_consistent_with_the_empty_tree() -> None:
    with pytest.raises(VerificationError, match="0 leaves cannot be shown to grow into 5"):
        verify_consistency(0, 5, [], EMPTY_ROOT, ROOTS[5])
    with pytest.raises(VerificationError, match="0 leaves cannot be shown to grow into 0"):
        verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)


def test_sizes_beyond_every_log_cost_no_time() -> None:
    with pytest.raises(VerificationError, match="outside 0 to"):
        verify_inclusion(0, 1 << 100_000, LAYERS[0][0], [], ROOTS[1])
    with pytest.raises(VerificationError, match="outside 0 to"):
        verify_inclusion(1 << 100_000, 1, LAYERS[0][0], [], ROOTS[1])
    with pytest.raises(VerificationError, match="outside 0 to"):
        verify_consistency(-1, 3, [], ROOTS[1], ROOTS[3])


def decoded(value: str | None) -> bytes:
    return base64.b64decode(value or "")


def probes(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Source: transparency-dev/merkle, testdata, each with its expected verdict."""
    return [
        (str(path.relative_to(folder)), json.loads(path.read_text()))
        for path in sorted(folder.rglob("*.json"))
    ]


def holds(check: Any, *arguments: Any) -> bool:
    try:
        check(*arguments)
    except VerificationError:
        return False
    return True


def test_outside_inclusion_probes_get_the_expected_verdict(shared_data: Path) -> None:
    cases = probes(shared_data / "ledger" / "merkle" / "inclusion")
    assert len(cases) >= 50
    for name, probe in cases:
        path = [decoded(hash_) for hash_ in probe["proof"] or ()]
        verdict = holds(
            verify_inclusion,
            probe["leafIdx"],
            probe["treeSize"],
            decoded(probe["leafHash"]),
            path,
            decoded(probe["root"]),
        )
        assert verdict is not probe["wantErr"], name


def test_outside_consistency_probes_get_the_expected_verdict(shared_data: Path) -> None:
    cases = probes(shared_data / "ledger" / "merkle" / "consistency")
    assert len(cases) >= 50
    for name, probe in cases:
        path = [decoded(hash_) for hash_ in probe["proof"] or ()]
        verdict = holds(
            verify_consistency,
            probe["size1"],
            probe["size2"],
            path,
            decoded(probe["root1"]),
            decoded(probe["root2"]),
        )
        assert verdict is not probe["wantErr"], name
