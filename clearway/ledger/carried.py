"""Checkpoints that leave the machine: as text for an e-mail, and as a QR code.

    -----BEGIN CLEARWAY CHECKPOINT-----
    Y3VzdG9tcy5leGFtcGxlL2JvcmRlcgoyMDg1MjE2MwpDc1VZYXBHR1Bv
    NGRrTWdJQVVxb20vWGFqajdoMmZCMk1QQTNqMmpxeGEySQ
    -----END CLEARWAY CHECKPOINT-----

Between the two lines stands the base64, without padding, of the note and the first four bytes of
its SHA-256. Short lines of letters and digits survive quoting, wrapping, indenting and blank lines;
the four bytes tell damage on the way from a forgery. A QR code holds the note itself, so that any
reader of codes gives the text back.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from hashlib import sha256
from typing import Any

import zxingcpp

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.ledger.note import MAX_NOTE_SIZE

BEGIN = "-----BEGIN CLEARWAY CHECKPOINT-----"
END = "-----END CLEARWAY CHECKPOINT-----"
# ISO/IEC 18004, table 7: bytes in a code of version 40 with the lowest correction.
MAX_QR_SIZE = 2_900
_LINE = 60
_CHECK_SIZE = 4
_QUOTE = re.compile(r"^(?:[\s\u00a0|]|[A-Za-z]{0,3}>)*")
_SPACE = re.compile(r"[\s\u00a0]+")
_PNG = b"\x89PNG\r\n\x1a\n"


def to_text(note: str) -> str:
    """Return the block of text of a signed checkpoint."""
    content = note.encode()
    packed = base64.b64encode(content + sha256(content).digest()[:_CHECK_SIZE])
    letters = packed.decode("ascii").rstrip("=")
    lines = [letters[at : at + _LINE] for at in range(0, len(letters), _LINE)]
    return "\n".join((BEGIN, *lines, END, ""))


def from_text(text: str) -> str:
    """Return the note of a block that stands somewhere in a text, or of a text that is the note.

    Raises: TooLarge. MalformedMessage: the block is damaged, or there are several.
    """
    if len(text) > 4 * MAX_NOTE_SIZE:
        raise TooLarge(f"A text with a checkpoint has at most {4 * MAX_NOTE_SIZE} characters")
    if BEGIN not in text and END not in text:
        return text.replace("\r\n", "\n")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise MalformedMessage("The text must hold one block, with its first and its last line")
    inner = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    letters = "".join(_SPACE.sub("", _QUOTE.sub("", line)) for line in inner.splitlines())
    try:
        packed = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        content, check = packed[:-_CHECK_SIZE], packed[-_CHECK_SIZE:]
        note = content.decode()
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    if sha256(content).digest()[:_CHECK_SIZE] != check:
        raise _damaged()
    return note


def to_qr_svg(note: str) -> str:
    """Return the QR code as an SVG drawing. Raises: InputError: the note is too long for one."""
    return str(_code(note).to_svg(scale=4))


def to_qr_png(note: str) -> bytes:
    """Return the QR code as a PNG picture, grey. Raises: InputError: the note is too long."""
    pixels = _pixels(note, scale=4)
    height, width = len(pixels), len(pixels[0])
    # PNG (ISO/IEC 15948), 9.2: each row begins with its filter, 0 for none.
    plain = b"".join(b"\x00" + bytes(row) for row in pixels)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(plain, 9)), (b"IEND", b""))
    return _PNG + b"".join(_chunk(kind, data) for kind, data in parts)


def to_qr_terminal(note: str) -> str:
    """Return the QR code in half blocks of text. Raises: InputError: the note is too long."""
    rows = _pixels(note, scale=1)
    if len(rows) % 2:
        rows.append([255] * len(rows[0]))
    lines = []
    for upper, lower in zip(rows[0::2], rows[1::2], strict=True):
        pairs = zip(upper, lower, strict=True)
        lines.append("".join(_BLOCKS[a > 127, b > 127] for a, b in pairs))
    return "\n".join(lines) + "\n"


# Light is drawn, since most terminals are dark; a reader of codes takes both ways round.
_BLOCKS = {
    (True, True): "\u2588",
    (True, False): "\u2580",
    (False, True): "\u2584",
    (False, False): " ",
}


def _code(note: str) -> zxingcpp.Barcode:
    size = len(note.encode())
    if size > MAX_QR_SIZE:
        raise InputError(
            f"A QR code holds {MAX_QR_SIZE} bytes and this checkpoint has {size}: export it as a"
            " file or as text"
        )
    return zxingcpp.create_barcode(note, zxingcpp.BarcodeFormat.QRCode, ec_level="L")


def _pixels(note: str, *, scale: int) -> list[list[int]]:
    """Return the rows of the code's picture, 0 for dark and 255 for light."""
    image: Any = _code(note).to_image(scale=scale)  # bears Python's buffer protocol
    rows: Any = memoryview(image).tolist()  # of two dimensions
    return [list(row) for row in rows]


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


def _damaged() -> MalformedMessage:
    return MalformedMessage("The checkpoint's text was damaged on the way; ask for it again")
