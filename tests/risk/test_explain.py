from __future__ import annotations

import math
from typing import Any

import pytest

from clearway.risk import explain
from clearway.risk.explain import Evidence, of_goods, reasons
from clearway.risk.features import FEATURES, compute
from clearway.risk.history import counted, resulted, trace
from clearway.risk.keys import keys_of
from clearway.risk.model import Capacity, Channel, Choice, Goods, Hit, Stratum

from .test_features import goods
from .walk import Memory

IDEAS = sorted({feature.idea for feature in FEATURES})


def past_of(*accepted: Goods, found: int = 0, examined: int = 0) -> Memory:
    memory = Memory()
    for place, each in enumerate(accepted):
        item = trace(each)
        memory.add(counted([item]), each.day)
        if place < examined:
            memory.add(resulted([(item, place < found, 0.0)]), each.day)
    return memory


def evidence(item: Goods, memory: Memory | None = None, others: int = 0) -> Evidence:
    pasts = (memory or Memory()).read(keys_of(item), item.day)
    items = [trace(item)] * (others + 1)
    return Evidence(items[0], compute(items, pasts)[0], pasts)


def weighing(idea: str, weight: float = 2.0) -> list[float]:
    """Return contributions in which one idea weighs."""
    first = next(n for n, feature in enumerate(FEATURES) if feature.idea == idea)
    return [weight if n == first else 0.0 for n in range(len(FEATURES))]


def said(idea: str, item: Goods, memory: Memory | None = None) -> str:
    found = of_goods(evidence(item, memory), weighing(idea))
    return found[0].text if found else ""


def usual(count: int = 9, **changed: Any) -> list[Goods]:
    prices = [600.0 + 20.0 * place for place in range(count)]
    return [goods(day=19_000 + n, value_eur=p, **changed) for n, p in enumerate(prices)]


def test_an_unusual_unit_value_is_told_with_the_usual_one() -> None:
    text = said("unit_value", goods(value_eur=210.0), past_of(*usual()))
    assert text == (
        "Unit value 2.10 EUR/kg is 3.7 spreads below usual for 0302.14 from NO"
        " (usually about 6.78 EUR/kg)."
    )


def test_a_unit_value_of_another_origin_is_compared_with_the_code_alone() -> None:
    text = said("unit_value", goods(value_eur=2_100.0, origin="CN"), past_of(*usual()))
    assert "above usual for 0302.14 (usually" in text


def test_the_past_of_a_trader_is_told_in_numbers() -> None:
    memory = past_of(*usual(), examined=9, found=4)
    assert said("importer", goods(), memory) == (
        "This importer had 4 of 9 items examined so far not conform."
    )
    assert said("importer_goods", goods(), memory) == (
        "This importer's 0302.14: 4 of 9 items examined so far not conform."
    )
    assert said("goods_origin", goods(), memory) == (
        "0302.14 from NO: 4 of 9 items examined so far not conform."
    )


def test_what_is_new_is_called_new() -> None:
    assert said("importer", goods()) == "This importer has not declared anything here before."
    assert said("importer_goods", goods()) == "This importer has not declared 0302.14 before."
    assert "too few prices" in said("unit_value", goods())
    assert "not named" in said("exporter", goods(exporter=""))


def test_a_trader_never_examined_is_said_to_be_so() -> None:
    text = said("declarant", goods(), past_of(*usual()))
    assert text == "This declarant declared 9 items before; none was examined."


@pytest.mark.parametrize("idea", IDEAS)
def test_every_idea_can_be_told_of_anything(idea: str) -> None:
    nan = math.nan
    blank = goods(
        importer="",
        declarant="",
        exporter="",
        origin="",
        dispatch="",
        preference="",
        net_mass_kg=nan,
        value_eur=nan,
        duty_rate=nan,
        packages=0,
        transport_mode="",
        description="",
        certificates=nan,
    )
    for item in (blank, goods(), goods(preference="300", dispatch="CN")):
        for memory in (Memory(), past_of(*usual(), examined=5, found=2)):
            text = said(idea, item, memory)
            assert "nan" not in text
            assert text == "" or text.endswith(".")


def test_only_what_weighs_is_said_and_the_weightiest_first() -> None:
    added = [a + b for a, b in zip(weighing("importer", 1.0), weighing("duty", 3.0), strict=True)]
    added = [a + b for a, b in zip(added, weighing("size", 0.14), strict=True)]
    assert [r.code for r in of_goods(evidence(goods()), added)] == ["RISK_DUTY", "RISK_IMPORTER"]
    assert of_goods(evidence(goods()), weighing("duty", -3.0)) == []
    assert of_goods(evidence(goods()), []) == []


def test_no_more_than_four_ideas_are_told() -> None:
    assert len(of_goods(evidence(goods(), past_of(*usual())), [1.0] * len(FEATURES))) == 4


def test_the_item_is_named_where_there_are_more() -> None:
    found = of_goods(evidence(goods(item=1), others=2), weighing("duty"))
    assert found[0].text.startswith("Item 1: Duty is 10 %, about 65 EUR")


def channel_reasons(choice: Choice, *hits: Hit, absence: str = "") -> list[tuple[str, str]]:
    found = reasons(
        choice,
        hits,
        score=0.4567,
        office="GHTEM",
        capacity=Capacity(3, random_share=0.02),
        absence=absence,
        evidence=None,
        contributions=[],
    )
    return [(reason.code, reason.text) for reason in found]


def test_green_is_explained_too() -> None:
    choice = Choice(Channel.GREEN, Stratum.NONE, 0.02, 0.951)
    assert channel_reasons(choice) == [
        (
            "RISK_SCORE_BELOW",
            "Its score is higher than that of 45.6 of 100 recent declarations; physical"
            " examination by score begins at 95.1 at GHTEM now.",
        )
    ]
    full = Choice(Channel.GREEN, Stratum.NONE, 0.0, 2.0)
    assert "no room left" in channel_reasons(full)[0][1]


def test_a_drawn_one_says_the_share_and_nothing_of_its_score() -> None:
    choice = Choice(Channel.RED, Stratum.RANDOM, 0.02, 0.95)
    assert channel_reasons(choice) == [
        (
            "RISK_RANDOM",
            "Drawn at random: 2 % of all declarations are examined whatever their score.",
        )
    ]


def test_controls_and_profiles_are_named_with_their_items() -> None:
    control = Hit("C1", "Seeds are sampled.", Channel.RED, "plant_health", True, (2, 3))
    profile = Hit("P1", "Cheap fish.", Channel.RED, "customs", False, (1,))
    choice = Choice(Channel.YELLOW, Stratum.PROFILE, 0.0, 2.0, profile, Channel.RED)
    found = channel_reasons(choice, control, profile, absence="No model.")
    assert [code for code, _ in found] == [
        "RISK_CONTROL",
        "RISK_PROFILE",
        "RISK_NO_ROOM",
        "RISK_RULES_ONLY",
    ]
    assert found[0][1] == "Seeds are sampled. (item 2, 3)"


def test_every_sentence_belongs_to_an_idea() -> None:
    assert set(explain._SENTENCES) <= set(IDEAS)
