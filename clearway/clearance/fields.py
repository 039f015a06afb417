"""One field of a declaration against one of a certificate: a verdict and, if need be, a sentence.

Every function returns a `FieldVerdict`. What only one side states is MISSING (when the certificate
ought to say it) or NOT_CHECKED (when there is nothing to check): neither blames anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.certificates.model import Certificate, CertificateLine, describe_status
from clearway.certificates.profile import Profile
from clearway.clearance import names
from clearway.clearance.model import FieldVerdict, Verdict
from clearway.declarations.model import Declaration, Document, Item, Kind
from clearway.errors import BadTerm
from clearway.terms.places import Country
from clearway.terms.quantity import KGM, Quantity
from clearway.terms.transport import ContainerNumber

MASS_TOLERANCE = Decimal("0.02")
"""A declared amount may exceed the certified one by this share. Assumed by the house: scales and
drying of goods differ by about as much; an administration sets its own."""

HS_DIGITS = 6
"""Digits that are the same in every country; what follows is national."""


def status(certificate: Certificate, profile: Profile, unusable: str = "") -> FieldVerdict:
    """Judge whether goods may enter under the certificate.

    Args:
        unusable: why not, beyond its status: disputed, or with severe findings.
    """
    words = describe_status(certificate.status)
    if certificate.status not in profile.usable_statuses:
        unusable = unusable or f"Goods cannot enter under a certificate in status {words}."
    verdict = Verdict.DIFFERS if unusable else Verdict.AGREES
    return FieldVerdict("status", verdict, certified=words, note=unusable, code="CLR_M03")


def document_type(document: Document, profile: Profile) -> FieldVerdict:
    """Judge whether the declaration names the certificate as what it is."""
    expected = " or ".join(profile.document_types)
    if not profile.document_types or document.type in profile.document_types:
        verdict, note = Verdict.AGREES, ""
    else:
        verdict = Verdict.DIFFERS
        note = f"A {profile.name} is declared as {expected}, not as {document.type}."
    return FieldVerdict("type", verdict, document.type, profile.name, note, "CLR_M01")


def issuing_country(document: Document, certificate: Certificate) -> FieldVerdict:
    """Judge the country of the authority."""
    return _equal(
        "issuing country",
        document.issuer_country or "",
        certificate.issuing_country,
        "CLR_M02",
        absent=Verdict.NOT_CHECKED,
    )


def importing_country(declaration: Declaration, certificate: Certificate) -> FieldVerdict:
    """Judge whether the certificate was made out for the country where the goods come in."""
    declared: str = declaration.country_of_destination or ""
    if not declared and declaration.kind is Kind.IMPORT:
        declared = declaration.office[:2]
    certified = certificate.importing_country or ""
    return _equal("importing country", declared, certified, "CLR_M04")


def issue_date(certificate: Certificate, profile: Profile, arrival: datetime) -> FieldVerdict:
    """Judge the age of the certificate at arrival."""
    issued, shown = certificate.issued_at, certificate.issued.text if certificate.issued else ""
    if issued is None:
        note = "No date of issue can be read on the certificate."
        return FieldVerdict("issue date", Verdict.MISSING, "", shown, note, "CLR_M05")
    verdict, note = Verdict.AGREES, ""
    if issued > arrival:
        verdict = Verdict.DIFFERS
        note = f"Issued {_day(issued)}, after the goods came ({_day(arrival)})."
    elif profile.max_age_days and arrival - issued > timedelta(days=profile.max_age_days):
        verdict = Verdict.DIFFERS
        note = (
            f"Issued {_day(issued)}; a {profile.name} is accepted for {profile.max_age_days} days,"
            f" until {_day(issued + timedelta(days=profile.max_age_days))}."
        )
    return FieldVerdict("issue date", verdict, _day(arrival), _day(issued), note, "CLR_M05")


def party(field: str, declared: str, certified: str, code: str) -> FieldVerdict:
    """Judge whether two names mean one party."""
    verdict, note = Verdict.NOT_CHECKED, ""
    match names.agree(declared, certified):
        case True:
            verdict = Verdict.AGREES
        case False:
            verdict = Verdict.DIFFERS
            note = f"The declaration names {declared!r}, the certificate {certified!r}."
        case None if declared and certified:
            note = "The names are in different scripts and were not compared."
    return FieldVerdict(field, verdict, declared, certified, note, code)


def containers(declared: Iterable[str], certified: Iterable[str]) -> FieldVerdict:
    """Judge whether the goods travel in the containers that the certificate names.

    Owner, category and serial number count: a certificate typed by hand often has a wrong check
    digit.
    """
    stated, numbers = tuple(map(str, declared)), tuple(map(_plain, certified))
    found = _sets(
        "containers",
        stated,
        numbers,
        "CLR_M08",
        "Container {} is declared, but not on the certificate.",
        key=_serial,
    )
    wrong = [number for number in numbers if not _is_container(number)]
    if wrong and not found.note:
        note = f"The check digit of {', '.join(wrong)} on the certificate is wrong."
        found = replace(found, note=note)
    return found


def are_elsewhere(declared: Iterable[str], certified: Iterable[str]) -> bool:
    """Return whether both sides name containers and the goods are in none of the certified.

    A certified number that is none (a slip of the pen) leaves it open.
    """
    stated, numbers = set(map(str, declared)), set(map(_plain, certified))
    if not stated or not numbers or not all(map(_is_container, numbers)):
        return False
    return not stated & numbers


def seals(declared: Iterable[str], certified: Iterable[str]) -> FieldVerdict:
    """Judge whether the seals are those that the authority saw or put on."""
    return _sets(
        "seals",
        tuple(map(_plain, declared)),
        tuple(map(_plain, certified)),
        "CLR_M09",
        "Seal {} is declared, but not on the certificate: the container may have been opened.",
    )


def hs(item: Item, line: CertificateLine) -> FieldVerdict:
    """Judge the classification as far as both countries share it (six digits)."""
    field, certified = f"item {item.number}: HS code", ", ".join(line.hs)
    if not line.hs:
        note = "The certificate gives no HS code for these goods; compare the descriptions."
        return FieldVerdict(field, Verdict.MISSING, item.hs, "", note, "CLR_M10")
    kinship = hs_kinship(item, line)
    verdict, note = Verdict.AGREES, ""
    if kinship < 3:
        verdict = Verdict.DIFFERS
        alike = {2: "the same heading, another subheading", 1: "the same chapter, another heading"}
        note = f"Declared {item.hs}, certified {certified}: {alike.get(kinship, 'other goods')}."
    return FieldVerdict(field, verdict, item.hs, certified, note, "CLR_M10")


def hs_kinship(item: Item, line: CertificateLine) -> int:
    """Return 3 for the same goods, 2 for one heading, 1 for one chapter, 0 for none of these."""
    mine = item.hs[:HS_DIGITS]
    return max((_shared(mine, code[:HS_DIGITS]) for code in line.hs), default=0)


def _shared(mine: str, theirs: str) -> int:
    if mine.startswith(theirs) and len(theirs) >= 4:
        return 3
    if mine[:4] == theirs[:4]:
        return 2
    return 1 if mine[:2] == theirs[:2] else 0


def origin(item: Item, lines: tuple[CertificateLine, ...]) -> FieldVerdict:
    """Judge the country of origin."""
    certified = tuple(dict.fromkeys(each.country for line in lines for each in line.origins))
    field, shown = f"item {item.number}: origin", ", ".join(certified)
    if not certified:
        return FieldVerdict(field, Verdict.MISSING, item.origin, "", "", "CLR_M11")
    if item.origin in certified:
        return FieldVerdict(field, Verdict.AGREES, item.origin, shown, "", "CLR_M11")
    note = f"Declared origin {item.origin}, certified {shown}."
    return FieldVerdict(field, Verdict.DIFFERS, item.origin, shown, note, "CLR_M11")


def packages(item: Item, lines: tuple[CertificateLine, ...]) -> FieldVerdict:
    """Judge the number of packages: more than certified is a difference, fewer is partial use."""
    counts = [line.packages for line in lines]
    field = f"item {item.number}: packages"
    if not counts or None in counts or not item.packages:
        return FieldVerdict(field, Verdict.NOT_CHECKED, str(item.packages or ""), code="CLR_M13")
    certified = sum(count for count in counts if count is not None)
    verdict, note = Verdict.AGREES, ""
    if item.packages > certified:
        verdict = Verdict.DIFFERS
        note = f"{item.packages} packages are declared, {certified} are certified."
    return FieldVerdict(field, verdict, str(item.packages), str(certified), note, "CLR_M13")


def need(item: Item, line: CertificateLine) -> Quantity | None:
    """Return how much of the line the item needs, in the line's unit; None: nothing compares.

    Pieces are never taken for mass: where the line certifies pieces, the item's supplementary
    quantity is what counts.
    """
    certified = line.certified
    if certified is None:
        return None
    mass = item.gross_mass_kg if certified is line.gross_mass else item.net_mass_kg
    stated = (item.quantity, Quantity(mass if mass is not None else item.net_mass_kg, KGM))
    for quantity in stated:
        if quantity is not None and quantity.unit.dimension == certified.unit.dimension:
            return quantity.to(certified.unit)
    return None


def amount(
    item: Item, needed: Quantity | None, taken: Quantity | None, lines: tuple[CertificateLine, ...]
) -> FieldVerdict:
    """Judge whether the lines are enough for what the item needs of them."""
    field = f"item {item.number}: amount"
    if needed is None or taken is None:
        certified = ", ".join(shown(line.certified) for line in lines if line.certified)
        note = (
            "Declared and certified amounts are in units that cannot be compared."
            if certified
            else "The certificate states no amount."
        )
        return FieldVerdict(field, Verdict.MISSING, _declared(item), certified, note, "CLR_M12")
    verdict, note = Verdict.AGREES, ""
    certified = _sum(line.certified for line in lines)
    if needed.value > taken.value * (1 + MASS_TOLERANCE):
        verdict = Verdict.DIFFERS
        note = f"{shown(needed)} are declared, the certificate covers {shown(taken)} of them."
    return FieldVerdict(field, verdict, shown(needed), certified, note, "CLR_M12")


def left(
    item: Item,
    lines: tuple[CertificateLine, ...],
    remaining: Mapping[int, Quantity],
    *,
    is_short: bool,
) -> FieldVerdict:
    """Judge whether other declarations have left enough of the lines."""
    field = f"item {item.number}: left by others"
    used = []
    for line in lines:
        rest = remaining.get(line.number)
        if line.certified and rest is not None and rest < line.certified:
            used.append(f"{shown(rest)} of {shown(line.certified)} are left on line {line.number}")
    if not used:
        return FieldVerdict(field, Verdict.AGREES, code="CLR_M14")
    note = f"Other declarations have used this certificate: {' and '.join(used)}."
    verdict = Verdict.DIFFERS if is_short else Verdict.AGREES
    return FieldVerdict(field, verdict, note=note, code="CLR_M14")


def shown(quantity: Quantity | None) -> str:
    """Return a quantity as people write it: `12,500 kg`."""
    if quantity is None:
        return ""
    unit = "kg" if quantity.unit == KGM else quantity.unit.unit.name
    return f"{quantity.value.normalize():,f} {unit}"


def _declared(item: Item) -> str:
    mass = shown(Quantity(item.net_mass_kg, KGM))
    return mass if item.quantity is None else f"{mass}, {shown(item.quantity)}"


def _sum(quantities: Iterable[Quantity | None]) -> str:
    total: Quantity | None = None
    for quantity in quantities:
        if quantity is not None:
            total = quantity if total is None else total + quantity
    return shown(total)


def _equal(
    field: str,
    declared: Country | str,
    certified: Country | str,
    code: str,
    *,
    absent: Verdict = Verdict.MISSING,
) -> FieldVerdict:
    if not declared or not certified:
        return FieldVerdict(field, absent, str(declared), str(certified), "", code)
    if declared == certified:
        return FieldVerdict(field, Verdict.AGREES, str(declared), str(certified), "", code)
    note = f"The declaration says {declared}, the certificate {certified}."
    return FieldVerdict(field, Verdict.DIFFERS, str(declared), str(certified), note, code)


def _sets(
    field: str,
    declared: tuple[str, ...],
    certified: tuple[str, ...],
    code: str,
    sentence: str,
    *,
    key: Callable[[str], str] = str,
) -> FieldVerdict:
    said, written = ", ".join(declared), ", ".join(certified)
    if not declared or not certified:
        verdict = Verdict.MISSING if declared else Verdict.NOT_CHECKED
        return FieldVerdict(field, verdict, said, written, "", code)
    known = set(map(key, certified))
    strange = [each for each in declared if key(each) not in known]
    if not strange:
        return FieldVerdict(field, Verdict.AGREES, said, written, "", code)
    note = sentence.format(", ".join(strange))
    return FieldVerdict(field, Verdict.DIFFERS, said, written, note, code)


def _serial(number: str) -> str:
    """Return a container number without its check digit."""
    return number[:10]


def _is_container(number: str) -> bool:
    try:
        ContainerNumber(number)
    except BadTerm:
        return False
    return True


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"
