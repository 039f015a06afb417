"""ePhytos from outside against declarations that agree, and that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Certificate, CertificateLine
from clearway.clearance.matching import compare
from clearway.clearance.model import Cover, Match, Verdict
from clearway.declarations.model import Container, Declaration, Document, Item, Party
from clearway.terms.goods import HsCode
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber, SealNumber

from .border import bananas

ARRIVAL = datetime(2026, 4, 2, tzinfo=UTC)
SAMPLES = ("ephyto_1.xml", "ephyto_3.xml", "ephyto_10.xml")


@pytest.fixture(params=SAMPLES)
def ephyto(request: pytest.FixtureRequest, shared_data: Path) -> Certificate:
    path = shared_data / "ephyto" / "samples" / request.param
    if not path.is_file():
        pytest.skip(f"outside test vector is absent: {path.name}")
    return sps_certificate.read(path.read_bytes())[0]


def item(line: CertificateLine, certificate: Certificate, box: ContainerNumber) -> Item:
    """Return the goods of a line as an honest trader declares them."""
    assert line.net_mass is not None and line.origin is not None and line.packages is not None
    return Item(
        number=line.number,
        hs=HsCode(line.hs[0]),
        description=line.description,
        origin=line.origin,
        procedure="4000",
        net_mass_kg=line.net_mass.value,
        value=Money(Decimal(1000), Currency("EUR")),
        packages=line.packages,
        containers=(box,),
        documents=(Document("N851", certificate.number, certificate.issuing_country),),
    )


def honest(certificate: Certificate) -> Declaration:
    box = ContainerNumber.build(certificate.containers[0][:10])  # its check digit is wrong there
    return bananas(
        importer=Party(name=certificate.consignee.name),
        exporter=Party(name=certificate.consignor.name.upper()),
        office="NLRTM",
        country_of_destination=Country("NL"),
        containers=(Container(box, tuple(map(SealNumber, certificate.seals))),),
        items=tuple(item(line, certificate, box) for line in certificate.lines),
    )


def match(declaration: Declaration, certificate: Certificate) -> Match:
    return compare(declaration, certificate, profile_of("851"), arrival=ARRIVAL)


def test_an_honest_declaration_is_covered_line_by_line(ephyto: Certificate) -> None:
    found = match(honest(ephyto), ephyto)
    assert found.cover is Cover.COVERS, found.for_officer
    boxes = next(each for each in found.fields if each.code == "CLR_M08")
    assert boxes.verdict is Verdict.AGREES
    assert "check digit" in boxes.note
    taken = sum(use.quantity.value for use in found.uses if use.quantity)
    assert taken == sum(line.certified.value for line in ephyto.lines if line.certified)


def test_more_than_is_certified_is_covered_in_part(ephyto: Certificate) -> None:
    said = honest(ephyto)
    heavier = replace(said.items[-1], net_mass_kg=said.items[-1].net_mass_kg * 2)
    found = match(replace(said, items=(*said.items[:-1], heavier)), ephyto)
    assert found.cover is Cover.COVERS_IN_PART
    assert [each.code for each in found.fields if each.verdict is Verdict.DIFFERS] == ["CLR_M12"]


def test_a_cheap_sibling_is_not_what_was_certified(ephyto: Certificate) -> None:
    said = honest(ephyto)
    sibling = replace(said.items[0], hs=HsCode(said.items[0].hs[:4] + "90"))
    found = match(replace(said, items=(sibling, *said.items[1:])), ephyto)
    assert found.cover is Cover.COVERS_IN_PART


def test_an_altered_copy_of_the_certificate_is_another_one(ephyto: Certificate) -> None:
    altered = replace(ephyto, issuing_country=Country("PE"))
    assert match(honest(ephyto), altered).cover is Cover.DOES_NOT_COVER


def test_a_withdrawn_one_covers_nothing(ephyto: Certificate) -> None:
    found = match(honest(ephyto), replace(ephyto, status="40"))
    assert found.cover is Cover.DOES_NOT_COVER
    assert not found.is_usable
