"""Each rule, by its code: one declaration that breaks it, the field named, the sentence checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.declarations import rules
from clearway.declarations.field_rules import texts
from clearway.declarations.model import (
    UNSPECIFIED_GOODS,
    Container,
    Declaration,
    Document,
    Kind,
    Packaging,
    Party,
    Statement,
)
from clearway.declarations.rule import rule
from clearway.terms.finding import Finding, Level
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber, SealNumber

from .samples import (
    BROKER,
    CONTAINER,
    IMPORTER,
    NOON,
    bananas,
    declarations,
    item,
    three_items,
    usd,
    with_item,
)

OTHER = ContainerNumber("MSKU0000011")
SEALED = Container(CONTAINER, (SealNumber("EC-4711"),))


def two_items(**changed: Any) -> Declaration:
    """Two items of the same heading, the second with something changed."""
    return bananas(
        items=(item(1), item(2, **changed)),
        item_count=2,
        packages=2000,
        gross_mass_kg=Decimal("38000"),
        invoice=usd("16800.00"),
    )


# code -> declaration that breaks the rule, field that is named, words of the message
BROKEN: dict[str, tuple[Callable[[], Declaration], str, str]] = {
    "DEC_R01": (lambda: bananas(declarant=Party(None, "Broker Ltd")), "declarant", "party number"),
    "DEC_R02": (lambda: bananas(importer=Party()), "importer", "importer is not named"),
    "DEC_R03": (
        lambda: bananas(items=(), item_count=0, packages=0, invoice=usd("0")),
        "items",
        "0 items",
    ),
    "DEC_R04": (lambda: with_item(number=7), "items[0].number", "7 stands where 1 is due"),
    "DEC_R05": (lambda: bananas(item_count=3), "item_count", "3 items, but 1 are there"),
    "DEC_R06": (
        lambda: with_item(net_mass_kg=Decimal(0)),
        "items[0].net_mass_kg",
        "net mass is 0 kg",
    ),
    "DEC_R07": (
        lambda: with_item(gross_mass_kg=Decimal("17000")),
        "items[0].gross_mass_kg",
        "18000.5 kg is above the gross mass 17000 kg",
    ),
    "DEC_R08": (
        lambda: bananas(gross_mass_kg=Decimal("9000")),
        "gross_mass_kg",
        "9000 kg is below 18000.5 kg",
    ),
    "DEC_R09": (
        lambda: bananas(gross_mass_kg=Decimal("19500")),
        "gross_mass_kg",
        "19500 kg, but the items' gross masses add up to 19000 kg",
    ),
    "DEC_R10": (lambda: bananas(packages=999), "packages", "999 packages, but its items have 1000"),
    "DEC_R11": (lambda: bananas(invoice=usd("9000.00")), "invoice", "9000.00 USD"),
    "DEC_R12": (
        lambda: with_item(value=Money(Decimal("8400"), Currency("EUR"))),
        "items[0].value",
        "priced in EUR, the invoice in USD",
    ),
    "DEC_R13": (lambda: with_item(value=usd("0")), "items[0].value", "the price is 0 USD"),
    "DEC_R14": (lambda: with_item(hs=UNSPECIFIED_GOODS), "items[0].hs", "no commodity code"),
    "DEC_R16": (
        lambda: with_item(containers=(OTHER,)),
        "items[0].containers[0]",
        "MSKU0000011, which the declaration does not list",
    ),
    "DEC_R17": (
        lambda: bananas(containers=(SEALED, replace(SEALED, seals=(SealNumber("X"),)))),
        "containers[0].number",
        "CSQU3054383 is listed twice",
    ),
    "DEC_R18": (
        lambda: bananas(containers=(SEALED, replace(SEALED, number=OTHER))),
        "containers[0].seals",
        "EC-4711 is listed twice",
    ),
    "DEC_R19": (
        lambda: bananas(containers=(Container(CONTAINER),)),
        "containers[0].seals",
        "no seal number",
    ),
    "DEC_R20": (
        lambda: bananas(arrival_expected_at=NOON + timedelta(days=366)),
        "arrival_expected_at",
        "2027-03-03",
    ),
    "DEC_R21": (
        lambda: bananas(additional_type="D", arrival_expected_at=NOON - timedelta(days=1)),
        "additional_type",
        "2026-03-01 12:00 UTC",
    ),
    "DEC_R22": (
        lambda: with_item(
            documents=(
                Document("N851", "EC-1", valid_until=NOON - timedelta(days=9)),
                Document("N380", "INV-77"),
            )
        ),
        "items[0].documents[0].valid_until",
        "N851 EC-1 was valid until 2026-02-21",
    ),
    "DEC_R23": (
        lambda: with_item(documents=(Document("N380", "INV-77"), Document("N380", "INV-77"))),
        "items[0].documents[1]",
        "N380 INV-77 is cited twice",
    ),
    "DEC_R24": (
        lambda: with_item(documents=(Document("N851"), Document("N380", "INV-77"))),
        "items[0].documents[0].number",
        "N851 has no number",
    ),
    "DEC_R25": (
        lambda: with_item(preference="300"),
        "items[0].documents",
        "claims preference 300, but cites no proof",
    ),
    "DEC_R26": (
        lambda: with_item(
            preference="300",
            preferential_origin=Country("GH"),
            documents=(*item().documents, Document("N954", "A 1")),
        ),
        "items[0].preference",
        "goods of GH, but was dispatched from EC",
    ),
    "DEC_R27": (lambda: with_item(preference="1"), "items[0].preference", "'1' is no preference"),
    "DEC_R28": (lambda: bananas(transport_mode="s"), "transport_mode", "'s' is none of"),
    "DEC_R29": (lambda: bananas(vessel=""), "vessel", "ship or flight is not named"),
    "DEC_R30": (
        lambda: bananas(representative_status=""),
        "representative_status",
        f"{BROKER} acts for {IMPORTER}",
    ),
    "DEC_R31": (lambda: with_item(procedure="40"), "items[0].procedure", "'40' must have four"),
    "DEC_R32": (
        lambda: with_item(procedure="1000"),
        "items[0].procedure",
        "1000 is not one for an import",
    ),
    "DEC_R33": (
        lambda: with_item(value=usd("1.00"), net_mass_kg=Decimal("18000")),
        "items[0].value",
        "0.000056 USD a kilogram",
    ),
    "DEC_R34": (
        lambda: two_items(net_mass_kg=Decimal(2), gross_mass_kg=Decimal("19000")),
        "items[1].value",
        "over 50 times as much a kilogram as item 1",
    ),
    "DEC_R35": (
        lambda: with_item(statistical_value=usd("100")),
        "items[0].statistical_value",
        "100 USD is below half the price 8400.00 USD",
    ),
    "DEC_R36": (
        lambda: with_item(description="Bananas \u202eselpic"),
        "items[0].description",
        "hidden character U+202E",
    ),
    "DEC_R37": (lambda: bananas(vessel="A" * 36), "vessel", "36 characters; 35 are allowed"),
    "DEC_R38": (
        lambda: with_item(net_mass_kg=Decimal("18000.1234567")),
        "items[0].net_mass_kg",
        "at most 10 digits before the point and 6 behind",
    ),
    "DEC_R39": (lambda: with_item(description="Various goods"), "items[0].description", "does not"),
    "DEC_R40": (
        lambda: bananas(kind=Kind.EXPORT, items=(item(procedure="1000"),)),
        "country_of_destination",
        "country of destination is absent",
    ),
    "DEC_R41": (
        lambda: with_item(packages=1000, packaging=(Packaging("CT", 1001), Packaging("CT", -1))),
        "items[0].packages",
        "is -1; a count",
    ),
    "DEC_R42": (lambda: bananas(documents=()), "documents", "No transport document"),
    "DEC_R43": (
        lambda: with_item(documents=(Document("N851", "EC-1"),)),
        "documents",
        "No commercial invoice",
    ),
    "DEC_R45": (
        lambda: bananas(statements=(Statement("CWDOC", "{}"),)),
        "statements[0].code",
        "CWDOC is reserved",
    ),
    "DEC_R46": (lambda: bananas(office=""), "office", "customs office is absent"),
    "DEC_R47": (lambda: bananas(goods_location=""), "goods_location", "location of the goods"),
    "DEC_R48": (
        lambda: with_item(packaging=(Packaging("CT", 900),)),
        "items[0].packages",
        "1000 packages, but its packaging adds up to 900",
    ),
    "DEC_R49": (lambda: with_item(description=""), "items[0].description", "no description"),
    "DEC_R50": (lambda: bananas(ucr=None), "ucr", "no unique consignment reference"),
}


def check(declaration: Declaration) -> tuple[Finding, ...]:
    return rules.check(declaration, NOON)


def test_a_good_declaration_breaks_no_rule() -> None:
    assert check(bananas()) == ()
    assert check(three_items()) == ()


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_rule(code: str) -> None:
    make, field, words = BROKEN[code]
    found = [finding for finding in check(make()) if finding.code == code]
    assert [finding.field for finding in found] == [field]
    assert words in found[0].message, found[0].message


def test_every_rule_has_its_test_and_its_sentence() -> None:
    codes = [each.code for each in rules.RULES]
    assert codes == sorted(BROKEN)
    assert len(codes) >= 25
    for each in rules.RULES:
        assert each.text.endswith(".") and len(each.text) < 300
        assert each.text[0].isupper() or each.text[0] == "{"


@pytest.mark.parametrize("field", ["net_mass_kg", "gross_mass_kg"])
def test_a_negative_mass_is_refused_by_name(field: str) -> None:
    fields = {finding.field for finding in check(with_item(**{field: Decimal(-5)}))}
    assert f"items[0].{field}" in fields


def test_a_simplified_declaration_may_be_incomplete() -> None:
    simple = bananas(
        additional_type="C",
        goods_location="",
        items=(item(procedure="", net_mass_kg=Decimal(0), hs=UNSPECIFIED_GOODS),),
    )
    assert not {f.code for f in check(simple)} & {"DEC_R06", "DEC_R14", "DEC_R31", "DEC_R47"}


def test_an_export_names_the_exporter() -> None:
    export = bananas(
        kind=Kind.EXPORT,
        exporter=Party(BROKER, "Flowers Ltd", Country("KE")),
        importer=Party(),
        country_of_destination=Country("NL"),
        items=(item(procedure="1000"),),
    )
    assert not [f for f in check(export) if f.level is Level.SEVERE]
    nobody = replace(export, exporter=Party(), declarant=Party())
    assert {"DEC_R01", "DEC_R02"} <= {finding.code for finding in check(nobody)}


def test_who_declares_for_itself_needs_no_mandate() -> None:
    own = bananas(declarant=bananas().importer, representative_status="")
    assert check(own) == ()


def test_rounding_of_masses_and_prices_is_allowed() -> None:
    assert check(bananas(gross_mass_kg=Decimal("19000.4"), invoice=usd("8450.00"))) == ()


def test_goods_of_several_prices_but_other_headings_are_not_compared() -> None:
    dear = two_items(
        net_mass_kg=Decimal(2), gross_mass_kg=Decimal("19000"), hs=bananas().items[0].hs
    )
    other = replace(dear, items=(dear.items[0], replace(dear.items[1], hs=UNSPECIFIED_GOODS)))
    assert "DEC_R34" in {f.code for f in check(dear)}
    assert "DEC_R34" not in {f.code for f in check(other)}


@pytest.mark.parametrize(
    "text", ["Tea\x00", "Tea\x1b[31m", "T\u200bea", "Tea\u2066", "\ud800", "\ufffe"]
)
def test_hidden_characters_are_refused_wherever_they_stand(text: str) -> None:
    for declaration in (
        with_item(description=f"Green {text} leaves"),
        bananas(vessel=text),
        bananas(importer=Party(IMPORTER, text)),
        bananas(documents=(Document("N705", text),)),
    ):
        assert "DEC_R36" in {finding.code for finding in check(declaration)}


@pytest.mark.parametrize(
    "text", ["Café au lait", "香蕉 鮮", "موز طازج", "Bananas\u00a0fresh", "Größe ½"]
)
def test_texts_of_all_scripts_are_plain(text: str) -> None:
    assert check(with_item(description=text)) == ()


def test_naughty_strings_never_break_a_check(shared_data: Any) -> None:
    lines = json.loads((shared_data / "hostile/naughty/blns.json").read_text("utf-8"))
    assert len(lines) > 300
    for line in lines:
        for finding in check(with_item(description=line)):
            assert finding.message


def test_one_slip_on_many_items_gives_few_findings() -> None:
    wrong = bananas(items=tuple(item(number, hs=UNSPECIFIED_GOODS) for number in range(1, 900)))
    assert sum(f.code == "DEC_R14" for f in check(wrong)) == 20


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(declarations, st.timedeltas(-timedelta(days=9000), timedelta(days=9000)))
def test_every_declaration_can_be_checked(declaration: Declaration, later: timedelta) -> None:
    findings = rules.check(declaration, NOON + later)
    assert findings == rules.check(declaration, NOON + later)
    assert all(finding.message and finding.field for finding in findings)
    assert "DEC_R36" not in {finding.code for finding in findings}
    assert "DEC_R37" not in {finding.code for finding in findings}


def test_every_text_of_a_declaration_is_looked_at() -> None:
    looked_at = {field for field, _, _ in texts(three_items(statements=(Statement("1", "a"),)))}
    assert {"importer.name", "exporter.city", "items[2].packaging[0].marks"} <= looked_at
    assert {"items[1].documents[0].number", "statements[0].text", "vessel"} <= looked_at


def test_a_rule_without_sentence_is_a_defect() -> None:
    with pytest.raises(TypeError, match="no sentence"):
        rule("DEC_R99", Level.INFO)(lambda declaration, now: iter(()))
