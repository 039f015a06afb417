"""Which characters a font can show: its `cmap` table (OpenType 1.9, cmap formats 4 and 12).

    covered = characters(font_file_bytes)
    ord("ع") in covered

Only what is needed to promise that a page shows no empty boxes; the drawing is typst's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from clearway.errors import MalformedMessage

_UNICODE_PLATFORMS = (0, 3)


def characters(font: bytes) -> frozenset[int]:
    """Return the code points that the font (of a collection, its first one) has a glyph for.

    Args:
        font: TrueType, OpenType or a collection of them.

    Raises: MalformedMessage: it is none of these, or has no Unicode table.
    """
    try:
        return frozenset(_points(font, _cmap(font)))
    except struct.error as error:
        raise MalformedMessage(f"A font file cannot be read: {error}") from error


def _cmap(font: bytes) -> int:
    start = _u32(font, 12) if font[:4] == b"ttcf" else 0
    for index in range(_u16(font, start + 4)):
        entry = start + 12 + 16 * index
        if font[entry : entry + 4] == b"cmap":
            return _u32(font, entry + 8)
    raise MalformedMessage("A font file has no table of characters (cmap)")


def _points(font: bytes, cmap: int) -> Iterator[int]:
    for index in range(_u16(font, cmap + 2)):
        entry = cmap + 4 + 8 * index
        if _u16(font, entry) not in _UNICODE_PLATFORMS:
            continue
        table = cmap + _u32(font, entry + 4)
        form = _u16(font, table)
        if form == 12:
            yield from _groups(font, table)
        elif form == 4:
            yield from _segments(font, table)


def _groups(font: bytes, table: int) -> Iterator[int]:
    for index in range(_u32(font, table + 12)):
        first, last, glyph = struct.unpack_from(">III", font, table + 16 + 12 * index)
        yield from (point for point in range(first, last + 1) if glyph + point - first)


def _segments(font: bytes, table: int) -> Iterator[int]:
    count = _u16(font, table + 6) // 2
    ends = table + 14
    starts, deltas = ends + 2 * count + 2, ends + 4 * count + 2
    offsets = deltas + 2 * count
    for index in range(count):
        first, last = _u16(font, starts + 2 * index), _u16(font, ends + 2 * index)
        delta, offset = _u16(font, deltas + 2 * index), _u16(font, offsets + 2 * index)
        for point in range(first, min(last, 0xFFFE) + 1):
            if offset:
                glyph = _u16(font, offsets + 2 * index + offset + 2 * (point - first))
                glyph = (glyph + delta) & 0xFFFF if glyph else 0
            else:
                glyph = (point + delta) & 0xFFFF
            if glyph:
                yield point


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0])
