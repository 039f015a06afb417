"""PNG (ISO/IEC 15948) as grey pixels: enough to write a QR code and to read a picture of one.

Strangers' pictures are bounded before they are inflated. Interlaced ones are refused: no camera and
no screen makes them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearway.errors import MalformedMessage, TooLarge

Grey: TypeAlias = NDArray[np.uint8]

MAX_FILE: Final = 32 * 1024 * 1024
MAX_SIDE: Final = 16_384
MAX_RAW: Final = 64 * 1024 * 1024

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_LUMA: Final = np.array([299, 587, 114], dtype=np.uint32)  # ITU-R BT.601, thousandths


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int

    @property
    def samples(self) -> int:
        return _SAMPLES[self.colour]

    @property
    def row_size(self) -> int:
        return (self.width * self.samples * self.depth + 7) // 8

    @property
    def step(self) -> int:
        """Bytes to the pixel on the left, at least one."""
        return max(1, self.samples * self.depth // 8)


def write(grey: Grey) -> bytes:
    """Return a black and white PNG, of one bit for a pixel.

    Args:
        grey: shape (height, width); below 128 is black.
    """
    height, width = grey.shape
    bits = np.packbits(grey >= 128, axis=1)
    rows = np.zeros((height, bits.shape[1] + 1), dtype=np.uint8)  # filter 0 before each row
    rows[:, 1:] = bits
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((1, 0, 0, 0, 0))
    data = zlib.compress(rows.tobytes(), 6)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def read(data: bytes) -> Grey:
    """Return a PNG as grey pixels, shape (height, width); what is transparent is white.

    Raises: MalformedMessage: no PNG, broken, or interlaced. TooLarge: over the limits above.
    """
    if len(data) > MAX_FILE:
        raise TooLarge(f"A picture has at most {MAX_FILE:,} bytes", limit="bytes")
    if not data.startswith(_SIGNATURE):
        raise MalformedMessage("This is no PNG picture; convert it, or use the camera's page")
    chunks = _chunks(data)
    header = _header(chunks.get(b"IHDR", b""))
    raw = _inflate(chunks.get(b"IDAT", b""), header)
    return _grey(_unfiltered(raw, header), header, chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + check


def _chunks(data: bytes) -> dict[bytes, bytes]:
    parts: dict[bytes, list[bytes]] = {}
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        check = data[place + 8 + size : place + 12 + size]
        if zlib.crc32(name + content).to_bytes(4, "big") != check:
            raise MalformedMessage("The PNG picture is damaged: a checksum is wrong")
        parts.setdefault(name, []).append(content)
        place += 12 + size
        if name == b"IEND":
            break
    return {name: b"".join(each) for name, each in parts.items()}


def _header(content: bytes) -> _Header:
    if len(content) != 13:
        raise MalformedMessage("The PNG picture has no header")
    width, height = int.from_bytes(content[:4], "big"), int.from_bytes(content[4:8], "big")
    depth, colour, *methods = content[8:]
    if depth not in _DEPTHS.get(colour, ()) or methods != [0, 0, 0]:
        raise MalformedMessage("The PNG picture is interlaced, or of a kind that PNG has not")
    header = _Header(width, height, depth, colour)
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise TooLarge(f"A picture has 1 to {MAX_SIDE:,} pixels on each side", limit="pixels")
    if (header.row_size + 1) * height > MAX_RAW:
        raise TooLarge(f"The picture has over {MAX_RAW:,} bytes; make it smaller", limit="bytes")
    return header


def _inflate(content: bytes, header: _Header) -> bytes:
    size = (header.row_size + 1) * header.height
    try:
        raw = zlib.decompressobj().decompress(content, size)
    except zlib.error as error:
        raise MalformedMessage(f"The PNG picture is damaged: {error}") from error
    if len(raw) != size:
        raise MalformedMessage("The PNG picture ends too early")
    return raw


def _unfiltered(raw: bytes, header: _Header) -> Grey:
    lines = np.frombuffer(raw, dtype=np.uint8).reshape(header.height, header.row_size + 1)
    rows = np.zeros((header.height, header.row_size), dtype=np.uint8)
    above = np.zeros(header.row_size, dtype=np.uint8)
    for number, line in enumerate(lines):
        above = _row(int(line[0]), line[1:], above, header.step)
        rows[number] = above
    return rows


def _row(kind: int, line: Grey, above: Grey, step: int) -> Grey:
    """Undo one filter (ISO/IEC 15948, 9.2)."""
    if kind == 0:
        return line
    if kind == 1:
        padded = np.zeros(-(-len(line) // step) * step, dtype=np.uint8)
        padded[: len(line)] = line
        sums = np.cumsum(padded.reshape(-1, step), axis=0, dtype=np.uint8)
        return sums.reshape(-1)[: len(line)]
    if kind == 2:
        return line + above
    if kind in (3, 4):
        return _slow_row(kind, line.tolist(), above.tolist(), step)
    raise MalformedMessage(f"The PNG picture has a filter {kind}, which PNG has not")


def _slow_row(kind: int, line: list[int], above: list[int], step: int) -> Grey:
    guess = _average if kind == 3 else _paeth
    for place, value in enumerate(line):
        left, corner = (line[place - step], above[place - step]) if place >= step else (0, 0)
        line[place] = (value + guess(left, above[place], corner)) & 255
    return np.array(line, dtype=np.uint8)


def _average(left: int, up: int, _: int) -> int:
    return (left + up) >> 1


def _paeth(left: int, up: int, corner: int) -> int:
    a, b, c = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if a <= b and a <= c:
        return left
    return up if b <= c else corner


def _grey(rows: Grey, header: _Header, chunks: dict[bytes, bytes]) -> Grey:
    values = _samples(rows, header)
    if header.colour == 3:
        values = _palette(values, chunks.get(b"PLTE", b""))
    elif header.depth < 8:
        values = (values * (255 // (2**header.depth - 1))).astype(np.uint8)
    is_clear = header.colour in (4, 6)
    colours = values[..., :-1] if is_clear else values
    grey: Any = colours[..., 0].astype(np.uint32)
    if colours.shape[-1] == 3:
        grey = (colours.astype(np.uint32) @ _LUMA) // 1000
    if is_clear:
        alpha = values[..., -1].astype(np.uint32)
        grey = (grey * alpha + 255 * (255 - alpha)) // 255
    return np.ascontiguousarray(grey.astype(np.uint8))


def _samples(rows: Grey, header: _Header) -> Grey:
    """Return samples of 8 bits (or below, as they are), shape (height, width, samples)."""
    if header.depth == 16:
        rows = rows[:, ::2]
    elif header.depth < 8:
        bits = np.unpackbits(rows, axis=1).reshape(header.height, -1, header.depth)
        weights = 1 << np.arange(header.depth - 1, -1, -1, dtype=np.uint8)
        rows = (bits * weights).sum(axis=2, dtype=np.uint8)[:, : header.width]
    return rows.reshape(header.height, header.width, header.samples)


def _palette(values: Grey, content: bytes) -> Grey:
    colours = np.frombuffer(content[: len(content) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
    if int(values.max(initial=0)) >= len(colours):
        raise MalformedMessage("The PNG picture uses a colour that its palette lacks")
    return colours[values[..., 0]]
