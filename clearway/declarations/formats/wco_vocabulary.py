"""Names, numbers and places of the WCO declaration: where each field of our model stands in it.

The WCO numbers each class (`42A` Declaration) and each field (`112` item price); answers point to
a field by these numbers. Findings of our rules name fields of the model; `place` and `pointers`
give them back in the terms of a sender of WCO messages.

    place("items[1].net_mass_kg")
    # "GoodsShipment/GovernmentAgencyGoodsItem[2]/Commodity/GoodsMeasure/NetNetWeightMeasure"

Source: the class and element numbers are those of the WCO DM 3.6 declaration schema (DEC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SECTIONS: dict[str, str] = {
    "AdditionalDocument": "02A",
    "AdditionalInformation": "03A",
    "Address": "04A",
    "Agent": "05A",
    "Amendment": "06A",
    "ArrivalTransportMeans": "10A",
    "AuthorisationHolder": "17C",
    "BorderTransportMeans": "15A",
    "Carrier": "18A",
    "Classification": "21A",
    "Commodity": "23A",
    "Consignee": "27A",
    "Consignment": "28A",
    "CustomsValuation": "41A",
    "DangerousGoods": "12C",
    "Declarant": "57B",
    "Declaration": "42A",
    "DepartureTransportMeans": "46A",
    "Destination": "99B",
    "DutyTaxFee": "50A",
    "ExitOffice": "56A",
    "ExportCountry": "95B",
    "Exporter": "57A",
    "GoodsLocation": "64A",
    "GoodsMeasure": "65A",
    "GoodsShipment": "67A",
    "GovernmentAgencyGoodsItem": "68A",
    "GovernmentProcedure": "70A",
    "Importer": "74A",
    "InvoiceLine": "79A",
    "Itinerary": "81A",
    "ObligationGuarantee": "90A",
    "Origin": "92A",
    "Packaging": "93A",
    "Payment": "94A",
    "Pointer": "97A",
    "PresentationOffice": "15C",
    "PreviousDocument": "99A",
    "Seal": "44B",
    "SupervisingOffice": "97B",
    "TradeTerms": "22B",
    "TransportEquipment": "31B",
    "UCR": "35B",
    "Warehouse": "43B",
    "WriteOff": "22C",
}

TAGS: dict[str, str] = {
    "AdditionalDocument/ID": "D005",
    "AdditionalDocument/TypeCode": "D006",
    "AdditionalInformation/StatementCode": "226",
    "AdditionalInformation/StatementDescription": "225",
    "Agent/FunctionCode": "102",
    "Agent/ID": "R004",
    "AuthorisationHolder/CategoryCode": "R145",
    "BorderTransportMeans/ID": "T006",
    "BorderTransportMeans/ModeCode": "T022",
    "Classification/ID": "145",
    "Commodity/Description": "137",
    "Consignment/ContainerCode": "096",
    "CustomsValuation/FreightChargeAmount": "117",
    "CustomsValuation/MethodCode": "122",
    "DangerousGoods/UNDGID": "506",
    "Declarant/ID": "R123",
    "Declaration/DeclarationOfficeID": "065",
    "Declaration/FunctionCode": "017",
    "Declaration/FunctionalReferenceID": "D026",
    "Declaration/GoodsItemQuantity": "228",
    "Declaration/InvoiceAmount": "109",
    "Declaration/TotalGrossMassMeasure": "131",
    "Declaration/TotalPackageQuantity": "146",
    "Declaration/TypeCode": "D013",
    "Destination/CountryCode": "465",
    "DutyTaxFee/DutyRegimeCode": "164",
    "DutyTaxFee/QuotaOrderID": "401",
    "ExportCountry/ID": "062",
    "Exporter/ID": "R032",
    "GoodsLocation/Name": "L016",
    "GoodsMeasure/GrossMassMeasure": "126",
    "GoodsMeasure/NetNetWeightMeasure": "128",
    "GoodsMeasure/TariffQuantity": "130",
    "GovernmentAgencyGoodsItem/CustomsValueAmount": "108",
    "GovernmentAgencyGoodsItem/SequenceNumeric": "006",
    "GovernmentAgencyGoodsItem/StatisticalValueAmount": "114",
    "GovernmentProcedure/CurrentCode": "166",
    "Importer/ID": "R038",
    "InvoiceLine/ItemChargeAmount": "112",
    "Itinerary/RoutingCountryCode": "064",
    "Origin/CountryCode": "063",
    "Packaging/QuantityQuantity": "144",
    "Packaging/TypeCode": "141",
    "PreviousDocument/ID": "D018",
    "Seal/ID": "165",
    "TradeTerms/ConditionCode": "090",
    "TransportEquipment/ID": "159",
    "UCR/TraderAssignedReferenceID": "009",
}

# Element names that some reader looks at, beside the names of classes and of tagged fields.
_ALSO_READ = (
    "CategoryCode ChangeReasonCode CityName CountryCode DateTimeString DocumentSectionCode "
    "EffectiveDateTime ID IdentificationTypeCode LPCOExemptionCode Line LineNumeric "
    "LocationID MarksNumbersID MethodCode ModeCode Name PaymentAmount PostcodeID PreviousCode "
    "QuantityQuantity RegistrationNationalityCode SecurityDetailsCode SequenceNumeric "
    "SpecificTaxBaseQuantity StatementTypeCode TagID TaxAssessedAmount TransactionNatureCode "
    "TypeCode ReferenceID "
)
READ = (
    frozenset(SECTIONS) | frozenset(name.partition("/")[2] for name in TAGS) | {*_ALSO_READ.split()}
)

_SHIPMENT = "GoodsShipment"
_ITEM = f"{_SHIPMENT}/GovernmentAgencyGoodsItem"
_COMMODITY = f"{_ITEM}/Commodity"

# Field of the model -> element below Declaration; what is not here is named by its nearest parent.
PLACES: dict[str, str] = {
    "kind": "TypeCode",
    "additional_type": "TypeCode",
    "lrn": "FunctionalReferenceID",
    "ucr": f"{_SHIPMENT}/UCR/TraderAssignedReferenceID",
    "declarant": "Declarant",
    "importer": f"{_SHIPMENT}/Importer",
    "exporter": "Exporter",
    "representative": "Agent",
    "representative_status": "Agent/FunctionCode",
    "consignee": f"{_SHIPMENT}/Consignee",
    "carrier": "Consignment/Carrier",
    "office": "DeclarationOfficeID",
    "goods_location": f"{_SHIPMENT}/Consignment/GoodsLocation/Name",
    "transport_mode": "BorderTransportMeans/ModeCode",
    "vessel": "BorderTransportMeans/ID",
    "arrival_expected_at": "AdditionalInformation/StatementDescription",
    "country_of_dispatch": f"{_SHIPMENT}/ExportCountry/ID",
    "country_of_destination": f"{_SHIPMENT}/Destination/CountryCode",
    "itinerary": "Consignment/Itinerary",
    "invoice": "InvoiceAmount",
    "gross_mass_kg": "TotalGrossMassMeasure",
    "packages": "TotalPackageQuantity",
    "item_count": "GoodsItemQuantity",
    "items": _ITEM,
    "containers": f"{_SHIPMENT}/Consignment/TransportEquipment",
    "equipment": f"{_SHIPMENT}/Consignment/TransportEquipment",
    "containers.seals": f"{_SHIPMENT}/Consignment/TransportEquipment/Seal",
    "documents": "AdditionalDocument",
    "previous_documents": f"{_SHIPMENT}/PreviousDocument",
    "statements": "AdditionalInformation",
    "authorisations": "AuthorisationHolder",
    "guarantees": "ObligationGuarantee",
    "incoterm": f"{_SHIPMENT}/TradeTerms/ConditionCode",
    "freight": f"{_SHIPMENT}/CustomsValuation/FreightChargeAmount",
    "warehouse": f"{_SHIPMENT}/Warehouse",
    "items.number": f"{_ITEM}/SequenceNumeric",
    "items.hs": f"{_COMMODITY}/Classification/ID",
    "items.description": f"{_COMMODITY}/Description",
    "items.origin": f"{_ITEM}/Origin/CountryCode",
    "items.preference": f"{_COMMODITY}/DutyTaxFee/DutyRegimeCode",
    "items.quota": f"{_COMMODITY}/DutyTaxFee/QuotaOrderID",
    "items.procedure": f"{_ITEM}/GovernmentProcedure/CurrentCode",
    "items.net_mass_kg": f"{_COMMODITY}/GoodsMeasure/NetNetWeightMeasure",
    "items.gross_mass_kg": f"{_COMMODITY}/GoodsMeasure/GrossMassMeasure",
    "items.quantity": f"{_COMMODITY}/GoodsMeasure/TariffQuantity",
    "items.value": f"{_COMMODITY}/InvoiceLine/ItemChargeAmount",
    "items.statistical_value": f"{_ITEM}/StatisticalValueAmount",
    "items.customs_value": f"{_ITEM}/CustomsValueAmount",
    "items.packages": f"{_ITEM}/Packaging/QuantityQuantity",
    "items.packaging": f"{_ITEM}/Packaging",
    "items.containers": f"{_COMMODITY}/TransportEquipment/ID",
    "items.documents": f"{_ITEM}/AdditionalDocument",
    "items.previous_documents": f"{_ITEM}/PreviousDocument",
    "items.statements": f"{_ITEM}/AdditionalInformation",
    "items.valuation_method": f"{_ITEM}/CustomsValuation/MethodCode",
    "items.country_of_dispatch": f"{_ITEM}/ExportCountry/ID",
    "items.country_of_destination": f"{_ITEM}/Destination/CountryCode",
    "items.dangerous_goods": f"{_COMMODITY}/DangerousGoods/UNDGID",
}
_STEP = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")


@dataclass(frozen=True, slots=True)
class Pointer:
    """One step from the declaration down to a field.

    Args:
        section: number of the class.
        sequence: which of several, from 1; 0: there is one.
        tag: number of the field in the class; only the last step has it.
    """

    section: str
    sequence: int = 0
    tag: str = ""


def place(field: str) -> str:
    """Return where a field of the model stands in a WCO declaration, as a path below it."""
    names, sequences = _resolve(field)
    steps = (
        f"{name}[{sequence}]" if sequence > 1 else name
        for name, sequence in zip(names, sequences, strict=True)
    )
    return "/".join(steps)


def pointers(field: str) -> tuple[Pointer, ...]:
    """Return the steps to a field of the model, by WCO numbers, the declaration first."""
    names, sequences = _resolve(field)
    steps = [Pointer(SECTIONS["Declaration"])]
    above = "Declaration"
    for name, sequence in zip(names, sequences, strict=True):
        if name in SECTIONS:
            steps.append(Pointer(SECTIONS[name], sequence))
        else:
            last = steps.pop()
            steps.append(Pointer(last.section, last.sequence, TAGS.get(f"{above}/{name}", "")))
        above = name
    return tuple(steps)


def _resolve(field: str) -> tuple[list[str], list[int]]:
    """Return element names below Declaration, and for each which of several it is."""
    found = _STEP.findall(field)
    while found and ".".join(name for name, _ in found) not in PLACES:
        found.pop()
    names: list[str] = []
    sequences: list[int] = []
    for count in range(1, len(found) + 1):
        path = PLACES.get(".".join(name for name, _ in found[:count]), "").split("/")
        sequences += [0] * (len(path) - len(names))
        names += path[len(names) :]
        index = found[count - 1][1]
        if index:
            sequences[_listed(names)] = int(index) + 1
    return names, sequences


def _listed(names: list[str]) -> int:
    """Return the place of the last class: the one that occurs several times."""
    return max(place for place, name in enumerate(names) if name in SECTIONS)
