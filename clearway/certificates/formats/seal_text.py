"""The text of a QR code and the bytes in it: prefix, Base45, zlib where that is shorter."""

from __future__ import annotations

import zlib
from typing import Final

from clearway.certificates.formats import base45
from clearway.errors import MalformedMessage, TooLarge

PREFIX: Final = "CW1:"
# Characters of an alphanumeric QR code at level M (ISO/IEC 18004, table 7).
REFERENCE_CHARACTERS: Final = 311  # version 10, 57 modules
INSPECTION_CHARACTERS: Final = 528  # version 14, 73 modules
MAX_TEXT: Final = 4_296  # of any QR code
MAX_BYTES: Final = 4_096  # after decompression


def text(seal: bytes) -> str:
    """Return a seal as the text of a QR code."""
    packed = zlib.compress(seal, 9)
    return PREFIX + base45.encode(packed if len(packed) < len(seal) else seal)


def parse(qr_text: str) -> bytes:
    """Return the COSE_Sign1 in the text of a QR code.

    Raises: MalformedMessage: no seal. TooLarge: longer than any QR code, or than any seal.
    """
    if not qr_text.startswith(PREFIX):
        raise MalformedMessage(f"This is no seal: its text does not begin with {PREFIX}")
    if len(qr_text) > MAX_TEXT:
        raise TooLarge(f"A QR code holds at most {MAX_TEXT:,} characters", limit="characters")
    return inflate(base45.decode(qr_text.removeprefix(PREFIX)))


def inflate(data: bytes, *, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes, decompressed where they are a zlib stream (RFC 1950, of 32 kB window).

    Raises: MalformedMessage: broken or followed by other bytes. TooLarge: over the limit.
    """
    if not data.startswith(b"x"):
        return data
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise MalformedMessage(f"The compressed bytes cannot be read: {error}") from error
    if len(plain) > limit:
        raise TooLarge(f"Over {limit:,} bytes after decompression", limit="bytes")
    if not stream.eof or stream.unused_data:
        raise MalformedMessage("The compressed bytes end too early, or others follow")
    return plain
