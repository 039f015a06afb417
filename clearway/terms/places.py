"""Countries (ISO 3166-1) and places of trade (UN/LOCODE, UN/ECE Recommendation 16)."""

from __future__ import annotations

import re
from typing import Self

from clearway.terms.countries import COUNTRIES
from clearway.terms.term import Term

# UN/LOCODE lists installations in international waters under XZ.
_INTERNATIONAL_WATERS = "XZ"


class Country(Term):
    """An ISO 3166-1 alpha-2 code; `XI` and `XK` as customs use them, `XA` for the demo."""

    __slots__ = ()

    RULE = "must be a country code of two capital letters (ISO 3166-1 alpha-2), such as KE"

    def __new__(cls, value: str) -> Country:
        """Return the one instance of this code. Raises: BadTerm: no such country."""
        known = _KNOWN.get(value) if isinstance(value, str) else None
        if known is None:
            cls.refuse(value)
        return known

    @property
    def name(self) -> str:
        """Short English name."""
        return COUNTRIES[self]


# Made once: a declaration names a country for each party and each item.
_KNOWN: dict[str, Country] = {code: str.__new__(Country, code) for code in COUNTRIES}


class UnLocode(Term):
    """A UN/LOCODE in its form: country and three characters, such as `KEMBA`."""

    __slots__ = ()

    PATTERN = re.compile("[A-Z]{2}[A-Z2-9]{3}")
    RULE = (
        "must be a UN/LOCODE: a country code and three capital letters or digits 2 to 9,"
        " such as KEMBA"
    )

    def __new__(cls, value: str) -> Self:
        """Return the code. Raises: BadTerm: not of the form, or no such country."""
        code = super().__new__(cls, value)
        if code[:2] not in COUNTRIES and code[:2] != _INTERNATIONAL_WATERS:
            cls.refuse(value)
        return code

    @property
    def country(self) -> Country | None:
        """The country of the place; None in international waters (`XZ`)."""
        return None if self[:2] == _INTERNATIONAL_WATERS else Country(self[:2])
