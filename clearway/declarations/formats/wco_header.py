"""The header and goods shipment of a WCO declaration (42A and 67A), read and written."""

from __future__ import annotations

from clearway.declarations.formats import wco_fallbacks as fallbacks
from clearway.declarations.formats import wco_parts as parts
from clearway.declarations.formats import wco_sections as sections
from clearway.declarations.formats import wco_statements as statements
from clearway.declarations.formats.fields import Fields
from clearway.declarations.formats.wco_fallbacks import LOCATION
from clearway.declarations.formats.wco_items import Consignment, read_item, write_item
from clearway.declarations.model import (
    MOST_ITEMS,
    Authorisation,
    Declaration,
    Guarantee,
    Item,
    Kind,
    Party,
)
from clearway.errors import BadTerm, TooLarge
from clearway.terms.identifiers import Lrn, PartyId
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.wire.xml import Element

# First two letters of TypeCode (DE 1/1); CO is trade with special territories of one union.
_KINDS = {"IM": Kind.IMPORT, "CO": Kind.IMPORT, "EX": Kind.EXPORT, "TR": Kind.TRANSIT}
_PREFIXES = {Kind.IMPORT: "IM", Kind.EXPORT: "EX", Kind.TRANSIT: "TR"}


def read_declaration(fields: Fields, element: Element) -> Declaration | None:
    """Return the declaration; None, with findings, where it cannot be known which or whence."""
    shipment = fields.find(element, "GoodsShipment")
    kind, additional_type = _read_type(fields, element)
    lrn = _read_lrn(fields, element)
    dispatch = fallbacks.read_dispatch(fields, element, kind)
    if lrn is None or dispatch is None:
        return None
    invoice = fields.money(element, "InvoiceAmount")
    items = _read_items(fields, shipment, kind, dispatch, invoice)
    containers, equipment = parts.read_equipment(fields, fields.find(shipment, "Consignment"))
    location = _read_location(fields, shipment)
    declaration = Declaration(
        kind=kind,
        additional_type=additional_type,
        lrn=lrn,
        ucr=fallbacks.read_ucr(fields, shipment),
        **sections.read_parties(fields, element, shipment),
        **sections.read_offices(fields, element, location),
        goods_location=location,
        warehouse=_read_warehouse(fields, shipment),
        **sections.read_transport(fields, element, shipment),
        arrival_expected_at=statements.read_arrival(fields, element),
        country_of_dispatch=dispatch,
        country_of_destination=fields.term(shipment, "Destination/CountryCode", Country),
        itinerary=_read_itinerary(fields, element),
        invoice=invoice or fallbacks.sum_of_prices(fields, items),
        **sections.read_totals(fields, element, items),
        items=items,
        containers=containers,
        equipment=equipment,
        documents=parts.read_documents(fields, element),
        previous_documents=parts.read_previous_documents(fields, shipment),
        statements=statements.read_statements(fields, element),
        authorisations=_read_authorisations(fields, element),
        guarantees=_read_guarantees(fields, element),
        **sections.read_terms(fields, shipment),
    )
    return statements.with_document_details(fields, element, declaration)


def write_declaration(element: Element, declaration: Declaration) -> None:
    """Fill an empty Declaration element, in the order of the schema."""
    put, put_text = parts.put, parts.put_text
    put(element, "FunctionCode", "9")
    put(element, "FunctionalReferenceID", declaration.lrn)
    put(element, "TypeCode", _PREFIXES[declaration.kind] + declaration.additional_type)
    if declaration.item_count is not None:
        put(element, "GoodsItemQuantity", str(declaration.item_count))
    put_text(element, "DeclarationOfficeID", declaration.office)
    parts.put_money(element, "InvoiceAmount", declaration.invoice)
    parts.put_number(element, "TotalGrossMassMeasure", declaration.gross_mass_kg, unitCode="KGM")
    put(element, "TotalPackageQuantity", str(declaration.packages))
    parts.write_header_documents(element, declaration.documents)
    statements.write_header_statements(element, declaration)
    parts.write_party(
        element, "Agent", declaration.representative, declaration.representative_status
    )
    for authorisation in declaration.authorisations:
        inner = put(element, "AuthorisationHolder")
        put(inner, "ID", authorisation.holder)
        put_text(inner, "CategoryCode", authorisation.type)
    _write_border_transport(element, declaration)
    _write_carriage(element, declaration)
    parts.write_party(element, "Declarant", _or_none(declaration.declarant))
    parts.put_inner(element, "ExitOffice", "ID", declaration.exit_office)
    parts.write_party(element, "Exporter", declaration.exporter)
    _write_shipment(put(element, "GoodsShipment"), declaration)
    for guarantee in declaration.guarantees:
        inner = put(element, "ObligationGuarantee")
        put_text(inner, "ID", guarantee.reference)
        put_text(inner, "SecurityDetailsCode", guarantee.type)
    parts.put_inner(element, "PresentationOffice", "ID", declaration.presentation_office)
    parts.put_inner(element, "SupervisingOffice", "ID", declaration.supervising_office)


def _read_type(fields: Fields, element: Element) -> tuple[Kind, str]:
    code = fields.text(element, "TypeCode")
    if code[:2] not in _KINDS:
        if code:
            rule = "must begin with IM, EX, CO or TR"
            fields.wrong("TypeCode", BadTerm("Declaration type", code, rule).detail)
        else:
            fields.absent("TypeCode", "The type of the declaration")
    return _KINDS.get(code[:2], Kind.IMPORT), code[2:] or "A"


def _read_lrn(fields: Fields, element: Element) -> Lrn | None:
    """Return the declarant's reference; blanks in it, which no reference may have, as hyphens."""
    reference = fields.find(element, "FunctionalReferenceID")
    text = fields.text(element, "FunctionalReferenceID")
    try:
        lrn = Lrn(text.replace(" ", "-"))
    except BadTerm as error:
        if text:
            fields.wrong("FunctionalReferenceID", error.detail)
        else:
            fields.absent("FunctionalReferenceID", "Your own reference (LRN)")
        return None
    if reference is not None and lrn != text:
        fields.taken_as(reference, f"The reference {text!r} has blanks", lrn)
    return lrn


def _read_location(fields: Fields, shipment: Element | None) -> str:
    names = ("Address/CountryCode", "TypeCode", "Address/TypeCode", "Name", "ID")
    location = fields.find(shipment, "Consignment/GoodsLocation")
    return "".join(fields.text(location, name) for name in names)


def _read_itinerary(fields: Fields, element: Element) -> tuple[Country, ...]:
    found = (
        fields.term(each, "RoutingCountryCode", Country)
        for each in fields.all(element, "Consignment/Itinerary")
    )
    return tuple(country for country in found if country is not None)


def _read_items(
    fields: Fields, shipment: Element | None, kind: Kind, dispatch: Country, invoice: Money | None
) -> tuple[Item, ...]:
    header = Consignment(dispatch, kind is Kind.EXPORT, invoice.currency if invoice else "")
    elements = fields.all(shipment, "GovernmentAgencyGoodsItem")
    if len(elements) > MOST_ITEMS:
        raise TooLarge(
            f"The declaration has {len(elements):,} items; at most {MOST_ITEMS} are accepted."
            " Split it",
            limit="items",
        )
    return tuple(read_item(fields, each, place, header) for place, each in enumerate(elements, 1))


def _read_authorisations(fields: Fields, element: Element) -> tuple[Authorisation, ...]:
    found = (
        (fields.text(each, "CategoryCode"), fields.term(each, "ID", PartyId))
        for each in fields.all(element, "AuthorisationHolder")
    )
    return tuple(Authorisation(kind, holder) for kind, holder in found if holder is not None)


def _read_guarantees(fields: Fields, element: Element) -> tuple[Guarantee, ...]:
    return tuple(
        Guarantee(
            type=fields.text(each, "SecurityDetailsCode"),
            reference=fields.text(each, "ID") or fields.text(each, "ReferenceID"),
        )
        for each in fields.all(element, "ObligationGuarantee")
    )


def _read_warehouse(fields: Fields, shipment: Element | None) -> str:
    """Return kind and number in one (DE 2/7), such as U1234567GB."""
    return fields.text(shipment, "Warehouse/TypeCode") + fields.text(shipment, "Warehouse/ID")


def _write_border_transport(element: Element, declaration: Declaration) -> None:
    border = parts.put(element, "BorderTransportMeans")
    parts.put_text(border, "ID", declaration.vessel)
    parts.put_text(border, "IdentificationTypeCode", declaration.vessel_id_type)
    parts.put_text(border, "RegistrationNationalityCode", declaration.vessel_country or "")
    parts.put_text(border, "ModeCode", declaration.transport_mode)


def _write_carriage(element: Element, declaration: Declaration) -> None:
    if declaration.carrier is None and not declaration.itinerary:
        return
    consignment = parts.put(element, "Consignment")
    parts.write_party(consignment, "Carrier", declaration.carrier)
    for place, country in enumerate(declaration.itinerary, 1):
        itinerary = parts.put(consignment, "Itinerary")
        parts.put(itinerary, "SequenceNumeric", str(place))
        parts.put(itinerary, "RoutingCountryCode", country)


def _write_shipment(shipment: Element, declaration: Declaration) -> None:
    parts.put_text(shipment, "TransactionNatureCode", declaration.nature_of_transaction)
    parts.write_party(shipment, "Consignee", declaration.consignee)
    _write_consignment(parts.put(shipment, "Consignment"), declaration)
    if declaration.freight is not None:
        valuation = parts.put(shipment, "CustomsValuation")
        parts.put_money(valuation, "FreightChargeAmount", declaration.freight)
    parts.put_inner(shipment, "Destination", "CountryCode", declaration.country_of_destination)
    parts.put_inner(shipment, "ExportCountry", "ID", declaration.country_of_dispatch)
    for item in declaration.items:
        write_item(shipment, item)
    parts.write_party(shipment, "Importer", _or_none(declaration.importer))
    parts.write_previous_documents(shipment, declaration.previous_documents)
    if declaration.incoterm or declaration.incoterm_place:
        terms = parts.put(shipment, "TradeTerms")
        parts.put_text(terms, "ConditionCode", declaration.incoterm)
        parts.put_text(terms, "LocationID", declaration.incoterm_place)
    parts.put_inner(shipment, "UCR", "TraderAssignedReferenceID", declaration.ucr)
    if declaration.warehouse:
        warehouse = parts.put(shipment, "Warehouse")
        parts.put_text(warehouse, "ID", declaration.warehouse[1:])
        parts.put_text(warehouse, "TypeCode", declaration.warehouse[:1])


def _write_consignment(consignment: Element, declaration: Declaration) -> None:
    parts.put(consignment, "ContainerCode", "1" if declaration.containers else "0")
    parts.write_means(consignment, "ArrivalTransportMeans", declaration.transport_at_arrival)
    parts.write_means(consignment, "DepartureTransportMeans", declaration.transport_at_departure)
    _write_location(consignment, declaration.goods_location)
    parts.write_equipment(consignment, (*declaration.containers, *declaration.equipment))


def _write_location(consignment: Element, location: str) -> None:
    if not location:
        return
    element = parts.put(consignment, "GoodsLocation")
    found = LOCATION.fullmatch(location)
    if found is None:
        parts.put(element, "Name", location)
        return
    parts.put(element, "Name", found[4])
    parts.put(element, "TypeCode", found[2])
    address = parts.put(element, "Address")
    parts.put(address, "TypeCode", found[3])
    parts.put(address, "CountryCode", found[1])


def _or_none(party: Party) -> Party | None:
    return None if party == Party() else party
