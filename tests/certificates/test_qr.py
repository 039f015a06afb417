"""QR codes: sizes of real encodes, pictures as cameras take them, and hostile pictures."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from clearway.certificates.formats import png, qr, seal_text
from clearway.errors import BadTerm, InputError, MalformedMessage, TooLarge

from . import sealing

REFERENCE = seal_text.text(sealing.sealed())
INSPECTION = seal_text.text(sealing.sealed(with_lines=True))
SEALS = pytest.mark.parametrize("text", [REFERENCE, INSPECTION], ids=["reference", "inspection"])


def picture(text: str, scale: int = 4) -> png.Grey:
    return png.read(qr.make(text).png(scale))


def turned(grey: png.Grey, degrees: float) -> png.Grey:
    """Return a picture turned by any angle, on a white ground."""
    side = int(max(grey.shape) * 1.5)
    angle = np.deg2rad(degrees)
    y, x = np.mgrid[0:side, 0:side] - side / 2
    across = np.cos(angle) * x + np.sin(angle) * y + grey.shape[1] / 2
    down = -np.sin(angle) * x + np.cos(angle) * y + grey.shape[0] / 2
    inside = (across >= 0) & (across < grey.shape[1]) & (down >= 0) & (down < grey.shape[0])
    result = np.full((side, side), 255, dtype=np.uint8)
    result[inside] = grey[down[inside].astype(int), across[inside].astype(int)]
    return result


def smaller(grey: png.Grey, side: int) -> png.Grey:
    """Return a picture of lower resolution, each pixel the mean of what it covers."""
    fine = 4
    places = ((np.arange(side * fine) + 0.5) * grey.shape[0] / (side * fine)).astype(int)
    sampled = grey[np.ix_(places, places)].astype(np.float64)
    return sampled.reshape(side, fine, side, fine).mean(axis=(1, 3)).astype(np.uint8)


def noisy(grey: png.Grey, amount: float, contrast: float = 0.6) -> png.Grey:
    """Return a picture as a poor camera takes it: flat, bright on one side, grainy."""
    grain = np.random.default_rng(4).normal(0, amount, grey.shape)
    light = np.linspace(20, 90, grey.shape[1])
    return np.asarray(np.clip(grey * contrast + light + grain, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize(("count", "version"), [(311, 10), (312, 11), (528, 14), (529, 15)])
def test_the_limits_of_a_seal_are_those_of_the_versions(count: int, version: int) -> None:
    assert qr.make("A" * count).version == version
    assert {seal_text.REFERENCE_CHARACTERS, seal_text.INSPECTION_CHARACTERS} == {311, 528}


def test_a_reference_seal_is_of_version_ten_and_an_inspection_seal_of_fourteen_at_most() -> None:
    assert qr.make(REFERENCE).version <= 10
    assert qr.make(REFERENCE).size <= 57
    assert qr.make(INSPECTION).version <= 14
    assert qr.make(INSPECTION).size <= 73


@SEALS
@pytest.mark.parametrize("scale", [1, 2, 3, 8])
def test_what_is_written_is_read(text: str, scale: int) -> None:
    assert qr.read(qr.make(text).png(scale)) == (text,)


@SEALS
@pytest.mark.parametrize("degrees", [7, 33, 45, 90, 180, 211.5])
def test_a_turned_code_is_read(text: str, degrees: float) -> None:
    assert qr.read_grey(turned(picture(text), degrees)) == (text,)


@SEALS
def test_a_noisy_code_in_uneven_light_is_read(text: str) -> None:
    assert qr.read_grey(noisy(picture(text), 16)) == (text,)


@SEALS
def test_a_code_of_two_pixels_a_module_is_read(text: str) -> None:
    grey = picture(text)
    modules = qr.make(text).size + 8
    assert qr.read_grey(smaller(grey, 2 * modules)) == (text,)


@SEALS
def test_a_code_is_read_that_is_turned_noisy_and_partly_dirty(text: str) -> None:
    grey = picture(text, 5)
    middle = grey.shape[0] // 2
    grey = grey.copy()
    grey[middle : middle + 18, middle : middle + 18] = 200
    assert qr.read_grey(noisy(turned(grey, 12), 15)) == (text,)


def test_nothing_is_read_from_a_picture_without_a_code() -> None:
    assert qr.read_grey(np.full((80, 80), 255, dtype=np.uint8)) == ()
    grain = np.random.default_rng(1).integers(0, 256, (120, 120), dtype=np.uint8)
    assert qr.read_grey(grain) == ()


def test_two_codes_in_one_picture_are_both_read() -> None:
    one, two = picture(REFERENCE), picture(INSPECTION)
    canvas = np.full((two.shape[0], one.shape[1] + two.shape[1]), 255, dtype=np.uint8)
    canvas[: one.shape[0], : one.shape[1]] = one
    canvas[:, one.shape[1] :] = two
    assert set(qr.read_grey(canvas)) == {REFERENCE, INSPECTION}


def test_pictures_of_health_certificates_are_read(shared_data: Path) -> None:
    """Pictures from outside: grey, coloured and with palette."""
    files = sorted((shared_data / "trust" / "dcc").rglob("*.png"))
    assert len(files) >= 5
    for file in files:
        (text,) = qr.read(file.read_bytes())
        assert text.startswith("HC1:"), file


def test_the_svg_has_each_dark_module_once() -> None:
    code = qr.make(REFERENCE)
    root = etree.fromstring(code.svg().encode())
    path = root.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    lengths = [int(run.split("h")[1].split("v")[0]) for run in path.get("d", "").split("M")[1:]]
    assert sum(lengths) == int((code.modules == 0).sum())


@pytest.mark.parametrize("text", ["", "cw1:abc", "CW1:É", "A" * 3_392])
def test_what_is_no_text_of_a_seal_is_not_drawn(text: str) -> None:
    with pytest.raises((BadTerm, TooLarge)):
        qr.make(text)


# --- pictures from strangers


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + check


def forged(header: bytes, data: bytes) -> bytes:
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def head(width: int, height: int, rest: bytes = bytes((8, 0, 0, 0, 0))) -> bytes:
    return width.to_bytes(4, "big") + height.to_bytes(4, "big") + rest


def test_a_bomb_and_a_giant_are_refused_before_they_are_inflated() -> None:
    zeros = zlib.compress(bytes(1 << 20), 9)
    with pytest.raises(TooLarge):
        png.read(forged(head(60_000, 60_000), zeros))
    with pytest.raises(TooLarge):
        png.read(forged(head(16_000, 16_000), zeros))
    assert png.read(forged(head(10, 10), zeros)).shape == (10, 10)  # the rest is not inflated


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xe0 a JPEG",
        forged(head(2, 2), b"no zlib"),
        forged(head(2, 2), zlib.compress(b"\x00\x01")),
        forged(head(2, 2), zlib.compress(b"\x09\x01\x01\x00\x01\x01")),
        forged(head(2, 2, bytes((8, 0, 0, 0, 1))), zlib.compress(bytes(6))),
        forged(head(2, 2, bytes((8, 3, 0, 0, 0))), zlib.compress(bytes(6))),
        forged(b"short", b""),
        qr.make("A").png(1)[:-20],
        qr.make("A").png(1).replace(b"IDAT", b"IDAU"),
    ],
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        png.read(data)


@given(place=st.integers(0, 1 << 16), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_a_damaged_picture_is_refused_or_read_and_never_crashes(place: int, bit: int) -> None:
    data = bytearray(qr.make("AB").png(1))
    data[place % len(data)] ^= 1 << bit
    try:
        png.read(bytes(data))
    except InputError:
        return


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(("colour", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_every_filter_of_every_kind_of_picture_is_undone(
    kind: int, colour: int, samples: int
) -> None:
    """Filtered as the standard says, by another way: pixel after pixel."""
    values = np.random.default_rng(kind).integers(0, 256, (5, 7 * samples)).tolist()
    raw = b"".join(bytes([kind, *filtered(kind, values, row, samples)]) for row in range(5))
    header = head(7, 5, bytes((8, colour, 0, 0, 0)))
    found = png.read(forged(header, zlib.compress(raw)))
    expected = [
        [grey_of(row[place : place + samples]) for place in range(0, len(row), samples)]
        for row in values
    ]
    assert np.abs(found.astype(int) - np.array(expected)).max() <= 2  # rounded twice


def filtered(kind: int, values: list[list[int]], row: int, step: int) -> list[int]:
    line = values[row]
    above = values[row - 1] if row else [0] * len(line)
    result = []
    for place, value in enumerate(line):
        a = line[place - step] if place >= step else 0
        b = above[place]
        c = above[place - step] if place >= step else 0
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        result.append((value - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
    return result


def grey_of(pixel: list[int]) -> float:
    is_clear = len(pixel) in (2, 4)
    colours = pixel[:-1] if is_clear else pixel
    grey = (
        colours[0]
        if len(colours) == 1
        else sum(part * value for part, value in zip((0.299, 0.587, 0.114), colours, strict=True))
    )
    alpha = pixel[-1] / 255 if is_clear else 1
    return grey * alpha + 255 * (1 - alpha)


@pytest.mark.parametrize("depth", [1, 2, 4, 16])
def test_other_depths_are_read(depth: int) -> None:
    row = {1: b"\x40", 2: b"\x30", 4: b"\x0f", 16: b"\x00\x00\xff\xff"}[depth]
    header = head(2, 1, bytes((depth, 0, 0, 0, 0)))
    assert png.read(forged(header, zlib.compress(b"\x00" + row))).tolist() == [[0, 255]]
