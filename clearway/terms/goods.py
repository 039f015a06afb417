"""Goods by the Harmonized System (HS) of the World Customs Organization.

`HsCode` is a code of six digits (HS subheading) to ten (national). `HsPrefix` is a chapter, heading
or subheading: what measures and certificates speak of. Short English descriptions of common goods
come with the package; an operator loads the full nomenclature of its tariff with
`load_nomenclature(path)`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from clearway.errors import BadTerm
from clearway.terms.nomenclature import CHAPTERS, SAMPLE
from clearway.terms.term import Term

# Chapter 77 is reserved by the HS; 98 and 99 are left to each country, which trade does use.
_CHAPTERS = frozenset(CHAPTERS) | {"98", "99"}


class HsPrefix(Term):
    """A chapter (2 digits), heading (4), subheading (6) or a longer national code, up to 10."""

    __slots__ = ()

    PATTERN = re.compile("[0-9]{2}|[0-9]{4}|[0-9]{6,10}")
    RULE = "must be an HS chapter, heading or code: 2, 4 or 6 to 10 digits, such as 0803"

    def __new__(cls, value: str) -> Self:
        """Return the code. Raises: BadTerm: not of the form, or no such chapter."""
        code = super().__new__(cls, value)
        if code[:2] not in _CHAPTERS:
            cls.refuse(value, f"has {code[:2]}, which is no chapter of the Harmonized System")
        return code

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the code as people write it, with dots and blanks: `0803.90 10`."""
        return cls(text.replace(".", "").replace(" ", "")) if isinstance(text, str) else cls(text)

    @property
    def chapter(self) -> str:
        """First two digits."""
        return self[:2]

    def covers(self, code: str) -> bool:
        """Return whether a code lies under this one."""
        return code.startswith(self)


class HsCode(HsPrefix):
    """A code of six to ten digits in a known chapter, such as `080390`."""

    __slots__ = ()

    PATTERN = re.compile("[0-9]{6,10}")
    RULE = "must be an HS code of 6 to 10 digits, such as 080390"

    @property
    def heading(self) -> str:
        """First four digits."""
        return self[:4]

    @property
    def subheading(self) -> str:
        """First six digits: the same in every country."""
        return self[:6]


def description_of(hs: str, nomenclature: Mapping[str, str] = SAMPLE) -> str:
    """Return the description of the code, or of the nearest one above it; "" without any."""
    for length in range(len(hs), 1, -1):
        known = nomenclature.get(hs[:length])
        if known is not None:
            return known
    return ""


def load_nomenclature(path: Path) -> dict[str, str]:
    """Return code -> description from a CSV file with the columns `hscode` and `description`.

    Lines whose code is not made of digits (a `TOTAL`) are left out.

    Raises: BadTerm: a column is missing, or a code is no HS code.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.DictReader(file)
        if not {"hscode", "description"} <= set(lines.fieldnames or ()):
            raise BadTerm("Nomenclature", path.name, "must have columns hscode and description")
        return {
            str(HsPrefix(line["hscode"])): line["description"].strip()
            for line in lines
            if line["hscode"].isdigit()
        }
