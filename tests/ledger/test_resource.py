"""Paths and files of C2SP tlog-tiles: the specification's own examples, and hostile ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.bundle import emit_bundle, emit_tile, parse_bundle, parse_tile
from clearway.ledger.resource import ENTRIES, Resource, parse_path, resources_of, tiles_of

RESOURCES = st.builds(
    Resource, st.integers(ENTRIES, 63), st.integers(0, 10**21 - 1), st.integers(1, 256)
)


def test_paths_are_those_of_the_specification() -> None:
    assert Resource(0, 1234067).path == "tile/0/x001/x234/067"
    assert Resource(ENTRIES, 0, 3).path == "tile/entries/000.p/3"
    assert Resource(63, 5).path == "tile/63/005"


def test_a_tree_of_70000_leaves_has_the_tiles_of_the_specification() -> None:
    tiles = [list(tiles_of(level, 70_000)) for level in range(3)]
    assert [len(level) for level in tiles] == [274, 2, 1]
    assert [level[-1].width for level in tiles] == [112, 17, 1]
    assert list(tiles_of(0, 256)) == [Resource(0, 0)]
    assert list(tiles_of(1, 256)) == [Resource(1, 0, 1)]
    assert list(resources_of(0)) == []
    assert list(resources_of(2)) == [Resource(0, 0, 2), Resource(ENTRIES, 0, 2)]


@given(RESOURCES)
def test_a_path_is_read_back(resource: Resource) -> None:
    assert parse_path(resource.path) == resource


@pytest.mark.parametrize(
    "path",
    [
        "", "checkpoint", "tile", "tile/0", "tile/0/", "tile/00/000", "tile/64/000", "tile/-1/000",
        "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/x1",
        "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/300", "tile/entries/../000", "/tile/0/000", "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/Entries/000", "tile/0/" + "x001/" * 7 + "001", "tile//0/000", "tile/0/000/",
    ],
)  # fmt: skip
def test_a_path_in_another_form_is_refused(path: str) -> None:
    with pytest.raises(MalformedMessage):
        parse_path(path)


@given(st.text(max_size=40))
def test_no_text_reads_as_a_path_unless_it_is_one(text: str) -> None:
    with contextlib.suppress(MalformedMessage):
        assert parse_path(text).path == text


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=256))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    assert parse_bundle(emit_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=200), st.integers(1, 256))
def test_bytes_that_read_as_a_bundle_are_that_bundle(data: bytes, width: int) -> None:
    try:
        entries = parse_bundle(data, width)
    except MalformedMessage:
        return
    assert emit_bundle(entries) == data


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=9), st.integers(1, 200))
def test_a_bundle_cut_short_or_lengthened_is_refused(entries: list[bytes], cut: int) -> None:
    data = emit_bundle(entries)
    with pytest.raises(MalformedMessage, match="breaks off"):
        parse_bundle(data[: max(0, len(data) - cut)], len(entries))
    with pytest.raises(MalformedMessage, match="bytes follow"):
        parse_bundle(data + b"\x00" * cut, len(entries))


def test_the_largest_entry_fits_and_no_larger_one() -> None:
    assert parse_bundle(emit_bundle([b"x" * 65_535]), 1) == [b"x" * 65_535]
    with pytest.raises(TooLarge, match="Entry 1 has 65536 bytes"):
        emit_bundle([b"", b"x" * 65_536])


def test_a_tile_has_exactly_its_width() -> None:
    hashes = [bytes([n]) * 32 for n in range(256)]
    assert parse_tile(emit_tile(hashes), 256) == hashes
    for data, width in ((b"", 1), (b"x" * 31, 1), (b"x" * 33, 1), (b"x" * 8192, 255)):
        with pytest.raises(MalformedMessage):
            parse_tile(data, width)
    for width in (0, 257, -1):
        with pytest.raises(MalformedMessage):
            parse_tile(b"", width)
        with pytest.raises(MalformedMessage):
            parse_bundle(b"", width)
    with pytest.raises(MalformedMessage, match="32 bytes"):
        emit_tile([b"short"])
