"""Comparable past cases, and what to look for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clearway.clearance.model import Fraud
from clearway.node.rebuild import digest
from clearway.risk import tables
from clearway.risk.history import day_of
from clearway.risk.looking import NAMES, what_to_look_for
from clearway.risk.model import Demands
from clearway.risk.precedents import tables as precedents
from clearway.risk.precedents.model import Likeness, Precedent
from clearway.risk.precedents.rules import LEAST, closest, disclosed, likeness
from clearway.simulator.schemes import MODE_NAMES

from .border import examine
from .test_actions import NOON, declared, lodge, rules
from .test_features import goods

GRAPES = Likeness("GH1", "X1", "080610", "ZA", 20_000)


def case(mrn: str = "M1", found: bool = True, age: int = 10, **changed: Any) -> Precedent:
    one = replace(GRAPES, day=20_000 - age - 3, **changed)
    return Precedent(mrn, 1, one, 20_000 - age, found, ("undervaluation",) if found else ())


def test_the_same_trader_with_the_same_goods_is_closest() -> None:
    same = case("M1")
    other_trader = case("M2", importer="GH9", exporter="X9")
    other_goods = case("M3", hs="870332", origin="DE")
    stranger = case("M4", importer="GH9", exporter="X9", hs="870332")
    found = closest(GRAPES, [stranger, other_goods, other_trader, same])
    assert [each.mrn for each in found] == ["M1", "M3", "M2"]


def test_a_fresh_case_goes_before_a_stale_one_and_a_find_before_none() -> None:
    stale, fresh = case("M1", age=700), case("M2", age=7)
    assert [each.mrn for each in closest(GRAPES, [stale, fresh])] == ["M2", "M1"]
    clean, find = case("A", found=False), case("B", found=True)
    assert [each.mrn for each in closest(GRAPES, [clean, find])] == ["B", "A"]


def test_a_case_of_the_same_day_or_later_is_not_known_yet() -> None:
    assert closest(GRAPES, [case(age=0), case(age=-5)]) == ()
    assert len(closest(GRAPES, [case(age=1)])) == 1


@given(st.lists(st.sampled_from(["", "A", "B"]), min_size=8, max_size=8))
def test_likeness_is_mutual_and_the_unknown_is_shared_by_nobody(parts: list[str]) -> None:
    one = Likeness(parts[0], parts[1], parts[2] * 6, parts[3], 1)
    other = Likeness(parts[4], parts[5], parts[6] * 6, parts[7], 2)
    assert likeness(one, other) == likeness(other, one) <= likeness(GRAPES, GRAPES)
    assert likeness(Likeness("", "", "", "", 1), Likeness("", "", "", "", 1)) == 0.0 < LEAST


def test_who_it_was_is_shown_only_to_those_who_may_see_it() -> None:
    cases = (case("M1"), case("M2", importer="GH9"))
    assert disclosed(cases, None, may_see_others=True) == cases
    own, other = disclosed(cases, "GH1", may_see_others=False)
    assert own == cases[0]
    assert (other.mrn, other.item, other.goods.importer, other.goods.exporter) == ("", 0, "", "")
    assert other.found and other.kinds == ("undervaluation",)
    assert disclosed((case("M1", importer=""),), "", may_see_others=False)[0].mrn == ""


def test_results_become_precedents_item_by_item(store: Callable[..., Any]) -> None:
    follow = {**tables.PROJECTIONS}
    for type, more in precedents.PROJECTIONS.items():
        kept = follow.get(type, ())
        follow[type] = (*kept, *(each for each in more if each not in kept))
    node = store(follow)
    node.now = NOON
    for mrn in ("M1", "M2", "M3"):
        lodge(node, mrn, rules(), declared(2, hs="080610"), demands=Demands({}))
    node.act(lambda act: examine(act, "M1", (2,), act.now))
    node.act(lambda act: examine(act, "M2", (), act.now))
    node.act(lambda act: examine(act, "M3", (1,), act.now, "plant_health"))
    row = declared(1, hs="080610")
    asked = Likeness(
        str(row.importer.id) if row.importer else "", "", "080610", str(row.items[0].origin),
        day_of(NOON + timedelta(days=5)),
    )  # fmt: skip
    with node.engine.connect() as connection:
        found = precedents.find(connection, asked, most=9)
        told = {(each.mrn, each.item): (each.found, each.kinds) for each in found}
        # Other agencies look for other things; their results are no precedents of customs.
        assert told == {
            ("M1", 1): (False, ()),
            ("M1", 2): (True, ("undervalued",)),
            ("M2", 1): (False, ()),
            ("M2", 2): (False, ()),
        }
        before = digest(connection, precedents.TABLES[0])
        today = precedents.find(connection, replace(asked, day=day_of(NOON)))
        assert today == () and before
    # The same result told again changes nothing.
    node.act(lambda act: examine(act, "M1", (2,), NOON))
    with node.engine.connect() as connection:
        assert digest(connection, precedents.TABLES[0]) == before
    # A result that is reported late was not known before it was reported.
    lodge(node, "M4", rules(), declared(2, hs="080610"), demands=Demands({}))
    node.now = NOON + timedelta(days=3)
    node.act(lambda act: examine(act, "M4", (), NOON))
    with node.engine.connect() as connection:
        for days, is_known in ((2, False), (3, False), (4, True)):
            then = replace(asked, day=day_of(NOON + timedelta(days=days)))
            mrns = {each.mrn for each in precedents.find(connection, then, most=9)}
            assert ("M4" in mrns) is is_known


# What to look for


def test_the_likeliest_kind_is_told_with_its_line_and_where_it_shows() -> None:
    kinds = (("false_origin", 0.62), ("undervaluation", 0.2), ("short_quantity", 0.18))
    (told,) = what_to_look_for(goods(item=2), 3, kinds)
    assert told.code == "RISK_LOOK_FOR" and told.value == "false_origin 62%"
    assert told.text == (
        "Item 2: if something is wrong, it is most likely a false origin (62% of finds like this),"
        " else undervaluation (20%); look at marks, labels and the proof of origin."
    )


def test_of_kinds_that_do_not_stand_out_nothing_is_said() -> None:
    assert what_to_look_for(goods(), 1, ()) == ()
    assert what_to_look_for(goods(), 1, [(f"k{n}", 0.05) for n in range(20)]) == ()
    (told,) = what_to_look_for(goods(), 1, [("quota_fraud", 0.9)])
    assert told.text == (
        "If something is wrong, it is most likely quota fraud (90% of finds like this)."
    )


def test_every_kind_of_fraud_has_words_and_the_simulator_knows_no_other() -> None:
    kinds = {kind.value for kind in Fraud}
    assert set(NAMES) == kinds
    assert set(MODE_NAMES) - {""} <= kinds
    for kind in kinds:
        (reason,) = what_to_look_for(goods(), 1, [(kind, 0.9)])
        assert NAMES[kind] in reason.text
        assert ";" in reason.text  # where it shows
