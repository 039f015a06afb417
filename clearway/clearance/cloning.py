"""A certificate cloned into an import declaration: what it knows, and what is still missing. Pure.

    draft = clone(certificate)
    draft.document      # clearway.declaration/1 as JSON values, as far as the certificate knows it
    draft.missing       # what the trader must add before it can be lodged

Nothing is guessed: a certificate states neither values nor a Customs procedure. It stands above the
two desks, which do not know each other. The declaration quotes the certificate (N851 and the like)
on each item, so that its lines are matched and their quantities held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Equipment, Party
from clearway.certificates.profile import Profile
from clearway.errors import BadTerm
from clearway.terms.quantity import Quantity, UnitCode
from clearway.terms.transport import ContainerNumber, SealNumber

FORMAT: Final = "clearway.declaration/1"
_KGM: Final = UnitCode("KGM")
_ADDRESS: Final = 70
_NAME: Final = 70
_CITY: Final = 35
_POSTCODE: Final = 9
_VESSEL: Final = 35
_DESCRIPTION: Final = 512
_DECIMALS: Final = 6
_WHOLE_HS: Final = 6

# What no certificate states, by the field of the declaration, in the trader's words.
_HEAD_MISSING: Final = (
    ("lrn", "your own reference of the declaration"),
    ("declarant.id", "id of whoever declares"),
    ("importer.id", "id of the importer"),
    ("office", "Customs office of import"),
    ("goods_location", "where the goods can be examined"),
    ("invoice", "amount and currency of the invoice"),
)
_ITEM_MISSING: Final = (
    ("procedure", "Customs procedure"),
    ("value", "value of the goods"),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that must be added.

    Args:
        field: path in the JSON form, such as `items[0].value`.
        what: in words.
        hint: what the certificate says of it, or "".
    """

    field: str
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DeclarationDraft:
    """A declaration as far as a certificate knows it.

    Args:
        document: JSON values of the declaration form; fields that are missing are left out.
        missing: what must be added, in the order of the form.
    """

    document: dict[str, Any]
    missing: tuple[Missing, ...]


def clone(certificate: Certificate, profile: Profile) -> DeclarationDraft:
    """Return an import declaration drafted from a certificate.

    Args:
        certificate: on file, of another country.
        profile: of its kind; says under which document code a declaration quotes it.
    """
    items = [
        _item(certificate, line, place, profile)
        for place, line in enumerate(certificate.lines, start=1)
    ]
    document = _without_empty(
        {
            "format": FORMAT,
            "kind": "import",
            "additional_type": "D",
            "declarant": _party(certificate.consignee),
            "importer": _party(certificate.consignee),
            "exporter": _party(certificate.consignor),
            "transport_mode": _mode(certificate),
            "vessel": _vessel(certificate),
            "country_of_dispatch": str(certificate.issuing_country),
            "containers": _containers(certificate),
            "gross_mass_kg": _total([_kilograms(line.gross_mass) for line in certificate.lines]),
            "packages": _sum([line.packages for line in certificate.lines]),
            "item_count": len(items),
            "items": items,
        }
    )
    return DeclarationDraft(document, tuple(_missing(certificate, document)))


def _item(
    certificate: Certificate, line: CertificateLine, number: int, profile: Profile
) -> dict[str, Any]:
    quoted = {
        "type": profile.document_types[0] if profile.document_types else "",
        "number": certificate.number[:70],
        "issuer_country": str(certificate.issuing_country),
        "lines": [line.number] if line.number <= 999 else [],
    }
    whole = [str(code) for code in line.hs if len(code) >= _WHOLE_HS]
    return _without_empty(
        {
            "number": number,
            "hs": whole[0] if len(whole) == 1 else "",
            "description": _described(line)[:_DESCRIPTION],
            "origin": "" if line.origin is None else str(line.origin),
            "net_mass_kg": _kilograms(line.net_mass),
            "gross_mass_kg": _kilograms(line.gross_mass),
            "quantity": _quantity(line),
            "packages": line.packages,
            "packaging": _packaging(line),
            "containers": _numbers(line.equipment or certificate.equipment),
            "documents": [quoted] if quoted["type"] else [],
        }
    )


def _missing(certificate: Certificate, document: dict[str, Any]) -> Iterator[Missing]:
    for field, what in _HEAD_MISSING:
        yield Missing(field, what, _hint(certificate, field))
    for field, what in (
        ("transport_mode", "mode of transport at the border"),
        ("gross_mass_kg", "gross mass of all goods, in kilograms"),
        ("packages", "number of packages"),
    ):
        if field not in document:
            yield Missing(field, what)
    for place, (line, item) in enumerate(zip(certificate.lines, document["items"], strict=True)):
        at = f"items[{place}]"
        for field, what in _ITEM_MISSING:
            yield Missing(f"{at}.{field}", what)
        if "hs" not in item:
            stated = ", ".join(map(str, line.hs))
            yield Missing(f"{at}.hs", "commodity code of 6 to 10 digits", stated)
        for field, what in (
            ("description", "description of the goods"),
            ("origin", "country of origin"),
            ("net_mass_kg", "net mass in kilograms"),
            ("packages", "number of packages"),
        ):
            if field not in item:
                yield Missing(f"{at}.{field}", what)


def _hint(certificate: Certificate, field: str) -> str:
    if field == "office" and certificate.entry_point is not None:
        place = certificate.entry_point
        return " ".join(part for part in (place.code, place.name) if part)
    if field == "goods_location":
        return certificate.examination_place
    if field == "importer.id":
        return certificate.consignee.registration or certificate.consignee.id
    return ""


def _party(party: Party) -> dict[str, Any]:
    address = ", ".join(line for line in party.address if line)
    return _without_empty(
        {
            "name": party.name[:_NAME],
            "country": "" if party.country is None else str(party.country),
            "address": address[:_ADDRESS],
            "city": party.city[:_CITY],
            "postcode": party.postcode[:_POSTCODE],
        }
    )


def _described(line: CertificateLine) -> str:
    if line.botanical_name and line.botanical_name not in line.description:
        return (
            f"{line.description} ({line.botanical_name})"
            if line.description
            else (line.botanical_name)
        )
    return line.description


def _mode(certificate: Certificate) -> str:
    """Return the mode of the last leg, which is the one that crosses the border."""
    stated = [leg.mode for leg in certificate.transports if leg.mode.isdigit()]
    return stated[-1][:1] if stated else ""


def _vessel(certificate: Certificate) -> str:
    stated = [leg.means for leg in certificate.transports if leg.means]
    return stated[-1][:_VESSEL] if stated else ""


def _containers(certificate: Certificate) -> list[dict[str, Any]]:
    everywhere = certificate.equipment + tuple(
        each for line in certificate.lines for each in line.equipment
    )
    seals: dict[str, list[str]] = {}
    for each in everywhere:
        for number in _numbers((each,)):
            known = seals.setdefault(number, [])
            known += [seal for seal in each.seals if seal not in known and _is_seal(seal)]
    return [_without_empty({"number": number, "seals": known}) for number, known in seals.items()]


def _is_seal(seal: str) -> bool:
    try:
        SealNumber(seal)
    except BadTerm:
        return False
    return True


def _numbers(equipment: tuple[Equipment, ...]) -> list[str]:
    """Return the container numbers that a declaration takes; others stay on the certificate."""
    found = []
    for each in equipment:
        try:
            found.append(str(ContainerNumber.read(each.container)))
        except BadTerm:
            continue
    return list(dict.fromkeys(found))


def _packaging(line: CertificateLine) -> list[dict[str, Any]]:
    return [
        {"type": each.type, "count": int(each.count)}
        for each in line.packagings[:1]
        if len(each.type) == 2 and each.count == int(each.count)
    ]


def _quantity(line: CertificateLine) -> dict[str, str]:
    stated = line.quantity or line.net_volume
    return {} if stated is None else {"value": f"{stated.value:f}", "unit": str(stated.unit)}


def _kilograms(quantity: Quantity | None) -> str:
    """Return a mass as a declaration states it; "" for one with over six decimals (WCO DM)."""
    if quantity is None:
        return ""
    mass = f"{quantity.to(_KGM).value:f}"
    return mass if len(mass.partition(".")[2]) <= _DECIMALS else ""


def _total(masses: list[str]) -> str:
    if not masses or not all(masses):
        return ""
    return f"{sum((Decimal(mass) for mass in masses), start=Decimal(0)):f}"


def _sum(packages: list[int | None]) -> int | None:
    if not packages or any(each is None for each in packages):
        return None
    return sum(each for each in packages if each is not None)


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}
