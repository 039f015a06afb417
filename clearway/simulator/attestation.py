"""What an authority abroad states of a consignment: a certificate in the desk's own model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from clearway.certificates.model import Certificate, CertificateLine, Status
from clearway.certificates.parts import (
    Equipment,
    Location,
    Origin,
    Packaging,
    Party,
    Signatory,
    Stated,
    Text,
    Transport,
    Treatment,
)
from clearway.simulator.consignments import Consignment, Firm, Line, exact
from clearway.simulator.reefers import TREATMENT_DAYS, TREATMENT_MAX_C, Unit
from clearway.terms.goods import HsPrefix
from clearway.terms.places import Country
from clearway.terms.quantity import KGM, Quantity, UnitCode

_STATEMENTS = {
    "851": (
        "This is to certify that the plants, plant products or other regulated articles described"
        " herein have been inspected according to appropriate official procedures and are"
        " considered to be free from the quarantine pests specified by the importing contracting"
        " party."
    ),
    "853": (
        "The official inspector certifies that the products described above are fit for human"
        " consumption and come from an approved establishment under veterinary control."
    ),
}
_TITLES = {"851": "Phytosanitary certificate", "853": "Veterinary certificate"}
_AUTHORITIES = {"851": "National Plant Protection Organization", "853": "Veterinary Authority"}


def attest(
    consignment: Consignment,
    type_code: str,
    number: str,
    issued: datetime,
    units: dict[str, Unit],
) -> Certificate:
    """Return the certificate of a consignment as its authority issues it."""
    country = consignment.lines[0].origin
    authority = Party(name=f"{_AUTHORITIES[type_code]} of {Country(country).name}")
    lines = [line for line in consignment.lines if line.goods.certificate == type_code]
    return Certificate(
        number=number,
        type_code=type_code,
        status=Status.ISSUED,
        issuing_country=Country(country),
        importing_country=Country(consignment.importer.country),
        issued=Stated.instant(issued),
        issuer=authority,
        consignor=_party(consignment.exporter),
        consignee=_party(consignment.importer),
        lines=tuple(_certified(line, units) for line in lines),
        title=(Text(_TITLES[type_code], "en"),),
        equipment=tuple(Equipment(box.number, (box.seal,)) for box in consignment.boxes),
        entry_point=Location(consignment.office, consignment.office),
        transports=(Transport(mode=consignment.transport, means=consignment.vessel),),
        signatories=(_signatory(authority, issued, country, type_code),),
    )


def _party(firm: Firm) -> Party:
    return Party(
        name=firm.name,
        registration=firm.id,
        address=("Trade street 1",),
        country=Country(firm.country),
    )


def _signatory(authority: Party, issued: datetime, country: str, type_code: str) -> Signatory:
    return Signatory(
        signed=Stated.instant(issued),
        place=Location(name=Country(country).name),
        authority=replace(authority, person="Official inspector"),
        statements=(Text(_STATEMENTS[type_code], "en"),),
    )


def _certified(line: Line, units: dict[str, Unit]) -> CertificateLine:
    unit = units.get(line.container)
    treated = unit is not None and unit.claims_treatment
    return CertificateLine(
        number=line.number,
        hs=(HsPrefix(str(line.goods.hs)),),
        descriptions=(Text(line.goods.descriptions[0], "en"),),
        scientific_names=(Text(_BOTANICAL.get(line.goods.key, line.goods.descriptions[2]), "la"),),
        net_mass=Quantity(exact(line.mass_kg, 1), KGM),
        packagings=(Packaging("1", line.goods.package_type, Decimal(line.packages)),),
        origins=(Origin(Country(line.origin)),),
        treatments=(_treatment(unit),) if unit is not None and treated else (),
    )


def _treatment(unit: Unit) -> Treatment:
    """Return the cold treatment on the way that the certificate claims."""
    began, ended = (datetime.fromtimestamp(at, UTC) for at in unit.treatment_s)
    return Treatment(
        type="CT",
        description=(Text("Cold treatment during transport, all probes", "en"),),
        temperature=Quantity(Decimal(str(TREATMENT_MAX_C)), UnitCode("CEL")),
        duration=Quantity(Decimal(str(TREATMENT_DAYS)), UnitCode("DAY")),
        started=Stated.instant(began),
        ended=Stated.instant(ended),
    )


_BOTANICAL = {
    "banana": "Musa acuminata", "avocado": "Persea americana", "orange": "Citrus sinensis",
    "mandarin": "Citrus reticulata", "grape": "Vitis vinifera", "apple": "Malus domestica",
    "strawberry": "Fragaria x ananassa", "blueberry": "Vaccinium corymbosum",
    "mango": "Mangifera indica", "kiwi": "Actinidia deliciosa", "tomato": "Solanum lycopersicum",
    "pepper": "Capsicum annuum", "onion": "Allium cepa", "rose": "Rosa hybrida",
    "carnation": "Dianthus caryophyllus", "coffee": "Coffea arabica", "rice": "Oryza sativa",
    "seed": "Solanum lycopersicum", "timber": "Pinus sylvestris",
}  # fmt: skip
