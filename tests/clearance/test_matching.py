"""A certificate against a declaration, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates import parts
from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.profile import Profile
from clearway.clearance.matching import compare, documents_naming
from clearway.clearance.model import Cover, Match, Verdict
from clearway.declarations.model import Container, Declaration, Document, Item, Kind, Party
from clearway.terms.goods import HsCode, HsPrefix
from clearway.terms.identifiers import Lrn
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms
from clearway.terms.transport import ContainerNumber, SealNumber

ARRIVAL = datetime(2026, 3, 20, tzinfo=UTC)
PHYTO = Profile("851", "phytosanitary certificate", "plant_health", ("N851",), max_age_days=180)
BOX = ContainerNumber("CSQU3054383")
OTHER_BOX = ContainerNumber.build("MSKU123456")
EUR = Currency("EUR")


def item(number: int = 1, hs: str = "080390", mass: str = "10000", **more: object) -> Item:
    given: dict[str, object] = {
        "number": number,
        "hs": HsCode(hs),
        "description": "Fresh bananas",
        "origin": Country("EC"),
        "procedure": "4000",
        "net_mass_kg": Decimal(mass),
        "value": Money(Decimal(9000), EUR),
        "packages": 540,
        "containers": (BOX,),
    }
    return Item(**{**given, **more})  # type: ignore[arg-type]


def phyto_document(number: str = "EC-2026-17", **more: object) -> Document:
    given: dict[str, object] = {"type": "N851", "number": number, "issuer_country": Country("EC")}
    return Document(**{**given, **more})  # type: ignore[arg-type]


def declaration(*items: Item, **more: object) -> Declaration:
    given: dict[str, object] = {
        "kind": Kind.IMPORT,
        "lrn": Lrn("L1"),
        "declarant": Party(name="Broker"),
        "importer": Party(name="Kenya Fruit Importers Ltd"),
        "exporter": Party(name="Agrícola San José S.A."),
        "office": "KEMBA",
        "goods_location": "CFS1",
        "transport_mode": "1",
        "country_of_dispatch": Country("EC"),
        "invoice": Money(Decimal(9000), EUR),
        "gross_mass_kg": Decimal(11000),
        "packages": 540,
        "items": items or (item(),),
        "containers": (Container(BOX, (SealNumber("SL-778"),)),),
        "documents": (phyto_document(),),
        "country_of_destination": Country("KE"),
    }
    return Declaration(**{**given, **more})  # type: ignore[arg-type]


def line(number: int = 1, hs: str = "080390", mass: str | None = "10000", **more: object):  # type: ignore[no-untyped-def]
    given: dict[str, object] = {
        "number": number,
        "hs": (HsPrefix(hs),) if hs else (),
        "net_mass": None if mass is None else kilograms(mass),
        "origins": (parts.Origin(Country("EC")),),
        "packagings": (parts.Packaging("1", "CT", Decimal(540)),),
    }
    return CertificateLine(**{**given, **more})  # type: ignore[arg-type]


def certificate(*lines: CertificateLine, **more: object) -> Certificate:
    given: dict[str, object] = {
        "number": "EC-2026-17",
        "type_code": "851",
        "status": "70",
        "issuing_country": Country("EC"),
        "importing_country": Country("KE"),
        "issued": parts.Stated.instant(datetime(2026, 2, 25, tzinfo=UTC)),
        "issuer": parts.Party("NPPO"),
        "consignor": parts.Party("AGRICOLA SAN JOSE SA"),
        "consignee": parts.Party("KENYA FRUIT IMPORTERS"),
        "lines": lines or (line(),),
        "equipment": (parts.Equipment("CSQU 305438-3", ("SL778",)),),
        "digest": "ab" * 32,
    }
    return Certificate(**{**given, **more})  # type: ignore[arg-type]


def match(said: Declaration, paper: Certificate, **more: object) -> Match:
    return compare(said, paper, PHYTO, arrival=ARRIVAL, **more)  # type: ignore[arg-type]


def verdict(found: Match, field: str) -> Verdict:
    return next(each.verdict for each in found.fields if each.field == field)


def differing(found: Match) -> list[str]:
    return [each.field for each in found.fields if each.verdict is Verdict.DIFFERS]


def test_a_certificate_that_agrees_in_every_field_covers() -> None:
    found = match(declaration(), certificate())
    assert found.cover is Cover.COVERS
    assert {each.verdict for each in found.fields} == {Verdict.AGREES}
    assert [(use.item, use.line, use.quantity) for use in found.uses] == [(1, 1, kilograms(10000))]
    assert found.for_officer.startswith("The phytosanitary certificate EC-2026-17 covers the goods")
    assert "nothing is to be done" in found.for_trader


def test_every_field_bears_its_code_once_per_item() -> None:
    found = match(declaration(item(1), item(2)), certificate(line(mass="20000")))
    assert sorted({each.code for each in found.fields}) == [f"CLR_M{n:02}" for n in range(1, 15)]
    assert len({(each.code, each.field) for each in found.fields}) == len(found.fields)


@pytest.mark.parametrize(
    ("said", "paper", "field"),
    [
        ({"documents": (phyto_document(type="N853"),)}, {}, "type"),
        ({}, {"issuing_country": Country("CO")}, "issuing country"),
        ({}, {"status": "40"}, "status"),
        ({}, {"status": "44"}, "status"),
        ({}, {"status": "?!"}, "status"),
        ({}, {"importing_country": Country("TZ")}, "importing country"),
        (
            {},
            {"issued": parts.Stated.instant(datetime(2025, 8, 1, tzinfo=UTC))},
            "issue date",
        ),
        (
            {},
            {"issued": parts.Stated.instant(datetime(2026, 3, 21, tzinfo=UTC))},
            "issue date",
        ),
        (
            {"containers": (Container(OTHER_BOX),), "items": (item(containers=()),)},
            {},
            "containers",
        ),
        ({"items": (item(hs="070960"),)}, {}, "item 1: HS code"),
    ],
)
def test_a_certificate_for_something_else_does_not_cover(
    said: dict[str, object], paper: dict[str, object], field: str
) -> None:
    found = match(declaration(**said), certificate(**paper))
    assert found.cover is Cover.DOES_NOT_COVER
    assert field in differing(found)
    assert "does not cover" in found.for_officer
    assert "replacement certificate" in found.for_trader


@pytest.mark.parametrize(
    ("said", "paper", "field"),
    [
        ({"exporter": Party(name="Mombasa Fish Traders")}, {}, "consignor"),
        ({"importer": Party(name="Blue Ocean Fisheries")}, {}, "consignee"),
        ({"items": (item(hs="080310"),)}, {}, "item 1: HS code"),
        ({"items": (item(mass="10300"),)}, {}, "item 1: amount"),
        ({"items": (item(packages=541),)}, {}, "item 1: packages"),
        ({"items": (item(origin=Country("CO")),)}, {}, "item 1: origin"),
        ({"containers": (Container(BOX, (SealNumber("SL-779"),)),)}, {}, "seals"),
    ],
)
def test_a_certificate_that_differs_in_one_field_covers_in_part(
    said: dict[str, object], paper: dict[str, object], field: str
) -> None:
    found = match(declaration(**said), certificate(**paper))
    assert found.cover is Cover.COVERS_IN_PART
    assert differing(found) == [field]
    note = next(each.note for each in found.fields if each.field == field)
    assert note and note in found.for_officer and note in found.for_trader


def test_a_certificate_with_severe_faults_does_not_cover() -> None:
    found = match(declaration(), certificate(), unusable="Its signature is missing.")
    assert found.cover is Cover.DOES_NOT_COVER
    assert not found.is_usable
    assert "Its signature is missing." in found.for_officer


def test_neither_party_agreeing_means_another_consignment() -> None:
    said = declaration(exporter=Party(name="Nile Perch"), importer=Party(name="Blue Ocean"))
    assert match(said, certificate()).cover is Cover.DOES_NOT_COVER


def test_mass_within_the_tolerance_agrees_and_less_is_partial_use() -> None:
    assert match(declaration(item(mass="10200")), certificate()).cover is Cover.COVERS
    found = match(declaration(item(mass="4000", packages=200)), certificate())
    assert found.cover is Cover.COVERS
    assert found.uses[0].quantity == kilograms(4000)


def test_tonnes_and_kilograms_are_compared_and_taken_in_the_unit_of_the_line() -> None:
    tonnes = line(mass=None, net_mass=Quantity(Decimal("10"), UnitCode("TNE")))
    found = match(declaration(), certificate(tonnes))
    assert found.cover is Cover.COVERS
    assert str(found.uses[0].quantity) == "10 TNE"


def test_pieces_are_never_taken_for_mass() -> None:
    stems = line(mass=None, quantity=Quantity(Decimal(50000), UnitCode("H87")))
    found = match(declaration(), certificate(stems))
    assert verdict(found, "item 1: amount") is Verdict.MISSING
    assert found.cover is Cover.COVERS_IN_PART
    counted = item(quantity=Quantity(Decimal(50000), UnitCode("H87")))
    found = match(declaration(counted), certificate(stems))
    assert found.cover is Cover.COVERS
    assert found.uses[0].quantity == Quantity(Decimal(50000), UnitCode("H87"))


def test_one_item_takes_of_two_lines_of_the_same_goods() -> None:
    found = match(declaration(), certificate(line(1, mass="6000"), line(2, mass="4000")))
    assert found.cover is Cover.COVERS
    assert [(use.line, use.quantity) for use in found.uses] == [
        (1, kilograms(6000)),
        (2, kilograms(4000)),
    ]


def test_two_items_share_one_line_and_together_may_not_take_more() -> None:
    both = (item(1, mass="6000"), item(2, mass="6000"))
    found = match(declaration(*both), certificate())
    assert found.cover is Cover.COVERS_IN_PART
    assert differing(found) == ["item 2: amount"]
    assert [use.quantity for use in found.uses] == [kilograms(6000), kilograms(4000)]


def test_a_line_that_another_declaration_used_up_is_not_there_twice() -> None:
    found = match(declaration(), certificate(), remaining={1: kilograms(3000)})
    assert found.is_overdrawn
    assert found.cover is Cover.COVERS_IN_PART
    assert differing(found) == ["item 1: amount", "item 1: left by others"]
    assert "3,000 kg of 10,000 kg are left on line 1" in found.for_officer
    assert found.uses[0].quantity == kilograms(3000)


def test_a_line_used_in_part_is_enough_for_the_rest() -> None:
    said = declaration(item(mass="4000", packages=200))
    found = match(said, certificate(), remaining={1: kilograms(4000)})
    assert found.cover is Cover.COVERS
    assert not found.is_overdrawn


def test_only_the_goods_that_the_certificate_knows_are_held_against_it() -> None:
    said = declaration(item(1), item(2, hs="847989", description="Packing machine"))
    assert match(said, certificate()).cover is Cover.COVERS


def test_goods_for_which_the_law_asks_it_are_held_against_it() -> None:
    said = declaration(item(1), item(2, hs="070960", description="Peppers"))
    found = match(said, certificate(), needed_for=(1, 2))
    assert found.cover is Cover.COVERS_IN_PART
    assert differing(found) == ["item 2: HS code"]


def test_an_item_that_names_lines_is_compared_with_those_lines_only() -> None:
    named = item(documents=(phyto_document(lines=(2,)),))
    paper = certificate(line(1), line(2, hs="070960"))
    found = match(declaration(named, documents=()), paper)
    assert found.cover is Cover.DOES_NOT_COVER
    assert "on the lines 2" in found.for_officer


def test_a_certificate_without_hs_codes_leaves_the_goods_to_the_officer() -> None:
    found = match(declaration(), certificate(line(hs="")))
    assert verdict(found, "item 1: HS code") is Verdict.MISSING
    assert found.cover is Cover.COVERS


def test_a_heading_on_the_certificate_covers_its_subheadings() -> None:
    assert match(declaration(), certificate(line(hs="0803"))).cover is Cover.COVERS


def test_what_the_certificate_does_not_say_blames_nobody() -> None:
    bare = certificate(
        line(origins=(), packagings=()), equipment=(), importing_country=None, issued=None
    )
    found = match(declaration(), bare)
    assert found.cover is Cover.COVERS
    assert verdict(found, "containers") is Verdict.MISSING
    assert verdict(found, "issue date") is Verdict.MISSING


def test_a_slip_of_the_pen_in_a_container_number_is_looked_into_not_refused() -> None:
    slip = certificate(equipment=(parts.Equipment("CSQU3054833", ("SL778",)),))
    found = match(declaration(), slip)
    assert found.cover is Cover.COVERS_IN_PART
    assert differing(found) == ["containers"]


def test_a_number_is_found_however_it_is_spaced() -> None:
    said = declaration(documents=(phyto_document(" ec-2026 -17"),))
    assert len(documents_naming(said, "EC-2026-17")) == 1


def test_a_certificate_without_lines_covers_nothing() -> None:
    empty = replace(certificate(), lines=())
    assert match(declaration(), empty).cover is Cover.DOES_NOT_COVER


@given(
    st.lists(st.integers(1, 20000), min_size=1, max_size=4),
    st.lists(st.integers(0, 20000), min_size=1, max_size=4),
    st.lists(st.integers(0, 20000), min_size=4, max_size=4),
)
def test_never_more_is_taken_of_a_line_than_is_left(
    wanted: list[int], certified: list[int], rest: list[int]
) -> None:
    items = [item(n, mass=str(mass)) for n, mass in enumerate(wanted, 1)]
    lines = [line(n, mass=str(mass)) for n, mass in enumerate(certified, 1)]
    left = {n: kilograms(min(rest[n - 1], mass)) for n, mass in enumerate(certified, 1)}
    found = match(declaration(*items), certificate(*lines), remaining=left)
    for n in left:
        taken = sum(use.quantity.value for use in found.uses if use.line == n and use.quantity)
        assert taken <= left[n].value
    total = sum(use.quantity.value for use in found.uses if use.quantity)
    assert total == min(sum(wanted), sum(each.value for each in left.values()))
