"""The goods in short, for an inspection seal: names are cut, and marked so, until the seal fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clearway.certificates.claims import ClaimedLine, Inspection
from clearway.certificates.formats.seal_claims import MAX_LINES, MAX_SEALS, MAX_WHOLE
from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Equipment
from clearway.terms.quantity import UnitCode

_GRAM: Final = UnitCode("GRM")
_CUT: Final = "…"
# How long names may be, how many containers and how many lines are shown. A character may take
# four bytes: where three cut names are too much, fewer lines stand there, and how many there are.
_FITS: Final = (
    (40, 30, 4, MAX_LINES),
    (32, 24, 3, MAX_LINES),
    (26, 20, 2, MAX_LINES),
    (20, 16, 1, MAX_LINES),
    (14, 12, 1, MAX_LINES),
    (10, 8, 0, MAX_LINES),
    (10, 8, 0, 2),
    (10, 8, 0, 1),
)


def inspections(certificate: Certificate) -> Iterator[Inspection]:
    """Yield the goods in short, each time shorter."""
    for name, party, containers, most in _FITS:
        yield Inspection(
            lines=tuple(_line(line, name) for line in certificate.lines[:most]),
            line_count=len(certificate.lines),
            consignor=_short(certificate.consignor.name, party),
            consignee=_short(certificate.consignee.name, party),
            containers=_containers(certificate, containers),
            container_count=len(certificate.containers),
        )


def _containers(certificate: Certificate, most: int) -> tuple[tuple[str, ...], ...]:
    seals: dict[str, list[str]] = {}
    for each in _equipment(certificate):
        if each.container:
            known = seals.setdefault(_short(each.container, 35), [])
            known += [_short(seal, 35) for seal in each.seals]
    return tuple((number, *known[:MAX_SEALS]) for number, known in list(seals.items())[:most])


def _equipment(certificate: Certificate) -> Iterator[Equipment]:
    yield from certificate.equipment
    for line in certificate.lines:
        yield from line.equipment


def _line(line: CertificateLine, most: int) -> ClaimedLine:
    mass = line.net_mass
    return ClaimedLine(
        number=line.number,
        hs=line.hs[0][:12] if line.hs else "",
        name=_short(line.botanical_name or line.description, most),
        net_grams=None if mass is None else _sane(int(mass.to(_GRAM).value.to_integral_value())),
        packages=None if line.packages is None else _sane(line.packages),
    )


def _short(words: str, most: int) -> str:
    """Return a text on one line, cut where it is too long, and marked so."""
    plain = "".join(mark for mark in " ".join(words.split()) if mark.isprintable())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + _CUT


def _sane(number: int) -> int | None:
    """Return a number; None where it is larger than a seal states."""
    return number if 0 <= number <= MAX_WHOLE else None
