from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from clearway.errors import MalformedMessage, RuleViolation
from clearway.risk.features import compute
from clearway.risk.formats import profiles as files
from clearway.risk.history import trace
from clearway.risk.model import Channel, Header, Profile
from clearway.risk.rules import Profiles
from clearway.risk.variables import variables_of
from clearway.terms.period import Period

from .test_features import goods

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = Period(datetime(2020, 1, 1, tzinfo=UTC))


def profile(expression: str, id: str = "P1", **changed: Any) -> Profile:
    fields: dict[str, Any] = {
        "text": "because",
        "lane": Channel.RED,
        "agency": "customs",
        "mandatory": False,
        "period": ALWAYS,
    }
    return Profile(id=id, expression=expression, **{**fields, **changed})


def seen(*changes: dict[str, Any]) -> dict[str, Any]:
    items = [trace(goods(item=place, **each)) for place, each in enumerate(changes, 1)]
    return variables_of(items, compute(items, {}), Header("import", 1, ("N851",)))


def ids(found: Profiles, variables: dict[str, Any], at: datetime = NOW) -> list[str]:
    return [hit.id for hit in found.match(variables, at).hits]


def test_a_profile_hits_the_items_that_it_is_about() -> None:
    found = Profiles([profile('item.hs.startsWith("0302") && item.origin in ["NO", "IS"]')])
    matched = found.match(seen({}, {"hs": "070200"}, {"origin": "IS"}), NOW)
    assert matched.hits[0].items == (1, 3)


def test_profiles_see_the_declaration_too() -> None:
    found = Profiles([profile('"N851" in declaration.documents && declaration.items == 2')])
    assert ids(found, seen({}, {})) == ["P1"]
    assert ids(found, seen({})) == []


def test_a_profile_out_of_force_does_not_hit() -> None:
    past = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC))
    found = Profiles([profile("true", "OLD", period=past), profile("true", "NEW")])
    assert ids(found, seen({})) == ["NEW"]


def test_many_profiles_are_one_program() -> None:
    found = Profiles([profile(f"item.packages == {n}", f"P{n}") for n in range(60)])
    assert ids(found, seen({"packages": 7}, {"packages": 9})) == ["P7", "P9"]


def test_a_profile_may_name_a_field_in_brackets() -> None:
    found = Profiles([profile('item["hs"] == "030214" && declaration["kind"] == "import"')])
    assert ids(found, seen({})) == ["P1"]


def test_a_profile_that_fails_on_a_value_silences_no_other() -> None:
    broken = profile("item.packages > 1 && 10 / (item.packages - 10) > 0", "BROKEN")
    matched = Profiles([broken, profile("true", "SOUND")]).match(seen({"packages": 10}), NOW)
    assert [hit.id for hit in matched.hits] == ["SOUND"]
    assert matched.failed == ("BROKEN",)


def test_a_profile_that_fails_on_one_item_still_hits_the_others() -> None:
    found = Profiles([profile("10 / (item.packages - 10) > 0", "BROKEN"), profile("true", "SOUND")])
    matched = found.match(seen({"packages": 10}, {"packages": 11}), NOW)
    assert [(hit.id, hit.items) for hit in matched.hits] == [("BROKEN", (2,)), ("SOUND", (1, 2))]
    assert matched.failed == ("BROKEN",)


def test_hundreds_of_items_are_each_asked() -> None:
    found = Profiles([profile("item.packages > 10")])
    matched = found.match(seen(*({"packages": n % 20} for n in range(100))), NOW)
    assert matched.hits[0].items == tuple(n + 1 for n in range(100) if n % 20 > 10)


@pytest.mark.parametrize(
    "expression",
    [
        "item.hs.startsWith(",
        "true], [true",
        "true // a comment that swallows the rest",
        "item.unknown > 1.0",
        'trader.name == "X"',
        "item.hs",
        "1",
        "",
        "true || items.exists(i, i.packages > 1)",
        " || ".join(["item.packages == 1"] * 500),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_before_it_is_in_force(
    expression: str,
) -> None:
    if expression.startswith("true //"):
        assert ids(Profiles([profile(expression)]), seen({})) == ["P1"]
        return
    with pytest.raises(RuleViolation, match="P1"):
        Profiles([profile(expression)])


def test_two_profiles_of_one_id_are_refused() -> None:
    with pytest.raises(RuleViolation, match="P1"):
        Profiles([profile("true"), profile("false")])


def test_no_profiles_hit_nothing() -> None:
    assert ids(Profiles([]), seen({})) == []


def test_the_version_changes_with_any_profile() -> None:
    one, other = Profiles([profile("true")]), Profiles([profile("true", text="why")])
    assert one.version != other.version
    assert one.version == Profiles([profile("true")]).version


def test_unknown_numbers_are_minus_one() -> None:
    nothing = {"net_mass_kg": float("nan"), "value_eur": float("nan"), "duty_rate": float("nan")}
    found = Profiles([profile("item.value_eur == -1.0 && item.price_eur_kg == -1.0")])
    assert ids(found, seen(nothing)) == ["P1"]


def test_the_sample_profiles_are_usable_and_find_arms() -> None:
    found = files.sample()
    matched = found.match(seen({"hs": "930200"}), NOW)
    assert [(hit.id, hit.mandatory) for hit in matched.hits] == [("S-ARMS-1", True)]


GOOD = b"""
[[profile]]
id = "A"
text = "why"
expression = "true"
lane = "red"
agency = "customs"
mandatory = false
valid_from = 2026-01-01T00:00:00Z
valid_until = 2027-01-01T00:00:00+01:00
"""


def test_a_file_of_profiles_is_read() -> None:
    read = files.read(GOOD).profiles[0]
    assert read.lane is Channel.RED
    assert read.period.end == datetime(2026, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'text = "why"', b"", "text"),
        (b'lane = "red"', b'lane = "pink"', "pink"),
        (b'lane = "red"', b'lane = "green"', "green"),
        (b"mandatory = false", b"mandatory = 0", "mandatory"),
        (b'id = "A"', b'id = "A"\ncolour = "x"', "colour"),
        (b"2026-01-01T00:00:00Z", b'"2026"', "valid_from"),
        (b"[[profile]]", b"[profile]", r"\[\[profile\]\]"),
        (b"[[profile]]", b"[[profile]", "TOML"),
        (b"why", b"\xff", "TOML"),
    ],
)
def test_a_broken_file_of_profiles_is_refused_naming_the_field(
    old: bytes, new: bytes, named: str
) -> None:
    with pytest.raises(MalformedMessage, match=named):
        files.read(GOOD.replace(old, new))
