"""The check digit of ISO 6346, which containers and movement reference numbers share.

Letters count 10, 12, 13 ... 38 (11, 22 and 33 are left out), each character weighs a power of two
by its place, and the digit is the sum modulo 11, with 10 written as 0.

Source: ISO 6346:1995, annex A; for reference numbers DG XXI/0879/99 rev. 1, section 2.
"""

from __future__ import annotations


def _letter_values() -> dict[str, int]:
    numbers = (number for number in range(10, 39) if number % 11)
    return dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", numbers, strict=True))


_VALUES = _letter_values() | {str(digit): digit for digit in range(10)}


def iso_6346_digit(body: str) -> str:
    """Return the check digit of `body`, which holds only A-Z and 0-9."""
    total = sum(_VALUES[character] << place for place, character in enumerate(body))
    return str(total % 11 % 10)
