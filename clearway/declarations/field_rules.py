"""Rules on every field alike: texts that can be read and stored, numbers that are in range.

The longest lengths are those of the WCO Data Model, so that what is accepted can be passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from clearway.declarations.model import Declaration, Item, Party
from clearway.declarations.rule import Broken, rule
from clearway.terms.finding import Level
from clearway.terms.money import Money

# What hides, turns round or breaks a text on an officer's screen: controls, bidirectional
# overrides, invisible joiners, half surrogates, private use, non-characters.
_NAUGHTY = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
# Statement codes in which the WCO form carries fields of ours (formats/wco_statements.py).
_RESERVED = ("CWETA", "CWDOC")
_LARGEST_MASS = Decimal("1E+10")
_LARGEST_AMOUNT = Decimal("1E+13")
_SMALLEST_MASS = Decimal("0.000001")
_SMALLEST_AMOUNT = Decimal("0.001")

Text = tuple[str, str, int]


@rule("DEC_R36", Level.SEVERE)
def texts_are_plain(declaration: Declaration, now: datetime) -> Broken:
    """The text of {field} has the hidden character U+{code}; type it anew, without copying."""
    every = list(texts(declaration))
    if " ".join(text for _, text, _ in every).isprintable():
        return  # the usual case; what is not printable may still be harmless, such as U+00A0
    for field, text, _ in every:
        found = _NAUGHTY.search(text)
        if found is not None:
            yield field, {"field": field, "code": f"{ord(found[0]):04X}"}


@rule("DEC_R37", Level.SEVERE)
def texts_fit_their_fields(declaration: Declaration, now: datetime) -> Broken:
    """The text of {field} has {length} characters; {longest} are allowed."""
    for field, text, longest in texts(declaration):
        if len(text) > longest:
            yield field, {"field": field, "length": len(text), "longest": longest}


@rule("DEC_R38", Level.SEVERE)
def numbers_are_in_range(declaration: Declaration, now: datetime) -> Broken:
    """{field} is {value}; it must not be negative, and have at most {digits} digits before the
    point and {decimals} behind it.
    """
    for field, mass in _masses(declaration):
        if not _fits(mass, _LARGEST_MASS, _SMALLEST_MASS):
            yield field, {"field": field, "value": mass, "digits": 10, "decimals": 6}
    for field, money in _amounts(declaration):
        if not _fits(money.amount, _LARGEST_AMOUNT, _SMALLEST_AMOUNT):
            yield field, {"field": field, "value": money.amount, "digits": 13, "decimals": 3}


@rule("DEC_R41", Level.SEVERE)
def counts_are_not_negative(declaration: Declaration, now: datetime) -> Broken:
    """{field} is {value}; a count cannot be below 0."""
    if declaration.packages < 0:
        yield "packages", {"field": "packages", "value": declaration.packages}
    for place, item in enumerate(declaration.items):
        counts = (item.packages, *(each.count for each in item.packaging))
        if min(counts) < 0:
            field = f"items[{place}].packages"
            yield field, {"field": field, "value": min(counts)}


@rule("DEC_R45", Level.SEVERE)
def statement_codes_are_free(declaration: Declaration, now: datetime) -> Broken:
    """The statement code {code} is reserved for this system; use another."""
    for place, statement in enumerate(declaration.statements):
        if statement.code in _RESERVED:
            yield f"statements[{place}].code", {"code": statement.code}


def texts(declaration: Declaration) -> Iterator[Text]:
    """Yield path, text and longest length of every text that a declarant writes freely."""
    yield "goods_location", declaration.goods_location, 256
    yield "vessel", declaration.vessel, 35
    yield "office", declaration.office, 17
    yield "incoterm_place", declaration.incoterm_place, 17
    yield "warehouse", declaration.warehouse, 36
    for role in _ROLES:
        party = getattr(declaration, role)
        if party is not None:
            yield from _party_texts(role, party)
    for place, each in enumerate(declaration.equipment):
        yield f"equipment[{place}].id", each.id, 17
    for place, guarantee in enumerate(declaration.guarantees):
        yield f"guarantees[{place}].reference", guarantee.reference, 70
    yield from _common_texts("", declaration)
    for place, item in enumerate(declaration.items):
        path = f"items[{place}]."
        yield path + "description", item.description, 512
        yield from _common_texts(path, item)
        for inner, packaging in enumerate(item.packaging):
            yield f"{path}packaging[{inner}].marks", packaging.marks, 512


_ROLES = ("declarant", "importer", "exporter", "representative", "consignee", "carrier")


def _party_texts(role: str, party: Party) -> Iterator[Text]:
    yield role + ".name", party.name, 70
    yield role + ".address", party.address, 70
    yield role + ".city", party.city, 35
    yield role + ".postcode", party.postcode, 9


def _common_texts(path: str, part: Declaration | Item) -> Iterator[Text]:
    for place, document in enumerate(part.documents):
        here = f"{path}documents[{place}]."
        yield here + "type", document.type, 4
        yield here + "number", document.number, 70
        yield here + "reason", document.reason, 35
    for place, statement in enumerate(part.statements):
        yield f"{path}statements[{place}].text", statement.text, 512
    for place, previous in enumerate(part.previous_documents):
        yield f"{path}previous_documents[{place}].number", previous.number, 70


def _masses(declaration: Declaration) -> Iterator[tuple[str, Decimal]]:
    yield "gross_mass_kg", declaration.gross_mass_kg
    for place, item in enumerate(declaration.items):
        yield f"items[{place}].net_mass_kg", item.net_mass_kg
        if item.gross_mass_kg is not None:
            yield f"items[{place}].gross_mass_kg", item.gross_mass_kg


def _amounts(declaration: Declaration) -> Iterator[tuple[str, Money]]:
    yield "invoice", declaration.invoice
    for place, item in enumerate(declaration.items):
        yield f"items[{place}].value", item.value
        if item.statistical_value is not None:
            yield f"items[{place}].statistical_value", item.statistical_value


def _fits(value: Decimal, limit: Decimal, step: Decimal) -> bool:
    return 0 <= value < limit and not value % step


RULES = (
    texts_are_plain,
    texts_fit_their_fields,
    numbers_are_in_range,
    counts_are_not_negative,
    statement_codes_are_free,
)
