from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from clearway.declarations.model import Declaration
from clearway.errors import NotFound, WrongState
from clearway.ledger.fact import Fact, decode
from clearway.measures.formats import profile as measures
from clearway.policy.act import Act
from clearway.risk import schema, tables
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.actions.assess import assess
from clearway.risk.demands import demands_of
from clearway.risk.facts import Assessed
from clearway.risk.formats import profiles as files
from clearway.risk.history import day_of
from clearway.risk.model import (
    Assessment,
    Capacities,
    Capacity,
    Channel,
    Demands,
    Hit,
    Stratum,
)
from clearway.risk.scoring import Artefact, Scorer, rules_only
from clearway.risk.selectivity import Selectivity

from .border import accept, declaration, examine
from .world import BEGIN, history

NOON = BEGIN + timedelta(days=370, hours=12)
CAPACITIES = Capacities(
    Capacity(red=5, yellow=5, blue=5, random_share=0.01, usual_arrivals=100),
    {"GHACC": Capacity(red=0, random_share=0.0)},
)
ARMS = Hit("M-ARMS", "Arms are always examined.", Channel.RED, "customs", True, (1,))
PLANTS = Hit("M-PLANT", "Fruit is sampled.", Channel.RED, "plant_health", True, (1,))


@pytest.fixture
def node(store: Callable[..., Any]) -> Any:
    opened = store(tables.PROJECTIONS)
    opened.now = NOON
    return opened


def declared(items: int = 1, **changed: Any) -> Declaration:
    row = {
        **history(1, seed=1).to_dicts()[0],
        "office": "GHTEM",
        "description": "Grapes",
        **changed,
    }
    return declaration([{**row, "item": place} for place in range(1, items + 1)])


def rules(**capacity: Any) -> Selectivity:
    return Selectivity(
        rules_only(), files.sample(), Capacities(replace(CAPACITIES.default, **capacity))
    )


def lodge(
    node: Any,
    mrn: str,
    selectivity: Selectivity,
    what: Declaration | None = None,
    *,
    draw: float = 0.5,
    demands: Demands | None = None,
) -> Assessment:
    goods = what or declared()

    def both(act: Act) -> Assessment:
        fact = accept(act, mrn, goods, act.now)
        return assess(
            act,
            mrn,
            goods,
            fact,
            draw=draw,
            selectivity=selectivity,
            demands=demands or Demands({1: 10.0}),
        )

    return node.act(both)


def test_an_assessment_is_a_fact_and_can_be_asked_for(node: Any) -> None:
    found = lodge(node, "M1", rules())
    with node.engine.connect() as connection:
        stored = tables.get_assessment(connection, "M1")
        assert stored.assessment == found
        assert tables.list_assessments(connection, channel=found.channel) == (stored,)
        assert tables.list_assessments(connection, before=stored.seq) == ()
        with pytest.raises(NotFound, match="M2"):
            tables.get_assessment(connection, "M2")


def test_every_assessment_has_reasons_in_sentences(node: Any, artefact: Artefact) -> None:
    with_model = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    for place, selectivity in enumerate((rules(), with_model)):
        for draw in (0.001, 0.9):
            found = lodge(node, f"M{place}{draw}", selectivity, draw=draw)
            assert found.reasons
            assert all(reason.text.endswith((".", ")")) for reason in found.reasons)
            assert all(reason.code.startswith("RISK_") for reason in found.reasons)


def test_without_a_model_the_reason_says_that_profiles_decided(node: Any) -> None:
    found = lodge(node, "M1", rules())
    assert found.model == "" and found.score == 0.0 and found.features == ""
    assert "No risk model is active" in found.reasons[-1].text


def test_a_mandatory_control_comes_first_and_is_named(node: Any) -> None:
    found = lodge(node, "M1", rules(red=0), demands=Demands({}, (ARMS, PLANTS)))
    assert (found.channel, found.stratum) == (Channel.RED, Stratum.MANDATORY)
    assert found.mandatory == ("M-ARMS", "M-PLANT")
    assert found.reasons[0].text == "Arms are always examined. (item 1)"


def test_a_control_of_another_agency_is_named_and_leaves_the_lane_alone(node: Any) -> None:
    found = lodge(node, "M1", rules(), demands=Demands({}, (PLANTS,)))
    assert (found.channel, found.mandatory) == (Channel.GREEN, ("M-PLANT",))


def test_measures_tell_duty_rates_and_controls() -> None:
    profile = measures.sample()
    found = demands_of(profile, declared(2, hs="070110"), NOON)
    assert set(found.duty_rates) == {1, 2}
    (control,) = found.controls
    assert (control.id, control.agency, control.items) == (
        "CTL-SEED-POTATOES",
        "plant_health",
        (1, 2),
    )
    seeds = demands_of(profile, declared(hs="120991"), NOON).controls
    assert [control.share for control in seeds] == [0.15]


def test_a_drawn_declaration_is_examined_and_says_so_without_prejudice(
    node: Any, artefact: Artefact
) -> None:
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    found = lodge(node, "M1", selectivity, draw=0.001)
    assert (found.channel, found.stratum) == (Channel.RED, Stratum.RANDOM)
    assert found.random_draw == 0.001
    assert [r.code for r in found.reasons if r.weight] == []


def test_a_risky_declaration_is_selected_with_the_numbers_behind_it(
    node: Any, artefact: Artefact
) -> None:
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    usual = declared(hs="030220", origin="NO", importer="GH000000")
    price = usual.items[0].value
    cheap = replace(
        usual, items=(replace(usual.items[0], value=replace(price, amount=Decimal("9"))),)
    )
    found = lodge(node, "M1", selectivity, cheap, demands=Demands({1: 22.0}))
    assert (found.channel, found.stratum) == (Channel.RED, Stratum.SCORE), found
    assert found.score > 0.95 and found.probability > 0.5
    assert found.model == artefact.card.id and len(found.features) == 64
    words = " ".join(reason.text for reason in found.reasons)
    assert "spreads below usual for 0302.20" in words
    assert "higher than that of" in words


def test_each_office_has_its_own_capacity(node: Any) -> None:
    repeat = {"office": "GHACC", "description": "goods"}
    found = lodge(
        node,
        "M1",
        Selectivity(rules_only(), files.sample(), CAPACITIES),
        declared(**repeat),
        draw=0.0,
    )
    assert found.channel is Channel.GREEN
    assert any(reason.code == "RISK_NO_ROOM" for reason in found.reasons)


def test_a_day_never_exceeds_its_capacity_and_tells_what_is_used(node: Any) -> None:
    selectivity = rules(red=3, yellow=2, blue=1, random_share=0.5)
    for place in range(40):
        lodge(node, f"M{place}", selectivity, declared(description="goods"), draw=place % 4 / 4)
    with node.engine.connect() as connection:
        (today,) = tables.list_days(connection, day_of(NOON))
    assert (today.office, today.so_far.arrivals) == ("GHTEM", 40)
    assert (today.so_far.red, today.so_far.yellow, today.so_far.blue) == (3, 2, 1)


def test_the_days_before_tell_what_is_usual(node: Any) -> None:
    for days, count in ((2, 4), (1, 8)):
        node.now = NOON - timedelta(days=days)
        for place in range(count):
            lodge(node, f"M{days}-{place}", rules())
    with node.engine.connect() as connection:
        assert tables.read_day(connection, "GHTEM", day_of(NOON)).usual_arrivals == 6.0


def test_a_declaration_does_not_count_itself(node: Any) -> None:
    new = "item.importer_items == 0"
    profile = replace(files.sample().profiles[0], id="NEW", expression=new)
    selectivity = replace(rules(), profiles=type(files.sample())([profile]))
    assert lodge(node, "M1", selectivity, declared(3)).profiles == ("NEW",)
    assert lodge(node, "M2", selectivity).profiles == ()


def test_a_corrected_declaration_is_assessed_again_as_if_not_counted(node: Any) -> None:
    selectivity = rules()
    goods = declared()
    fact = node.act(accept, "M1", goods, NOON)
    mended = replace(goods, items=(replace(goods.items[0], description="goods"),))

    def again(act: Act) -> Assessment:
        return assess(act, "M1", mended, fact, draw=0.5, selectivity=selectivity, demands=Demands())

    assert node.act(again).profiles == ("S-VAGUE-1",)
    node.now = NOON + timedelta(days=2)
    assert node.act(again).profiles == ("S-VAGUE-1",)
    with node.engine.connect() as connection:
        assert len(tables.list_assessments(connection)) == 1


def test_results_of_customs_examinations_are_learnt_once(node: Any) -> None:
    lodge(node, "M1", rules(), declared(2))
    for _ in range(2):
        node.act(examine, "M1", (2,), NOON + timedelta(hours=1))
    node.act(examine, "M1", (1,), NOON + timedelta(hours=1), "plant_health")
    node.act(examine, "M-UNKNOWN", (1,), NOON)
    with node.engine.connect() as connection:
        row = connection.execute(
            select(schema.history.c.examined, schema.history.c.found).order_by(
                schema.history.c.examined.desc()
            )
        ).first()
    assert row is not None and tuple(row) == (2, 1)


def test_hostile_declarations_are_assessed(node: Any, artefact: Artefact) -> None:
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    goods = declared(3)
    item = replace(
        goods.items[0],
        net_mass_kg=Decimal(0),
        value=replace(goods.items[0].value, amount=Decimal(0)),
        packages=0,
        description="\u0001 \ud7ff 'DROP TABLE",
    )
    found = lodge(node, "M1", selectivity, replace(goods, items=(item,) * 3, exporter=None))
    assert 0.0 <= found.score <= 1.0


def test_a_declaration_of_999_items_is_assessed(node: Any, artefact: Artefact) -> None:
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    assert 0.0 <= lodge(node, "M1", selectivity, declared(999)).score <= 1.0


def test_the_assessed_fact_names_what_it_was_made_from(node: Any) -> None:
    facts: list[Fact] = []

    def both(act: Act) -> None:
        fact = accept(act, "M1", declared(), act.now)
        assess(act, "M1", declared(), fact, draw=0.5, selectivity=rules(), demands=Demands())
        facts.extend(act.tx.facts)

    node.act(both)
    accepted, assessed = facts
    body = decode(assessed.body, Assessed)
    assert assessed.type == "risk.assessed/1" and assessed.subject == "declaration:M1"
    assert (body.accepted, body.office, body.day) == (accepted.seq, "GHTEM", day_of(NOON))
    assert body.assessment.rules.startswith("sample-")


# Models


def test_the_model_activated_last_is_the_active_one(node: Any, artefact: Artefact) -> None:
    with node.engine.connect() as connection:
        assert tables.active_model(connection) is None
    node.act(activate_model, artefact.card, "first model")
    older = replace(artefact.card, id="lgb-other", cut_off=BEGIN + timedelta(days=300))
    node.act(activate_model, older)
    with node.engine.connect() as connection:
        active = tables.active_model(connection)
        assert active is not None and active.id == "lgb-other"
        first = tables.list_models(connection)[-1]
        assert (first.reason, first.activated_by) == ("first model", "officer:amina")
        assert first.metrics == artefact.card.metrics


def test_a_model_of_the_future_is_refused(node: Any, artefact: Artefact) -> None:
    with pytest.raises(WrongState, match="future"):
        node.act(activate_model, replace(artefact.card, cut_off=NOON + timedelta(days=1)))


def test_what_no_kept_model_needs_is_dropped_and_too_old_a_model_refused(
    node: Any, artefact: Artefact
) -> None:
    node.now = NOON - timedelta(days=9)
    lodge(node, "M1", rules())
    node.now = NOON
    lodge(node, "M2", rules())
    midnight = NOON.replace(hour=0)
    for place, days in enumerate((10, 5, 1)):
        card = replace(artefact.card, id=f"lgb-{place}", cut_off=midnight - timedelta(days=days))
        node.act(activate_model, card)
    with node.engine.connect() as connection:
        days_kept = set(connection.execute(select(schema.history.c.day)).scalars())
        assert days_kept == {day_of(NOON) - 9, day_of(NOON)}
    node.act(activate_model, replace(artefact.card, id="lgb-3", cut_off=midnight))
    with node.engine.connect() as connection:
        assert set(connection.execute(select(schema.history.c.day)).scalars()) == {day_of(NOON)}
    with pytest.raises(WrongState, match="train it again"):
        node.act(activate_model, replace(artefact.card, cut_off=midnight - timedelta(days=10)))


# Rebuilding


def test_tables_rebuilt_from_the_facts_are_equal(node: Any, artefact: Artefact) -> None:
    facts: list[Fact] = []
    original = node.act

    def keeping(action: Callable[..., Any], *args: Any) -> Any:
        def run(act: Act, *inner: Any) -> Any:
            result = action(act, *inner)
            facts.extend(act.tx.facts)
            return result

        return original(run, *args)

    node.act = keeping
    room = Capacities(Capacity(red=5, yellow=3, blue=3, usual_arrivals=10, least_score=0.0))
    selectivity = Selectivity(Scorer(artefact), files.sample(), room)
    for place in range(12):
        lodge(node, f"M{place}", selectivity, declared(place % 3 + 1), draw=place / 12)
        if place % 4 == 0:
            node.act(examine, f"M{place}", (1,) if place % 8 else (), NOON)
    node.act(activate_model, artefact.card)

    def contents(connection: Any) -> list[Any]:
        return [
            sorted(map(tuple, connection.execute(select(table)).all())) for table in tables.TABLES
        ]

    with node.engine.begin() as connection:
        before = contents(connection)
        for table in tables.TABLES:
            connection.execute(table.delete())
        for fact in facts:
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        assert contents(connection) == before
        empty = {t.name for t, rows in zip(tables.TABLES, before, strict=True) if not rows}
        assert empty <= {"risk_kin"}  # people link firms, not declarations


def test_an_assessment_of_three_items_stays_cheap(node: Any, artefact: Artefact) -> None:
    """No benchmark: a guard against a slip that makes it ten times dearer."""
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    goods = declared(3)
    demands = Demands({1: 10.0, 2: 5.0, 3: 0.0})

    def many(act: Act) -> float:
        start = time.process_time()
        for place in range(100):
            fact = accept(act, f"M{place}", goods, act.now)
            assess(
                act, f"M{place}", goods, fact, draw=0.5, selectivity=selectivity, demands=demands
            )
        return (time.process_time() - start) / 100

    assert node.act(many) < 0.01
