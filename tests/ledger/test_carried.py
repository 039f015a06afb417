"""A checkpoint that leaves the machine comes back as it was, in every form."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.ledger import carried
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.note import Signer, open_note

SIGNER = Signer.from_seed("customs.example/border", bytes(range(32)))
NOTE = SIGNER.sign(Checkpoint(SIGNER.name, 20_852_163, b"r" * 32).marshal())


def pixels_of_png(png: bytes) -> np.ndarray:
    """Return the pixels of a grey PNG without filters; every check of the container is made."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + size]
        check = int.from_bytes(png[at + 8 + size : at + 12 + size], "big")
        assert check == zlib.crc32(kind + data)
        parts[kind] = data
        at += 12 + size
    width, height = (int.from_bytes(parts[b"IHDR"][n : n + 4], "big") for n in (0, 4))
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return np.ascontiguousarray(rows[:, 1:])


def read_code(pixels: np.ndarray) -> str:
    (found,) = zxingcpp.read_barcodes(pixels)
    return str(found.text)


def test_a_checkpoint_comes_back_from_text() -> None:
    text = carried.to_text(NOTE)
    assert carried.from_text(text) == NOTE
    assert carried.from_text(NOTE) == NOTE
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f">> > {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"JD> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"    {line}   \r\n" for line in text.splitlines()),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "Dear all,\n" + text + "\n-- \nBest regards\n",
        lambda text: "\n".join(
            line if "-----" in line else f"{line[:31]}\n> {line[31:]}" for line in text.splitlines()
        ),
        lambda text: text.replace("\n", "\u00a0\n"),
    ],
)
def test_a_checkpoint_survives_what_mail_does_to_text(mangle: object) -> None:
    assert carried.from_text(mangle(carried.to_text(NOTE))) == NOTE  # type: ignore[operator]


@given(st.integers(0, 500), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_damaged_text_is_said_to_be_damaged(at: int, letter: str) -> None:
    text = carried.to_text(NOTE)
    begin, end = text.index("\n") + 1, text.index(carried.END) - 1
    place = begin + at % (end - begin)
    if text[place] in ("\n", letter):
        return
    with pytest.raises(MalformedMessage, match="damaged"):
        carried.from_text(text[:place] + letter + text[place + 1 :])


def test_half_a_block_two_blocks_and_endless_text_are_refused() -> None:
    text = carried.to_text(NOTE)
    for wrong in (text[:-20], text[20:], text + text, carried.END + carried.BEGIN):
        with pytest.raises(MalformedMessage):
            carried.from_text(wrong)
    with pytest.raises(MalformedMessage):
        carried.from_text(carried.BEGIN + "\n" + carried.END)
    with pytest.raises(TooLarge):
        carried.from_text("x" * 3_000_000)


def test_a_checkpoint_comes_back_from_the_picture_of_a_code() -> None:
    assert read_code(pixels_of_png(carried.to_qr_png(NOTE))) == NOTE


def test_a_checkpoint_comes_back_from_a_drawing_of_a_code() -> None:
    drawing = carried.to_qr_svg(NOTE)
    assert drawing.lstrip().startswith("<?xml")
    assert "<svg" in drawing


def test_a_checkpoint_comes_back_from_a_terminal() -> None:
    shades = {"\u2588": (255, 255), "\u2580": (255, 0), "\u2584": (0, 255), " ": (0, 0)}
    rows: list[list[int]] = []
    for line in carried.to_qr_terminal(NOTE).splitlines():
        rows += [[shades[c][0] for c in line], [shades[c][1] for c in line]]
    pixels = np.array(rows, np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    read = read_code(pixels)
    assert read == NOTE
    open_note(read, [SIGNER.verifier])


def test_a_checkpoint_too_long_for_a_code_is_sent_another_way() -> None:
    with pytest.raises(InputError, match="export it as a file or as text"):
        carried.to_qr_png(NOTE + "x" * 3_000)
