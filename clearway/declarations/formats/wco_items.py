"""One goods item (GovernmentAgencyGoodsItem, 68A) of a WCO declaration, read and written."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from clearway.declarations.formats import wco_parts as parts
from clearway.declarations.formats import wco_statements as statements
from clearway.declarations.formats.fields import Fields
from clearway.declarations.model import (
    UNSPECIFIED_GOODS,
    Classification,
    DutyTaxFee,
    Item,
    Packaging,
)
from clearway.errors import BadTerm
from clearway.terms.goods import HsCode
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber
from clearway.wire.xml import Element

# ISO 4217 for "no currency": stands where a message prices nothing.
NO_PRICE = Money(Decimal(0), Currency("XXX"))
_TARIFF = ("TSP", "TRC")


@dataclass(frozen=True, slots=True)
class Consignment:
    """What the header says that an item may leave out.

    Args:
        dispatch: country of dispatch or export.
        is_export: goods leave; their origin need not be stated.
        currency: of the invoice; "" where the header names none.
    """

    dispatch: Country
    is_export: bool
    currency: str


def read_item(fields: Fields, element: Element, place: int, header: Consignment) -> Item:
    """Return the item; what is absent and indispensable becomes a finding and a plain default."""
    commodity = fields.find(element, "Commodity")
    gross = fields.number(commodity, "GoodsMeasure/GrossMassMeasure")
    packaging = _read_packaging(fields, element)
    origin, preferential = _read_origin(fields, element, header)
    procedure, additional_procedures = _read_procedures(fields, element)
    return Item(
        number=_number(fields, element, place),
        hs=_read_hs(fields, element),
        description=fields.text(commodity, "Description"),
        origin=origin,
        preferential_origin=preferential,
        procedure=procedure,
        additional_procedures=additional_procedures,
        net_mass_kg=_read_net_mass(fields, element, gross),
        gross_mass_kg=gross,
        quantity=fields.quantity(commodity, "GoodsMeasure/TariffQuantity"),
        value=_read_value(fields, element, header.currency),
        statistical_value=fields.money(element, "StatisticalValueAmount", header.currency),
        customs_value=fields.money(element, "CustomsValueAmount", header.currency),
        packages=sum(each.count for each in packaging),
        packaging=() if _is_bare(packaging) else packaging,
        preference=_first(fields, commodity, "DutyRegimeCode"),
        quota=_first(fields, commodity, "QuotaOrderID"),
        duties=_read_duties(fields, commodity),
        additional_codes=_read_additional_codes(fields, commodity),
        containers=_read_containers(fields, commodity),
        dangerous_goods=tuple(
            fields.text(each, "UNDGID") for each in fields.all(commodity, "DangerousGoods")
        ),
        documents=parts.read_documents(fields, element),
        previous_documents=parts.read_previous_documents(fields, element),
        statements=statements.read_statements(fields, element),
        valuation_method=fields.text(element, "CustomsValuation/MethodCode"),
        country_of_dispatch=fields.term(element, "ExportCountry/ID", Country),
        country_of_destination=fields.term(element, "Destination/CountryCode", Country),
        nature_of_transaction=fields.text(element, "TransactionNatureCode"),
    )


def write_item(parent: Element, item: Item) -> None:
    """Append the item."""
    element = parts.put(parent, "GovernmentAgencyGoodsItem")
    parts.put_money(element, "CustomsValueAmount", item.customs_value)
    parts.put(element, "SequenceNumeric", str(item.number))
    parts.put_money(element, "StatisticalValueAmount", item.statistical_value)
    parts.put_text(element, "TransactionNatureCode", item.nature_of_transaction)
    parts.write_documents(element, item.documents)
    for statement in item.statements:
        statements.write_statement(element, statement)
    _write_commodity(element, item)
    parts.put_inner(element, "CustomsValuation", "MethodCode", item.valuation_method)
    parts.put_inner(element, "Destination", "CountryCode", item.country_of_destination)
    parts.put_inner(element, "ExportCountry", "ID", item.country_of_dispatch)
    _write_procedures(element, item)
    _write_origin(element, item.origin, "1")
    _write_origin(element, item.preferential_origin, "2")
    _write_packaging(element, item)
    parts.write_previous_documents(element, item.previous_documents)


def _number(fields: Fields, element: Element, place: int) -> int:
    number = fields.whole(element, "SequenceNumeric")
    if number is None:
        fields.taken(fields.path(element), "The number of the item", "its place in the message")
    return place if number is None else number


def _read_hs(fields: Fields, element: Element) -> HsCode:
    """Return TSP (8 digits) and TRC (2 more) as one code."""
    found = fields.all(element, "Commodity/Classification")
    kinds = {fields.text(each, "IdentificationTypeCode"): fields.text(each, "ID") for each in found}
    code = "".join(kinds.get(kind, "") for kind in _TARIFF)
    try:
        return HsCode(code)
    except BadTerm as error:
        where = f"{fields.path(element)}/Commodity/Classification"
        if code:
            fields.wrong(where, error.detail)
        else:
            fields.absent(where, "The commodity code (type TSP)")
        return UNSPECIFIED_GOODS


def _read_additional_codes(fields: Fields, commodity: Element | None) -> tuple[Classification, ...]:
    found = (
        Classification(fields.text(each, "IdentificationTypeCode"), fields.text(each, "ID"))
        for each in fields.all(commodity, "Classification")
    )
    return tuple(each for each in found if each.type not in _TARIFF)


def _read_net_mass(fields: Fields, element: Element, gross: Decimal | None) -> Decimal:
    net = fields.number(element, "Commodity/GoodsMeasure/NetNetWeightMeasure")
    if net is None and gross is not None:
        fields.taken(fields.path(element), "The net mass", "the gross mass")
        return gross
    return Decimal(0) if net is None else net


def _read_value(fields: Fields, element: Element, currency: str) -> Money:
    price = fields.money(element, "Commodity/InvoiceLine/ItemChargeAmount", currency)
    if price is not None:
        return price
    for name in ("CustomsValueAmount", "StatisticalValueAmount"):
        other = fields.money(element, name, currency)
        if other is not None:
            fields.taken(fields.path(element), "The price of the item", name)
            return other
    return NO_PRICE


def _read_origin(
    fields: Fields, element: Element, header: Consignment
) -> tuple[Country, Country | None]:
    """Return the non-preferential origin (type 1) and the preferential one (type 2)."""
    found: dict[str, Country | None] = {
        fields.text(each, "TypeCode") or "1": fields.term(each, "CountryCode", Country)
        for each in fields.all(element, "Origin")
    }
    origin, preferential = found.get("1"), found.get("2")
    if origin is not None:
        return origin, preferential
    if preferential is not None:
        return preferential, preferential
    where = f"{fields.path(element)}/Origin"
    if header.is_export:
        fields.taken(where, "The country of origin", "the country of export")
    else:
        fields.absent(where, "The country of origin")
    return header.dispatch, None


def _write_origin(element: Element, country: Country | None, kind: str) -> None:
    if country is not None:
        origin = parts.put(element, "Origin")
        parts.put(origin, "CountryCode", country)
        parts.put(origin, "TypeCode", kind)


def _read_procedures(fields: Fields, element: Element) -> tuple[str, tuple[str, ...]]:
    """Return procedure asked for and previous one as four digits, and the additional ones."""
    procedure = ""
    additional: list[str] = []
    for each in fields.all(element, "GovernmentProcedure"):
        current, previous = fields.text(each, "CurrentCode"), fields.text(each, "PreviousCode")
        if previous and not procedure:
            procedure = current + previous
        elif current:
            additional.append(current + previous)
    return procedure, tuple(additional)


def _write_procedures(element: Element, item: Item) -> None:
    if item.procedure:
        procedure = parts.put(element, "GovernmentProcedure")
        parts.put_text(procedure, "CurrentCode", item.procedure[:2])
        parts.put_text(procedure, "PreviousCode", item.procedure[2:])
    for code in item.additional_procedures:
        parts.put(parts.put(element, "GovernmentProcedure"), "CurrentCode", code)


def _read_packaging(fields: Fields, element: Element) -> tuple[Packaging, ...]:
    return tuple(
        Packaging(
            type=fields.text(each, "TypeCode"),
            count=fields.whole(each, "QuantityQuantity") or 0,
            marks=fields.text(each, "MarksNumbersID"),
        )
        for each in fields.all(element, "Packaging")
    )


def _is_bare(packaging: tuple[Packaging, ...]) -> bool:
    """Whether the packaging says no more than a number."""
    return len(packaging) == 1 and not packaging[0].type and not packaging[0].marks


def _write_packaging(element: Element, item: Item) -> None:
    for place, each in enumerate(item.packaging or (Packaging("", item.packages),), 1):
        packaging = parts.put(element, "Packaging")
        parts.put(packaging, "SequenceNumeric", str(place))
        parts.put_text(packaging, "MarksNumbersID", each.marks)
        parts.put(packaging, "QuantityQuantity", str(each.count))
        parts.put_text(packaging, "TypeCode", each.type)


def _first(fields: Fields, commodity: Element | None, name: str) -> str:
    """Return the first such text of any duty or tax."""
    found = (fields.text(each, name) for each in fields.all(commodity, "DutyTaxFee"))
    return next((text for text in found if text), "")


def _read_duties(fields: Fields, commodity: Element | None) -> tuple[DutyTaxFee, ...]:
    found = (
        DutyTaxFee(
            type=fields.text(each, "TypeCode"),
            payment_method=fields.text(each, "Payment/MethodCode"),
            base=fields.quantity(each, "SpecificTaxBaseQuantity"),
            assessed=fields.money(each, "Payment/TaxAssessedAmount"),
            payable=fields.money(each, "Payment/PaymentAmount"),
        )
        for each in fields.all(commodity, "DutyTaxFee")
    )
    return tuple(each for each in found if each != DutyTaxFee(""))


def _read_containers(fields: Fields, commodity: Element | None) -> tuple[ContainerNumber, ...]:
    found: list[ContainerNumber] = []
    for each in fields.all(commodity, "TransportEquipment"):
        number = fields.term(each, "ID", ContainerNumber)
        if number is not None:
            found.append(number)
    return tuple(found)


def _write_commodity(parent: Element, item: Item) -> None:
    commodity = parts.put(parent, "Commodity")
    parts.put_text(commodity, "Description", item.description)
    tariff = (Classification("TSP", item.hs[:8]), Classification("TRC", item.hs[8:]))
    for each in (*tariff, *item.additional_codes):
        if each.code:
            classification = parts.put(commodity, "Classification")
            parts.put(classification, "ID", each.code)
            parts.put_text(classification, "IdentificationTypeCode", each.type)
    for number in item.dangerous_goods:
        parts.put(parts.put(commodity, "DangerousGoods"), "UNDGID", number)
    _write_duties(commodity, item)
    measure = parts.put(commodity, "GoodsMeasure")
    parts.put_number(measure, "GrossMassMeasure", item.gross_mass_kg, unitCode="KGM")
    parts.put_number(measure, "NetNetWeightMeasure", item.net_mass_kg, unitCode="KGM")
    parts.put_quantity(measure, "TariffQuantity", item.quantity)
    parts.put_money(parts.put(commodity, "InvoiceLine"), "ItemChargeAmount", item.value)
    for place, number in enumerate(item.containers, 1):
        equipment = parts.put(commodity, "TransportEquipment")
        parts.put(equipment, "SequenceNumeric", str(place))
        parts.put(equipment, "ID", number)


def _write_duties(commodity: Element, item: Item) -> None:
    if item.preference or item.quota:
        regime = parts.put(commodity, "DutyTaxFee")
        parts.put_text(regime, "DutyRegimeCode", item.preference)
        parts.put_text(regime, "QuotaOrderID", item.quota)
    for each in item.duties:
        duty = parts.put(commodity, "DutyTaxFee")
        parts.put_quantity(duty, "SpecificTaxBaseQuantity", each.base)
        parts.put_text(duty, "TypeCode", each.type)
        if each.payment_method or each.assessed or each.payable:
            payment = parts.put(duty, "Payment")
            parts.put_text(payment, "MethodCode", each.payment_method)
            parts.put_money(payment, "TaxAssessedAmount", each.assessed)
            parts.put_money(payment, "PaymentAmount", each.payable)
