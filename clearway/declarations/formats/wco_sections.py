"""Sections of a WCO header, read as keyword arguments of a `Declaration`.

    Declaration(..., **read_parties(fields, element, shipment), ...)

Each is read where it stands in the header, so that findings come in the order of the message.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from clearway.declarations.formats import wco_fallbacks as fallbacks
from clearway.declarations.formats import wco_parts as parts
from clearway.declarations.formats.fields import Fields
from clearway.declarations.model import Item, Party, TransportMeans
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.wire.xml import Element


class Parties(TypedDict):
    """Everyone named in the header (DE 3/1 to 3/32)."""

    declarant: Party
    importer: Party
    exporter: Party | None
    representative: Party | None
    representative_status: str
    consignee: Party | None
    carrier: Party | None


class Offices(TypedDict):
    """Customs offices: lodgement; exit, presentation, supervision (DE 5/12, 5/26, 5/27)."""

    office: str
    supervising_office: str
    presentation_office: str
    exit_office: str


class Transport(TypedDict):
    """What carries the goods over the border, to it and from it (DE 7/4 to 7/15)."""

    transport_mode: str
    vessel: str
    vessel_id_type: str
    vessel_country: Country | None
    transport_at_arrival: TransportMeans | None
    transport_at_departure: TransportMeans | None


class Totals(TypedDict):
    """Of the whole consignment (DE 6/5, 6/18, 1/9)."""

    gross_mass_kg: Decimal
    packages: int
    item_count: int | None


class Terms(TypedDict):
    """Terms of the trade (DE 4/1, 4/9, 8/5)."""

    incoterm: str
    incoterm_place: str
    nature_of_transaction: str
    freight: Money | None


def read_parties(fields: Fields, element: Element, shipment: Element | None) -> Parties:
    """Return who is named; declarant and importer stay empty where they are not."""
    return {
        "declarant": parts.read_party(fields, fields.find(element, "Declarant")) or Party(),
        "importer": parts.read_party(fields, fields.find(shipment, "Importer")) or Party(),
        "exporter": parts.read_party(fields, fields.find(element, "Exporter")),
        "representative": parts.read_party(fields, fields.find(element, "Agent")),
        "representative_status": fields.text(element, "Agent/FunctionCode"),
        "consignee": parts.read_party(fields, fields.find(shipment, "Consignee")),
        "carrier": parts.read_party(fields, fields.find(element, "Consignment/Carrier")),
    }


def read_offices(fields: Fields, element: Element, location: str) -> Offices:
    """Return the offices.

    Args:
        location: of the goods; where no office of lodgement is stated, it is taken from that.
    """
    return {
        "office": fallbacks.read_office(fields, element, location),
        "supervising_office": fields.text(element, "SupervisingOffice/ID"),
        "presentation_office": fields.text(element, "PresentationOffice/ID"),
        "exit_office": fields.text(element, "ExitOffice/ID"),
    }


def read_transport(fields: Fields, element: Element, shipment: Element | None) -> Transport:
    """Return the means of transport at the border, on arrival and at departure."""
    border = fields.find(element, "BorderTransportMeans")
    at_arrival = fields.find(shipment, "Consignment/ArrivalTransportMeans")
    at_departure = fields.find(shipment, "Consignment/DepartureTransportMeans")
    return {
        "transport_mode": fields.text(border, "ModeCode"),
        "vessel": fields.text(border, "ID") or fields.text(border, "Name"),
        "vessel_id_type": fields.text(border, "IdentificationTypeCode"),
        "vessel_country": fields.term(border, "RegistrationNationalityCode", Country),
        "transport_at_arrival": parts.read_means(fields, at_arrival),
        "transport_at_departure": parts.read_means(fields, at_departure),
    }


def read_totals(fields: Fields, element: Element, items: tuple[Item, ...]) -> Totals:
    """Return the totals; mass and packages, where they are not stated, as the sum of the items."""
    return {
        "gross_mass_kg": fallbacks.read_gross_mass(fields, element, items),
        "packages": fallbacks.read_packages(fields, element, items),
        "item_count": fields.whole(element, "GoodsItemQuantity"),
    }


def read_terms(fields: Fields, shipment: Element | None) -> Terms:
    """Return the terms of delivery, the nature of the transaction and the freight."""
    return {
        "incoterm": fields.text(shipment, "TradeTerms/ConditionCode"),
        "incoterm_place": fields.text(shipment, "TradeTerms/LocationID"),
        "nature_of_transaction": fields.text(shipment, "TransactionNatureCode"),
        "freight": fields.money(shipment, "CustomsValuation/FreightChargeAmount"),
    }
