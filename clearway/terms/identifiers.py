"""References of consignments, declarations and parties.

- `Ucr`: WCO Unique Consignment Reference, within ISO 15459: year, country, party, reference.
- `Mrn`: EU movement reference number, check digit as DG XXI/0879/99 rev. 1 (from ISO 6346).
- `PartyId`: shaped as an EORI number: country and up to 15 characters.
- `Lrn`: the sender's own local reference, at most 35 characters (WCO DM, functional reference).
"""

from __future__ import annotations

import re
from typing import Self

from clearway.terms.check_digits import iso_6346_digit
from clearway.terms.countries import COUNTRIES
from clearway.terms.places import Country
from clearway.terms.term import Term


class Ucr(Term):
    """A unique consignment reference, such as `6KE0123456789-AB12`.

    One digit of the year, the country of the party that gave it, that party's number and its own
    reference; 35 characters at most. Source: WCO UCR guidelines, as customs declarations use it.
    """

    __slots__ = ()

    PATTERN = re.compile(r"[0-9][A-Z]{2}[0-9A-Z][0-9A-Z()/-]{0,31}")
    RULE = (
        "must be a unique consignment reference of at most 35 characters: one digit of the year,"
        " a country code, then capital letters, digits, hyphens, slashes or brackets,"
        " such as 6KE0123456789-AB12"
    )

    def __new__(cls, value: str) -> Self:
        """Return the reference. Raises: BadTerm: not of the form, or no such country."""
        reference = super().__new__(cls, value)
        if reference[1:3] not in COUNTRIES:
            cls.refuse(value, f"has {reference[1:3]} in the place of a country code")
        return reference

    @property
    def country(self) -> Country:
        """Country of the party that gave the reference."""
        return Country(self[1:3])


class Mrn(Term):
    """A movement reference number: year, country, 13 characters, check digit; 18 in all."""

    __slots__ = ()

    PATTERN = re.compile("[0-9]{2}[A-Z]{2}[0-9A-Z]{13}[0-9]")
    RULE = (
        "must be a movement reference number of 18 characters: two digits of the year, a country"
        " code, 13 capital letters or digits, and a check digit"
    )

    def __new__(cls, value: str) -> Self:
        """Return the number. Raises: BadTerm: not of the form, or the check digit is wrong."""
        number = super().__new__(cls, value)
        if number is value:
            return number
        if number[2:4] not in COUNTRIES:
            cls.refuse(value, f"has {number[2:4]} in the place of a country code")
        expected = iso_6346_digit(number[:17])
        if number[17] != expected:
            cls.refuse(value, f"check digit is {number[17]} but {number[:17]} gives {expected}")
        return number

    @classmethod
    def build(cls, year: int, country: str, body: str) -> Self:
        """Return the number with its check digit.

        Args:
            year: four digits; the last two are kept.
            country: ISO 3166-1 alpha-2.
            body: 13 capital letters or digits, the office's own.

        Raises: BadTerm: a part does not fit.
        """
        prefix = f"{year % 100:02d}{country}{body}"
        if len(prefix) != 17 or cls.PATTERN.fullmatch(prefix + "0") is None:
            cls.refuse(prefix, "needs a year, a country code and 13 capital letters or digits")
        return cls(prefix + iso_6346_digit(prefix))

    @property
    def country(self) -> Country:
        """Country that gave the number."""
        return Country(self[2:4])


class PartyId(Term):
    """A party's number: country code and 1 to 15 letters or digits, as an EORI number."""

    __slots__ = ()

    PATTERN = re.compile("[A-Z]{2}[0-9A-Z]{1,15}")
    RULE = (
        "must be a party number: a country code and 1 to 15 capital letters or digits,"
        " such as KEP051234567Z"
    )

    def __new__(cls, value: str) -> Self:
        """Return the number. Raises: BadTerm: not of the form, or no such country."""
        number = super().__new__(cls, value)
        if number[:2] not in COUNTRIES:
            cls.refuse(value, f"has {number[:2]} in the place of a country code")
        return number

    @property
    def country(self) -> Country:
        """Country that gave the number."""
        return Country(self[:2])


class Lrn(Term):
    """The sender's own reference of a message: 1 to 35 visible ASCII characters, no blanks."""

    __slots__ = ()

    PATTERN = re.compile("[!-~]{1,35}")
    RULE = "must be a local reference of 1 to 35 visible ASCII characters without blanks"
