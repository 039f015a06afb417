"""Where a reader looks for what a WCO declaration leaves out; each time it says so.

Simplified and supplementary declarations leave out much that the full one states, and customs
administrations differ in what they ask for: the model wants it all.
"""

from __future__ import annotations

import re
from decimal import Decimal

from clearway.declarations.formats.fields import Fields
from clearway.declarations.formats.wco_items import NO_PRICE
from clearway.declarations.model import Item, Kind
from clearway.errors import BadTerm
from clearway.terms.identifiers import Ucr
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.wire.xml import Element

# Country, kind of place, kind of code, code (DE 5/23), such as GBAUBELBELBEL.
LOCATION = re.compile(r"([A-Z]{2})([A-D])([T-Z])(\S.*)")
_DECLARATION_UCR = "DCR"


def read_ucr(fields: Fields, shipment: Element | None) -> Ucr | None:
    """Return the reference of the consignment, where need be from a previous document `DCR`."""
    for path in ("UCR/TraderAssignedReferenceID", "UCR/ID"):
        if fields.find(shipment, path) is not None:
            return fields.term(shipment, path, Ucr)
    for each in fields.all(shipment, "PreviousDocument"):
        if fields.text(each, "TypeCode") == _DECLARATION_UCR:
            fields.taken("GoodsShipment/UCR", "The UCR", "the previous document of type DCR")
            return fields.term(each, "ID", Ucr)
    return None


def read_dispatch(fields: Fields, element: Element, kind: Kind) -> Country | None:
    """Return the country of dispatch, or the nearest that the message names."""
    where = "GoodsShipment/ExportCountry/ID"
    stated = fields.term(element, where, Country)
    if stated is not None:
        return stated
    item = "GoodsShipment/GovernmentAgencyGoodsItem"
    exporter = ("Exporter/Address/CountryCode", "Exporter/ID", "Declarant/ID")
    others = (f"{item}/ExportCountry/ID", f"{item}/Origin/CountryCode", *exporter)
    location = "GoodsShipment/Consignment/GoodsLocation/Address/CountryCode"
    for path in (location, *others) if kind is Kind.EXPORT else (*others, location):
        country = _country(fields.text(element, path)[:2])
        if country is not None:
            fields.taken(where, "The country of dispatch", path)
            return country
    fields.absent(where, "The country of dispatch")
    return None


def _country(code: str) -> Country | None:
    try:
        return Country(code)
    except BadTerm:
        return None


def read_office(fields: Fields, element: Element, location: str) -> str:
    """Return the office of lodgement; "" where nothing points to one."""
    office = fields.text(element, "DeclarationOfficeID")
    if office:
        return office
    for path in ("PresentationOffice/ID", "SupervisingOffice/ID"):
        if other := fields.text(element, path):
            fields.taken("DeclarationOfficeID", "The office of the declaration", path)
            return other
    found = LOCATION.fullmatch(location)
    if found is not None:
        fields.taken("DeclarationOfficeID", "The office of the declaration", "GoodsLocation")
        return found[1] + found[4][:3]
    return ""


def sum_of_prices(fields: Fields, items: tuple[Item, ...]) -> Money:
    """Return the sum of the items' prices; nothing, where they have none or several currencies."""
    if len({item.value.currency for item in items}) != 1:
        return NO_PRICE
    total = sum((item.value.amount for item in items), Decimal(0))
    fields.taken("InvoiceAmount", "The invoice total", "the prices of the items")
    return Money(total, items[0].value.currency)


def read_gross_mass(fields: Fields, element: Element, items: tuple[Item, ...]) -> Decimal:
    """Return the total gross mass, kilograms."""
    stated = fields.number(element, "TotalGrossMassMeasure")
    if stated is not None:
        return stated
    fields.taken("TotalGrossMassMeasure", "The total gross mass", "the items")
    masses = (
        item.net_mass_kg if item.gross_mass_kg is None else item.gross_mass_kg for item in items
    )
    return sum(masses, Decimal(0))


def read_packages(fields: Fields, element: Element, items: tuple[Item, ...]) -> int:
    """Return the total number of packages."""
    stated = fields.whole(element, "TotalPackageQuantity")
    if stated is not None:
        return stated
    fields.taken("TotalPackageQuantity", "The number of packages", "the items")
    return sum(item.packages for item in items)
