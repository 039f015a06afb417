"""Rules on the items: masses, prices, codes, containers, documents, preferences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from clearway.declarations.model import UNSPECIFIED_GOODS, Declaration, Document, Kind
from clearway.declarations.rule import Broken, rule
from clearway.terms.finding import Area, Level
from clearway.terms.money import Money

_PROCEDURE = re.compile(r"[0-9]{4}|00[A-Z0-9]{2}")
# Procedures that a declaration may ask for (first two digits of the procedure code, DE 1/10).
_PROCEDURES = {
    Kind.IMPORT: re.compile("0[017]|4[0-68]|5[13]|6[138]|7[1678]|9[56]"),
    Kind.EXPORT: re.compile("00|1[01]|2[1-3]|31"),
}
_PREFERENCE = re.compile(r"[1-4][0-9]{2}")
# UNECE 1001: 861 certificate of origin, 862 declaration of origin, 864 preference certificate,
# 865 GSP form A, 954 EUR.1; U... are the EU's statements on origin.
_PROOFS_OF_ORIGIN = frozenset(("861", "862", "864", "865", "954"))
_INVOICES = frozenset(("325", "380", "935"))  # UNECE 1001: pro forma and commercial invoice
# Price per kilogram, in currencies whose unit is worth about a dollar; gold is near 100,000.
_PRICED_LIKE_DOLLARS = frozenset(("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD"))
_LOWEST_PRICE_KG = Decimal("0.01")
_HIGHEST_PRICE_KG = Decimal("200000")
_MOST_TIMES_DEARER = 50
_VAGUE = re.compile(
    "accessories|articles|cargo|consolidated|equipment|fak|freight|gifts?|goods|items|machinery"
    "|materials?|merchandise|misc|miscellaneous|other|parts|personal|products|samples?|spares"
    "|stuff|supplies|things|various|[0-9]+"
)
_LONG_ENOUGH = 3


@rule("DEC_R06", Level.SEVERE)
def net_mass_is_positive(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: the net mass is {net} kg; state what the goods weigh without their packing."""
    for place, item in enumerate(declaration.items):
        if item.net_mass_kg < 0 or (item.net_mass_kg == 0 and declaration.is_full):
            yield f"items[{place}].net_mass_kg", {"item": item.number, "net": item.net_mass_kg}


@rule("DEC_R07", Level.SEVERE)
def gross_mass_covers_net(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: the net mass {net} kg is above the gross mass {gross} kg; correct one."""
    for place, item in enumerate(declaration.items):
        gross = item.gross_mass_kg
        if gross is not None and gross < item.net_mass_kg:
            values = {"item": item.number, "net": item.net_mass_kg, "gross": gross}
            yield f"items[{place}].gross_mass_kg", values


@rule("DEC_R13", Level.SEVERE)
def price_is_positive(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: the price is {price}; state what is paid, or what a gift is worth."""
    for place, item in enumerate(declaration.items):
        amount = item.value.amount
        if amount < 0 or (amount == 0 and declaration.is_full):
            yield f"items[{place}].value", {"item": item.number, "price": item.value}


@rule("DEC_R14", Level.SEVERE)
def commodity_code_names_goods(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: there is no commodity code for "{description}"; look it up in the tariff."""
    for place, item in enumerate(declaration.items):
        if item.hs == UNSPECIFIED_GOODS and declaration.is_full:
            values = {"item": item.number, "description": item.description}
            yield f"items[{place}].hs", values


@rule("DEC_R16", Level.SEVERE)
def item_container_is_listed(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} is said to be in container {container}, which the declaration does not list."""
    listed = {container.number for container in declaration.containers}
    for place, item in enumerate(declaration.items):
        for inner, container in enumerate(item.containers):
            if container not in listed:
                values = {"item": item.number, "container": container}
                yield f"items[{place}].containers[{inner}]", values


@rule("DEC_R22", Level.WARNING)
def documents_are_in_date(declaration: Declaration, now: datetime) -> Broken:
    """Document {type} {number} was valid until {until}; cite one that is valid now."""
    for path, document in declaration.all_documents():
        if document.valid_until is not None and document.valid_until < now:
            until = f"{document.valid_until:%Y-%m-%d}"
            values = {"type": document.type, "number": document.number, "until": until}
            yield f"{path}.valid_until", values


@rule("DEC_R23", Level.WARNING)
def documents_are_cited_once(declaration: Declaration, now: datetime) -> Broken:
    """Document {type} {number} is cited twice in the same place; once is enough."""
    for path, documents in _document_lists(declaration):
        seen: set[tuple[str, str, tuple[int, ...]]] = set()
        for place, document in enumerate(documents):
            key = (document.type, document.number, document.lines)
            if document.number and key in seen:
                yield f"{path}[{place}]", {"type": document.type, "number": document.number}
            seen.add(key)


@rule("DEC_R24", Level.SEVERE)
def documents_have_a_number(declaration: Declaration, now: datetime) -> Broken:
    """Document {type} has no number; give it, or the status that says why none is needed."""
    for path, document in declaration.all_documents():
        if not (document.number or document.status or document.reason):
            yield f"{path}.number", {"type": document.type or "without type"}


@rule("DEC_R25", Level.INFO)
def preference_has_a_proof(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} claims preference {preference}, but cites no proof of origin (such as N954 EUR.1,
    N861 or N865); without it the full duty falls due.
    """
    for place, item in enumerate(declaration.items):
        cited = (*declaration.documents, *item.documents)
        if _is_claim(item.preference) and not any(_proves_origin(each) for each in cited):
            yield f"items[{place}].documents", {"item": item.number, "preference": item.preference}


@rule("DEC_R26", Level.WARNING)
def preferential_goods_come_directly(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} claims preference for goods of {origin}, but was dispatched from {dispatch}; be
    ready to show that it came directly.
    """
    for place, item in enumerate(declaration.items):
        origin = item.preferential_origin or item.origin
        dispatch = item.country_of_dispatch or declaration.country_of_dispatch
        if _is_claim(item.preference) and origin != dispatch:
            values = {"item": item.number, "origin": origin, "dispatch": dispatch}
            yield f"items[{place}].preference", values


@rule("DEC_R27", Level.SEVERE)
def preference_code_is_known(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: {preference!r} is no preference code; use three digits, 100 for no claim."""
    for place, item in enumerate(declaration.items):
        if item.preference and not _PREFERENCE.fullmatch(item.preference):
            values = {"item": item.number, "preference": item.preference}
            yield f"items[{place}].preference", values


@rule("DEC_R31", Level.SEVERE)
def procedure_code_has_four_digits(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: the procedure code {procedure!r} must have four digits, such as 4000: the
    procedure asked for and the one before it.
    """
    for place, item in enumerate(declaration.items):
        stated = item.procedure or not declaration.is_full or declaration.kind is Kind.TRANSIT
        if not stated or (item.procedure and not _PROCEDURE.fullmatch(item.procedure)):
            values = {"item": item.number, "procedure": item.procedure}
            yield f"items[{place}].procedure", values


@rule("DEC_R32", Level.SEVERE)
def procedure_fits_the_kind(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: procedure {procedure} is not one for an {kind}; correct the code or the kind."""
    allowed = _PROCEDURES.get(declaration.kind)
    for place, item in enumerate(declaration.items):
        if allowed and item.procedure and not allowed.fullmatch(item.procedure[:2]):
            values = {"item": item.number, "procedure": item.procedure, "kind": declaration.kind}
            yield f"items[{place}].procedure", values


@rule("DEC_R33", Level.WARNING)
def price_per_kilogram_is_sane(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} costs {price} {currency} a kilogram; check price, mass and currency."""
    for place, item in enumerate(declaration.items):
        if item.net_mass_kg <= 0 or item.value.currency not in _PRICED_LIKE_DOLLARS:
            continue
        price = item.value.amount / item.net_mass_kg
        if price > 0 and not _LOWEST_PRICE_KG <= price <= _HIGHEST_PRICE_KG:
            values = {"item": item.number, "currency": item.value.currency}
            yield f"items[{place}].value", {**values, "price": round(price, 6)}


@rule("DEC_R34", Level.WARNING)
def like_goods_cost_alike(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} costs over {times} times as much a kilogram as item {other} of the same heading;
    check both.
    """
    cheapest: dict[str, tuple[Decimal, int]] = {}
    for item in declaration.items:
        if item.net_mass_kg > 0 and item.value.amount > 0:
            offer = (item.value.amount / item.net_mass_kg, item.number)
            cheapest[item.hs.heading] = min(offer, cheapest.get(item.hs.heading, offer))
    for place, item in enumerate(declaration.items):
        lowest = cheapest.get(item.hs.heading)
        if lowest is None or item.net_mass_kg <= 0:
            continue
        if item.value.amount / item.net_mass_kg > lowest[0] * _MOST_TIMES_DEARER:
            values = {"item": item.number, "times": _MOST_TIMES_DEARER, "other": lowest[1]}
            yield f"items[{place}].value", values


@rule("DEC_R35", Level.WARNING)
def statistical_value_covers_price(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: the statistical value {statistical} is below half the price {price}; it should
    be the price with freight to the border.
    """
    for place, item in enumerate(declaration.items):
        value = item.statistical_value
        if value is not None and _is_below_half(value, item.value):
            values = {"item": item.number, "statistical": value, "price": item.value}
            yield f"items[{place}].statistical_value", values


@rule("DEC_R39", Level.WARNING)
def description_says_what_it_is(declaration: Declaration, now: datetime) -> Broken:
    """Item {item}: "{description}" does not say what the goods are; name them so that an officer
    can tell the commodity code.
    """
    for place, item in enumerate(declaration.items):
        words = re.findall(r"\w+", item.description.lower())
        if declaration.is_full and not any(_is_telling(word) for word in words):
            values = {"item": item.number, "description": item.description}
            yield f"items[{place}].description", values


@rule("DEC_R43", Level.INFO)
def invoice_is_cited(declaration: Declaration, now: datetime) -> Broken:
    """No commercial invoice is cited (N380; N325 for a pro forma); the value may be questioned."""
    cited = {document.type[-3:] for _, document in declaration.all_documents()}
    if declaration.kind is Kind.IMPORT and declaration.is_full and not cited & _INVOICES:
        yield "documents", {}


@rule("DEC_R48", Level.SEVERE)
def packaging_adds_up(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} has {packages} packages, but its packaging adds up to {packaging}."""
    for place, item in enumerate(declaration.items):
        total = sum(each.count for each in item.packaging)
        if item.packaging and total != item.packages:
            values = {"item": item.number, "packages": item.packages, "packaging": total}
            yield f"items[{place}].packages", values


@rule("DEC_R49", Level.SEVERE, Area.MANDATORY)
def item_has_a_description(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} has no description; say in words what the goods are."""
    for place, item in enumerate(declaration.items):
        if not item.description.strip() and declaration.is_full:
            yield f"items[{place}].description", {"item": item.number}


def _document_lists(declaration: Declaration) -> Iterator[tuple[str, tuple[Document, ...]]]:
    yield "documents", declaration.documents
    for place, item in enumerate(declaration.items):
        yield f"items[{place}].documents", item.documents


def _is_telling(word: str) -> bool:
    """Whether a word may name goods; in scripts without Latin letters one character can."""
    return _VAGUE.fullmatch(word) is None and (len(word) >= _LONG_ENOUGH or not word.isascii())


def _is_claim(preference: str) -> bool:
    """Whether a preference code claims one: 100 and the other 1.. do not."""
    return bool(preference) and not preference.startswith("1")


def _proves_origin(document: Document) -> bool:
    return document.type[1:] in _PROOFS_OF_ORIGIN or document.type.startswith("U")


def _is_below_half(value: Money, price: Money) -> bool:
    return value.currency == price.currency and value.amount * 2 < price.amount


RULES = (
    net_mass_is_positive,
    gross_mass_covers_net,
    price_is_positive,
    commodity_code_names_goods,
    item_container_is_listed,
    documents_are_in_date,
    documents_are_cited_once,
    documents_have_a_number,
    preference_has_a_proof,
    preferential_goods_come_directly,
    preference_code_is_known,
    procedure_code_has_four_digits,
    procedure_fits_the_kind,
    price_per_kilogram_is_sane,
    like_goods_cost_alike,
    statistical_value_covers_price,
    description_says_what_it_is,
    invoice_is_cited,
    packaging_adds_up,
    item_has_a_description,
)
