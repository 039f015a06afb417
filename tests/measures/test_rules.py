"""What goods need and owe, by the sample profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm, RuleViolation
from clearway.measures import rules
from clearway.measures.formats.profile import sample
from clearway.measures.model import ChargeKind, RequirementKind
from clearway.terms.goods import HsCode
from clearway.terms.money import Currency, Money
from clearway.terms.nomenclature import GOODS
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms

PROFILE = sample()
MARCH = datetime(2026, 3, 2, 12, tzinfo=UTC)
USD = Currency("USD")


def needs(hs: str, origin: str, direction: str = "import", at: datetime = MARCH) -> list[str]:
    found = rules.requirements(PROFILE, HsCode(hs), Country(origin), direction, at)
    return [requirement.code for requirement in found]


def usd(amount: str) -> Money:
    return Money(Decimal(amount), USD)


@pytest.mark.parametrize(
    "hs, origin, expected",
    [
        ("060311", "NL", ["PHY-IMPORT"]),
        ("0603110010", "NL", ["PHY-IMPORT"]),
        ("080390", "EC", ["PHY-IMPORT"]),
        ("440711", "SE", ["PHY-IMPORT"]),
        ("071021", "BE", []),
        ("030214", "NO", ["FISH-IMPORT"]),
        ("040690", "NL", ["VET-IMPORT"]),
        ("020130", "BR", ["CTL-MEAT", "VET-IMPORT"]),
        ("010229", "KE", ["CTL-LIVE-ANIMALS", "VET-IMPORT"]),
        ("120991", "NL", ["CTL-SEEDS", "PHY-IMPORT"]),
        ("930630", "US", ["LIC-ARMS"]),
        ("380891", "DE", ["LIC-PESTICIDES"]),
        ("847130", "CN", []),
    ],
)
def test_goods_need_what_their_heading_says(hs: str, origin: str, expected: list[str]) -> None:
    assert needs(hs, origin) == expected


def test_an_alert_counts_for_its_goods_its_origins_and_its_time() -> None:
    start, end = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 7, 5, tzinfo=UTC)
    assert "ALR-2026-01" in needs("070960", "TR", at=start)
    assert "ALR-2026-01" in needs("070960", "TR", at=end - timedelta(seconds=1))
    assert "ALR-2026-01" not in needs("070960", "TR", at=end)
    assert "ALR-2026-01" not in needs("070960", "TR", at=start - timedelta(seconds=1))
    assert "ALR-2026-01" not in needs("070960", "MA")
    assert "ALR-2026-01" not in needs("070970", "TR")


def test_an_alert_without_an_end_goes_on_until_further_notice() -> None:
    assert "ALR-2026-02" in needs("060311", "KE", at=MARCH + timedelta(days=3650))


def test_directions_are_apart() -> None:
    assert needs("060311", "XA", "export") == ["PHY-EXPORT"]
    assert needs("060311", "KE", "transit") == []
    assert needs("930630", "US", "transit") == ["LIC-ARMS"]


def test_a_document_of_either_spelling_satisfies_a_requirement() -> None:
    needed = rules.requirements(PROFILE, HsCode("060311"), Country("KE"), "import", MARCH)
    assert {r.kind for r in needed} == {RequirementKind.CERTIFICATE, RequirementKind.CONTROL}
    missing = rules.missing_documents(needed, ["N935", "N380"])
    assert [r.code for r in missing] == ["PHY-IMPORT"]
    for stated in ["N851", "851", "C085"]:
        assert rules.missing_documents(needed, [stated]) == ()


@pytest.mark.parametrize(
    "hs, origin, preference, percent, given",
    [
        ("060311", "NL", "", "8", "100"),
        ("060311", "NL", "100", "8", "100"),
        ("060311", "KE", "300", "0", "300"),
        ("060311", "CN", "300", "8", "100"),
        ("060311", "KE", "999", "8", "100"),
        ("640399", "VN", "", "25", "100"),
        ("640299", "VN", "", "10", "100"),
        ("640351", "VN", "", "18", "100"),
        ("990000", "VN", "", "5", "100"),
        ("240220", "BD", "200", "20", "200"),
        ("610910", "BD", "200", "0", "200"),
    ],
)
def test_the_longest_prefix_and_a_preference_that_may_be_claimed_count(
    hs: str, origin: str, preference: str, percent: str, given: str
) -> None:
    rate = rules.duty_rate(PROFILE, HsCode(hs), Country(origin), preference)
    assert (rate.percent, rate.preference) == (Decimal(percent), given)


def test_duty_is_exact() -> None:
    owed = rules.duty(PROFILE, HsCode("640399"), Country("VN"), "", usd("1234.56"))
    assert owed == usd("308.64")


def test_tax_is_on_value_duty_and_excise_together() -> None:
    litres = Quantity(Decimal(100), UnitCode("LTR"))
    duty, excise, tax = rules.charges(
        PROFILE, HsCode("220421"), Country("CL"), "", usd("1000"), (kilograms(120), litres)
    )
    assert (duty.kind, duty.amount) == (ChargeKind.DUTY, usd("250"))
    assert (excise.kind, excise.amount) == (ChargeKind.EXCISE, usd("120"))
    assert (tax.kind, tax.amount) == (ChargeKind.TAX, usd("205.5"))


def test_an_excise_by_quantity_converts_its_unit() -> None:
    hectolitres = Quantity(Decimal(1), UnitCode("HLT"))
    _, excise, _ = rules.charges(
        PROFILE, HsCode("220300"), Country("DE"), "", usd("100"), (hectolitres,)
    )
    assert excise.amount == usd("45")


def test_a_missing_quantity_is_said_and_no_tax_is_guessed() -> None:
    _, excise, tax = rules.charges(
        PROFILE, HsCode("220830"), Country("GB"), "", usd("1000"), (kilograms(5),)
    )
    assert (excise.amount, excise.missing) == (None, "LPA")
    assert (tax.amount, tax.missing) == (None, "LPA")


def test_a_value_in_another_currency_is_not_added_to_an_excise() -> None:
    litres = (Quantity(Decimal(1), UnitCode("LTR")),)
    with pytest.raises(BadTerm, match="convert it first"):
        rules.charges(
            PROFILE,
            HsCode("220421"),
            Country("CL"),
            "",
            Money(Decimal(1), Currency("EUR")),
            litres,
        )


@given(st.sampled_from(sorted(GOODS)), st.sampled_from(["KE", "CN", "NO"]), st.integers(0, 10**9))
def test_no_preference_is_dearer_than_the_rate_for_everybody(
    hs: str, origin: str, cents: int
) -> None:
    value = Money(Decimal(cents) / 100, USD)
    general = rules.duty(PROFILE, HsCode(hs), Country(origin), "", value)
    preferred = rules.duty(PROFILE, HsCode(hs), Country(origin), "300", value)
    assert Decimal(0) <= preferred.amount <= general.amount <= value.amount


@pytest.mark.parametrize("hs", ["030214", "020130", "080390", "060311", "300241", "070970"])
def test_what_spoils_is_perishable(hs: str) -> None:
    assert rules.is_perishable(PROFILE, hs)


@pytest.mark.parametrize(
    "hs", ["847130", "071320", "080132", "080620", "070310", "040900", "990000"]
)
def test_what_keeps_is_not_perishable(hs: str) -> None:
    assert not rules.is_perishable(PROFILE, hs)


def test_a_tariff_without_a_rate_says_so() -> None:
    with pytest.raises(RuleViolation, match="no rate of duty for 847130"):
        rules.duty_rate(replace(PROFILE, duties={}), HsCode("847130"), Country("CN"))
