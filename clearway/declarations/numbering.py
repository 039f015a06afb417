"""Giving movement reference numbers: each from the place of its fact in the log, so none twice."""

from __future__ import annotations

import re
from datetime import datetime

from clearway.declarations.model import Declaration
from clearway.errors import BadTerm
from clearway.terms.identifiers import Mrn
from clearway.terms.places import Country

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BODY = 13
_OFFICE = 3


def next_mrn(declaration: Declaration, now: datetime, seq: int) -> Mrn:
    """Return the number of a declaration: year, country and place of the office, place in the log.

    Two offices of one country never give the same number, as long as their codes differ in the
    three characters behind the country.

    Args:
        now: aware UTC; gives the year.
        seq: place of the fact in this node's log, below 36^10.
    """
    country = country_of_lodgement(declaration)
    office = re.sub("[^0-9A-Z]", "", declaration.office[2:])[:_OFFICE].ljust(_OFFICE, "0")
    return Mrn.build(now.year, country, office + _base36(seq, _BODY - _OFFICE))


def country_of_lodgement(declaration: Declaration) -> Country:
    """Return the country of the office, or else of the goods, of a party, of dispatch."""
    parties = (str(party.id or party.country or "") for party in declaration.parties)
    for code in (declaration.office, declaration.goods_location, *parties):
        try:
            return Country(code[:2])
        except BadTerm:
            continue
    return declaration.country_of_dispatch


def _base36(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
