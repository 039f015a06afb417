"""Base45 (RFC 9285): bytes as the 45 characters that a QR code packs tightest.

    encode(b"Hello!!")    # "%69 VD92EX0"

Two bytes become three characters, a last single byte two.
"""

from __future__ import annotations

from typing import Final

from clearway.errors import MalformedMessage

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE: Final = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS: Final = tuple(
    _ALPHABET[number % 45] + _ALPHABET[number // 45 % 45] + _ALPHABET[number // 2025]
    for number in range(1 << 16)
)


def encode(data: bytes) -> str:
    """Return the text of these bytes."""
    even = len(data) & ~1
    parts = [_PAIRS[data[place] << 8 | data[place + 1]] for place in range(0, even, 2)]
    if even != len(data):
        parts.append(_PAIRS[data[-1]][:2])
    return "".join(parts)


def decode(text: str) -> bytes:
    """Return the bytes of a text; the caller bounds its length.

    Raises: MalformedMessage: a character outside the alphabet, a length that no bytes have, or a
    group that stands for more than its bytes can hold.
    """
    try:
        values = [_VALUE[character] for character in text]
    except KeyError as error:
        raise MalformedMessage(f"Base45: {error.args[0]!r:.12} is not of its alphabet") from None
    if len(values) % 3 == 1:
        raise MalformedMessage(f"Base45: no bytes have a text of {len(values)} characters")
    data = bytearray()
    for place in range(0, len(values), 3):
        group = values[place : place + 3]
        number = sum(value * 45**power for power, value in enumerate(group))
        size = len(group) - 1
        if number >> 8 * size:
            raise MalformedMessage(f"Base45: the group {text[place : place + 3]!r} is too large")
        data += number.to_bytes(size, "big")
    return bytes(data)
