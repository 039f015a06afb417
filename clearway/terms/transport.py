"""Containers (ISO 6346), seals (ISO 17712) and modes of transport (UN/ECE Recommendation 19)."""

from __future__ import annotations

import re
from typing import Self

from clearway.terms.check_digits import iso_6346_digit
from clearway.terms.term import Term

TRANSPORT_MODES: dict[str, str] = {
    "0": "not specified",
    "1": "maritime",
    "2": "rail",
    "3": "road",
    "4": "air",
    "5": "mail",
    "6": "multimodal",
    "7": "fixed installation",
    "8": "inland waterway",
    "9": "not applicable",
}


class ContainerNumber(Term):
    """Owner, category (U, J or Z), serial number and check digit, such as `CSQU3054383`."""

    __slots__ = ()

    PATTERN = re.compile("[A-Z]{3}[UJZ][0-9]{7}")
    RULE = (
        "must be a container number (ISO 6346): three letters of the owner, U, J or Z, six digits"
        " and a check digit, such as CSQU3054383"
    )

    def __new__(cls, value: str) -> Self:
        """Return the number. Raises: BadTerm: not of the form, or the check digit is wrong."""
        number = super().__new__(cls, value)
        if number is value:
            return number
        expected = iso_6346_digit(number[:10])
        if number[10] != expected:
            cls.refuse(value, f"check digit is {number[10]} but {number[:10]} gives {expected}")
        return number

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the number written as people write it: `csqu 305438-3`."""
        return cls(_without_gaps(text)) if isinstance(text, str) else cls(text)

    @classmethod
    def build(cls, prefix: str) -> Self:
        """Return the number of ten characters `prefix` with its check digit added."""
        if not isinstance(prefix, str) or cls.PATTERN.fullmatch(prefix + "0") is None:
            cls.refuse(prefix, "must be ten characters: owner, U, J or Z, and six digits")
        return cls(prefix + check_digit(prefix))


def check_digit(prefix: str) -> str:
    """Return the ISO 6346 check digit of the ten characters before it."""
    return iso_6346_digit(prefix)


def _without_gaps(text: str) -> str:
    return text.replace(" ", "").replace("-", "").upper()


class SealNumber(Term):
    """The mark of a seal; ISO 17712 leaves its form to the maker, WCO DM allows 35 characters."""

    __slots__ = ()

    PATTERN = re.compile("[0-9A-Za-z](?:[0-9A-Za-z ./_-]{0,33}[0-9A-Za-z])?")
    RULE = (
        "must be a seal number of 1 to 35 letters, digits, blanks, dots, hyphens or slashes,"
        " beginning and ending with a letter or digit"
    )
