"""Tables of a printed certificate: the goods line by line, treatments, original certificates."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Characteristic, Equipment, Measure, Treatment, noted
from clearway.certificates.printing.boxes import DASH, TIMES, Pen, spans
from clearway.certificates.printing.page import Table, Value
from clearway.terms.countries import COUNTRIES
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity

# No line is broken at it; five digits and more are grouped by threes (ISO 80000-1).
_GROUP: Final = "\u00a0"

_TREATMENTS: Final = {
    "HT": "heat treatment", "CT": "cold treatment", "FUM": "fumigation", "IRR": "irradiation",
    "CHE": "chemical treatment",
}  # fmt: skip

# Kinds of notes on a line that say how re-exported goods came in (RPC*), with their words in the
# model certificate for re-export (ISPM 12, annex 2).
_RE_EXPORT: Final = {
    "original_is_attached": "original attached",
    "true_copy_is_attached": "certified true copy attached",
    "is_packed": "packed",
    "is_repacked": "repacked",
    "is_in_original_containers": "in original containers",
    "is_in_new_containers": "in new containers",
    "rests_on_original": "based on the original certificate",
    "was_inspected_again": "additional inspection",
}


def number(value: Decimal) -> str:
    """Return a number with every digit that was stated."""
    text = f"{value:f}"
    whole, point, rest = text.partition(".")
    if len(whole.lstrip("-")) > 4:
        whole = f"{int(whole):,}".replace(",", _GROUP)
    return whole + point + rest


def amount(pen: Pen, stated: Quantity | Measure | None) -> str:
    """Return a number and its unit, or ""."""
    if stated is None:
        return ""
    return f"{number(stated.value)}{_GROUP}{pen.words.unit(str(stated.unit))}"


def goods(pen: Pen, certificate: Certificate) -> Table:
    """Return the table of the lines: what they are, where from, how packed, how much."""
    words = pen.words
    columns = (
        words("No."),
        words("Name of produce; scientific name"),
        words("Class"),
        words("Packages"),
        words("Origin"),
        words("Quantity declared"),
    )
    return Table(
        words("Name of produce and quantity declared"),
        columns,
        (0.45, 3.0, 1.65, 1.5, 1.4, 1.8),
        tuple(_goods_row(pen, line) for line in certificate.lines),
    )


def _goods_row(pen: Pen, line: CertificateLine) -> tuple[tuple[Value, ...], ...]:
    return (
        pen.all((str(line.number),)),
        _produce(pen, line),
        _classes(pen, line),
        _packagings(pen, line),
        pen.all(
            ", ".join((pen.words.country(each.country), *each.regions)) for each in line.origins
        ),
        _quantities(pen, line),
    )


def _produce(pen: Pen, line: CertificateLine) -> tuple[Value, ...]:
    words = pen.words
    details = (
        (words("Batch"), ", ".join(line.batches)),
        (words("Intended use"), ", ".join(each.text for each in line.intended_uses)),
        *((words("Container"), _container(pen, each)) for each in line.equipment),
    )
    described = {each.text.casefold() for each in line.descriptions}
    names = tuple(each for each in line.common_names if each.text.casefold() not in described)
    return (
        *pen.texts(line.descriptions, "strong"),
        *pen.all((each.text for each in line.scientific_names), "em"),
        *pen.texts(names),
        *pen.all((f"{label}: {text}" for label, text in details if text), "muted"),
    )


def _container(pen: Pen, one: Equipment) -> str:
    seals = f"{pen.words('Seals')}: {', '.join(one.seals)}" if one.seals else ""
    return "; ".join(filter(None, (one.container, seals)))


def _classes(pen: Pen, line: CertificateLine) -> tuple[Value, ...]:
    named = (
        " ".join(filter(None, (_system(pen, each.system), each.code, each.name)))
        for each in line.classifications
    )
    return pen.all((*(f"HS {code}" for code in line.hs), *named))


def _system(pen: Pen, system: str) -> str:
    return {"IPPCPCC": f"{pen.words('Condition')}:", "IPPCPCVP": f"{pen.words('Product')}:"}.get(
        system, system
    )


def _packagings(pen: Pen, line: CertificateLine) -> tuple[Value, ...]:
    counted = (f"{number(p.count)} {TIMES} {pen.words.package(p.type)}" for p in line.packagings)
    return pen.all((*counted, line.packages_in_words))


def _quantities(pen: Pen, line: CertificateLine) -> tuple[Value, ...]:
    words = pen.words
    stated = (
        (words("net"), line.net_mass),
        (words("gross"), line.gross_mass),
        (words("net"), line.net_volume),
        (words("gross"), line.gross_volume),
        ("", line.quantity),
    )
    return pen.all(f"{amount(pen, each)} {label}".strip() for label, each in stated if each)


def treatments(pen: Pen, certificate: Certificate) -> Table | None:
    """Return the treatments, equal ones of several lines in one row; None when there are none."""
    about: dict[tuple[tuple[Value, ...], ...], list[int]] = {}
    for line in certificate.lines:
        for one in line.treatments:
            about.setdefault(_treatment_row(pen, one), []).append(line.number)
    if not about:
        return None
    words = pen.words
    columns = (
        words("Lines"),
        words("Date"),
        words("Treatment"),
        words("Chemical (active ingredient)"),
        words("Duration and temperature"),
        words("Concentration"),
        words("Additional information"),
    )
    rows = tuple((pen.all((spans(numbers),)), *row) for row, numbers in about.items())
    return Table("", columns, (0.7, 1.5, 1.8, 1.6, 1.6, 1.2, 1.9), rows)


def _treatment_row(pen: Pen, one: Treatment) -> tuple[tuple[Value, ...], ...]:
    words = pen.words
    kind = f"{words(_TREATMENTS[one.type])} ({one.type})" if one.type in _TREATMENTS else one.type
    dates = dict.fromkeys(filter(None, (words.time(one.started), words.time(one.ended))))
    return (
        pen.all((f" {DASH} ".join(dates),)),
        (*pen.all((kind, one.subtype)), *pen.texts(one.description)),
        pen.all(one.agents),
        pen.all((amount(pen, one.duration), amount(pen, one.temperature))),
        pen.all((amount(pen, one.concentration),)),
        (*pen.texts(one.information), *pen.all(_property(pen, each) for each in one.others)),
    )


def _property(pen: Pen, one: Characteristic) -> str:
    return f"{one.code}: " + ", ".join(filter(None, (one.text, amount(pen, one.measure))))


def originals(pen: Pen, certificate: Certificate) -> Table | None:
    """Return the certificates under which re-exported goods came in; None for other goods."""
    about: dict[tuple[tuple[Value, ...], ...], list[int]] = {}
    for line in certificate.lines:
        row = _original_row(pen, line)
        if any(row):
            about.setdefault(row, []).append(line.number)
    if not about:
        return None
    words = pen.words
    columns = (
        words("Lines"),
        words("Country of origin"),
        words("Certificate No."),
        words("Declarations for re-export"),
    )
    rows = tuple((pen.all((spans(numbers),)), *row) for row, numbers in about.items())
    return Table("", columns, (0.7, 1.8, 2.2, 4), rows)


def _country(pen: Pen, stated: str) -> str:
    return pen.words.country(Country(stated)) if stated in COUNTRIES else stated


def _original_row(pen: Pen, line: CertificateLine) -> tuple[tuple[Value, ...], ...]:
    marks = tuple(
        pen.say(pen.words(label), "on" if text.strip().lower() in {"true", "1"} else "off")
        for kind, label in _RE_EXPORT.items()
        for text in noted(line.notes, kind)
    )
    return (
        pen.all(
            (
                *map(partial(_country, pen), noted(line.notes, "original_country")),
                *noted(line.notes, "original_state"),
            )
        ),
        pen.all(noted(line.notes, "original_number")),
        marks,
    )
