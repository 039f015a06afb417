"""Certificates of a day: what authorities abroad certified, and what was done to some of them.

Each consignment of regulated goods needs one (phytosanitary, veterinary). About one in six is not
as it should be; each way happens at least once on a day with enough of them:

- altered: after it was issued somebody raised its quantity and sent it again under its number;
- reused: a second consignment names a certificate that covered an earlier one;
- withdrawn: the authority takes it back before the goods are released;
- expired: issued long before the goods left;
- short: it covers less than is declared;
- other_container, other_seal: it names another container, or another seal;
- absent: declared, but no authority ever sent it;
- false_treatment: it claims a cold treatment that the container did not give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from clearway.certificates.formats import sps_certificate
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
from clearway.simulator.streams import Generator
from clearway.terms.goods import HsPrefix
from clearway.terms.places import Country
from clearway.terms.quantity import KGM, Quantity, UnitCode
from clearway.terms.transport import ContainerNumber


class Flaw(StrEnum):
    """What is wrong with a certificate; NONE when nothing is."""

    NONE = ""
    ALTERED = "altered"
    REUSED = "reused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SHORT = "short"
    OTHER_CONTAINER = "other_container"
    OTHER_SEAL = "other_seal"
    ABSENT = "absent"
    FALSE_TREATMENT = "false_treatment"


_DRAWN = (
    Flaw.ALTERED, Flaw.REUSED, Flaw.WITHDRAWN, Flaw.EXPIRED, Flaw.SHORT, Flaw.OTHER_CONTAINER,
    Flaw.OTHER_SEAL, Flaw.ABSENT,
)  # fmt: skip
_FLAWED_SHARE = 0.16
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
_AUTHORITIES = {"851": "National Plant Protection Organization", "853": "Veterinary Authority"}


@dataclass(frozen=True, slots=True)
class Paper:
    """One certificate of one consignment.

    Args:
        lrn: of the consignment that names it.
        type_code: UNECE 1001.
        number: as its authority writes it.
        flaw: what is wrong with it.
        messages: bytes with the instant at which each reaches the border, in order; none when it
            is absent or reused.
    """

    lrn: str
    type_code: str
    number: str
    country: str
    flaw: Flaw
    messages: tuple[tuple[datetime, bytes], ...]


def issue(
    rng: Generator,
    consignments: tuple[Consignment, ...],
    units: dict[str, Unit],
    false_claims: frozenset[str],
) -> tuple[Paper, ...]:
    """Return the certificates that the consignments of a day name.

    Args:
        units: refrigerated containers by number.
        false_claims: containers whose treatment was not what their certificate claims.
    """
    regulated = [each for each in consignments if kind_of(each)]
    flaws = _flaws(rng, regulated)
    papers: list[Paper] = []
    for place, (consignment, flaw) in enumerate(zip(regulated, flaws, strict=True)):
        spare = next((p for p in papers if _can_serve(p, consignment)), None)
        if flaw is Flaw.REUSED and spare is not None:
            papers.append(replace(spare, lrn=consignment.lrn, flaw=flaw, messages=()))
            continue
        if flaw is Flaw.REUSED:
            flaw = Flaw.NONE
        papers.append(_paper(rng, place, consignment, flaw, units, false_claims))
    return tuple(papers)


def kind_of(consignment: Consignment) -> str | None:
    """Return the type code that the consignment's first regulated item needs."""
    return next(
        (line.goods.certificate for line in consignment.lines if line.goods.certificate), None
    )


def _flaws(rng: Generator, regulated: list[Consignment]) -> list[Flaw]:
    """Draw the flaws; the first places of a shuffled day show each once."""
    flaws = [
        _DRAWN[int(rng.integers(len(_DRAWN)))] if rng.random() < _FLAWED_SHARE else Flaw.NONE
        for _ in regulated
    ]
    if len(regulated) >= 4 * len(_DRAWN):
        later = len(regulated) // 3
        order = rng.permutation(range(later, len(regulated)))
        for flaw in _DRAWN:
            place = next(int(p) for p in order if _fits(flaw, regulated[int(p)], flaws[int(p)]))
            flaws[place] = flaw
    return [
        flaw if _fits(flaw, consignment, Flaw.NONE) else Flaw.NONE
        for flaw, consignment in zip(flaws, regulated, strict=True)
    ]


def _fits(flaw: Flaw, consignment: Consignment, present: Flaw) -> bool:
    if present is not Flaw.NONE:
        return False
    return bool(consignment.boxes) or flaw not in (Flaw.OTHER_CONTAINER, Flaw.OTHER_SEAL)


def _can_serve(paper: Paper, consignment: Consignment) -> bool:
    """Return whether a certificate that came earlier could be shown for other goods as well."""
    origin = consignment.lines[0].origin
    return (
        paper.flaw is Flaw.NONE
        and paper.country == origin
        and paper.type_code == kind_of(consignment)
    )


def _paper(
    rng: Generator,
    place: int,
    consignment: Consignment,
    flaw: Flaw,
    units: dict[str, Unit],
    false_claims: frozenset[str],
) -> Paper:
    left = consignment.arrives_at - timedelta(hours=consignment.hours_under_way)
    age_days = 400 if flaw is Flaw.EXPIRED else 1
    issued = (left - timedelta(days=age_days, hours=float(rng.uniform(1, 20)))).replace(
        microsecond=0
    )
    type_code = kind_of(consignment) or ""
    country = consignment.lines[0].origin
    number = f"{country}-{issued:%Y}-{type_code}-{place:03d}{int(rng.integers(10_000)):04d}"
    certificate = _certificate(consignment, type_code, number, issued, units)
    certificate = _spoilt(rng, certificate, flaw)
    if flaw is Flaw.NONE and any(box.number in false_claims for box in consignment.boxes):
        flaw = Flaw.FALSE_TREATMENT
    return Paper(
        consignment.lrn,
        type_code,
        number,
        country,
        flaw,
        _messages(rng, consignment, certificate, flaw),
    )


def _messages(
    rng: Generator, consignment: Consignment, certificate: Certificate, flaw: Flaw
) -> tuple[tuple[datetime, bytes], ...]:
    """Return what is sent when: most come a day before the lodgement, some hours after it."""
    if flaw is Flaw.ABSENT:
        return ()
    early = rng.random() < 0.88
    hours = -float(rng.uniform(2.0, 30.0)) if early else float(rng.uniform(0.5, 4.0))
    sent = (consignment.lodged_at + timedelta(hours=hours)).replace(microsecond=0)
    messages = [(sent, sps_certificate.write(certificate))]
    again = sent + timedelta(hours=float(rng.uniform(0.5, 2.0)))
    if flaw is Flaw.ALTERED:
        messages.append((again, sps_certificate.write(_raised(certificate))))
    if flaw is Flaw.WITHDRAWN:
        taken_back = replace(certificate, status=Status.WITHDRAWN)
        messages.append((again, sps_certificate.write(taken_back)))
    return tuple((at.replace(microsecond=0), body) for at, body in messages)


def _raised(certificate: Certificate) -> Certificate:
    """Return the certificate with a fifth more goods on its first line."""
    first = certificate.lines[0]
    if first.net_mass is None:
        return certificate
    mass = Quantity((first.net_mass.value * Decimal("1.2")).quantize(Decimal("0.1")), KGM)
    return replace(certificate, lines=(replace(first, net_mass=mass), *certificate.lines[1:]))


def _spoilt(rng: Generator, certificate: Certificate, flaw: Flaw) -> Certificate:
    """Return the certificate with what is wrong on its face."""
    if flaw is Flaw.SHORT:
        lines = tuple(_halved(line) for line in certificate.lines)
        return replace(certificate, lines=lines)
    if flaw in (Flaw.OTHER_CONTAINER, Flaw.OTHER_SEAL):
        first = certificate.equipment[0]
        if flaw is Flaw.OTHER_SEAL:
            other = replace(first, seals=(f"S{int(rng.integers(10_000_000)):07d}",))
        else:
            number = ContainerNumber.build(f"CWRU{int(rng.integers(1_000_000)):06d}")
            other = replace(first, container=str(number))
        return replace(certificate, equipment=(other, *certificate.equipment[1:]))
    return certificate


def _halved(line: CertificateLine) -> CertificateLine:
    if line.net_mass is None:
        return line
    mass = Quantity((line.net_mass.value / 2).quantize(Decimal("0.1")), KGM)
    return replace(line, net_mass=mass)


def _certificate(
    consignment: Consignment,
    type_code: str,
    number: str,
    issued: datetime,
    units: dict[str, Unit],
) -> Certificate:
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


_TITLES = {"851": "Phytosanitary certificate", "853": "Veterinary certificate"}


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
