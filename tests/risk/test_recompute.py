"""An assessment of before is worked out again from the ledger, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from clearway.errors import NotFound
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.stored import insert_facts
from clearway.node.recomputation import Sources, recompute_assessment
from clearway.risk import tables
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.facts import Assessed
from clearway.risk.formats import artefact as disk
from clearway.risk.formats import profiles as files
from clearway.risk.lists import tables as lists
from clearway.risk.model import Channel, Demands, Hit
from clearway.risk.profiles import tables as profiles
from clearway.risk.recompute import Recomputed
from clearway.risk.rules import Profiles
from clearway.risk.scoring import Artefact, Scorer, weighed
from clearway.risk.selectivity import Selectivity

from .border import examine
from .test_actions import CAPACITIES, NOON, declared, lodge

SPOT = Hit("M-SPOT", "A spot check.", Channel.YELLOW, "customs", False, (1,))


def into_log(connection: Connection, fact: Fact) -> None:
    """Keep the fact in the log, as a node does after its tables have followed it."""
    insert_facts(connection, [fact], [b"salt"], [b"leaf"])


LOGGED = {
    type: (into_log, *followed)
    for room in (lists, profiles, tables)
    for type, followed in room.PROJECTIONS.items()
}


@pytest.fixture
def border(
    store: Callable[..., Any], artefact: Artefact, tmp_path: Path
) -> tuple[Any, Selectivity, Path]:
    """A node with a model that has assessed a few declarations, some of them examined."""
    node = store(LOGGED)
    node.now = NOON
    models = tmp_path / "models"
    disk.save(artefact, models)
    selectivity = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    node.act(lambda act: activate_model(act, artefact.card, "it finds more"))
    for place in range(6):
        lodge(node, f"M{place}", selectivity, declared(2, value=90.0 * (place + 1)))
    node.now = NOON + timedelta(days=1)
    node.act(lambda act: examine(act, "M1", (1,), act.now))
    lodge(node, "M6", selectivity, declared(2, value=40.0), demands=Demands({1: 7.5}, (SPOT,)))
    # What comes afterwards must change nothing.
    node.now = NOON + timedelta(days=2)
    node.act(lambda act: examine(act, "M2", (1, 2), act.now))
    lodge(node, "M7", selectivity, declared(1, value=10.0))
    return node, selectivity, models


def again(
    node: Any,
    mrn: str,
    models: Path,
    tmp_path: Path,
    rules: Profiles | None = None,
    seq: int | None = None,
) -> Recomputed:
    scratch = tmp_path / f"scratch{len(list(tmp_path.iterdir()))}"
    scratch.mkdir()
    with node.engine.connect() as connection:
        return recompute_assessment(
            connection,
            mrn,
            Sources(models, scratch, lambda then: rules or profiles.rules_in_force(then)),
            seq=seq,
        )


def test_an_assessment_comes_out_equal_in_every_field(border: Any, tmp_path: Path) -> None:
    node, selectivity, models = border
    for mrn in ("M0", "M5", "M6"):
        found = again(node, mrn, models, tmp_path)
        assert found.is_equal, found
        assert {"score", "features", "channel", "reasons", "threshold", "propensity"} <= set(
            found.compared
        )
        assert found.model == selectivity.scorer.model


def test_the_tables_that_live_on_are_not_asked(border: Any, tmp_path: Path) -> None:
    node, _, models = border
    with node.engine.begin() as connection:
        connection.execute(text("UPDATE risk_history SET n = n + 40, found = found + 9"))
    assert again(node, "M6", models, tmp_path).is_equal


def test_a_tampered_model_is_refused_and_named(border: Any, tmp_path: Path) -> None:
    node, selectivity, models = border
    file = models / selectivity.scorer.model / "model.txt"
    file.write_text(file.read_text().replace("leaf_value=", "leaf_value=0.5 ", 1))
    found = again(node, "M6", models, tmp_path)
    assert not found.is_equal and "model.txt" in found.missing[0]


def test_a_model_that_is_gone_is_said(border: Any, tmp_path: Path) -> None:
    node, selectivity, models = border
    (models / selectivity.scorer.model).rename(tmp_path / "elsewhere")
    found = again(node, "M6", models, tmp_path)
    assert not found.is_equal and selectivity.scorer.model in found.missing[0]


def restate(node: Any, mrn: str, change: Callable[[Assessed], Assessed]) -> None:
    """Write another assessment over the one in the log, as a forger of the store would."""
    with node.engine.begin() as connection:
        seq, body = fact_of(connection, mrn)
        changed = encode(change(decode(body, Assessed)))
        connection.execute(
            text("UPDATE fact SET body = :body WHERE seq = :seq"), {"body": changed, "seq": seq}
        )


def fact_of(connection: Connection, mrn: str) -> tuple[int, bytes]:
    row = connection.execute(
        text("SELECT seq, body FROM fact WHERE subject = :s AND type = 'risk.assessed/1'"),
        {"s": f"declaration:{mrn}"},
    ).one()
    return row.seq, bytes(row.body)


@pytest.mark.parametrize(
    ("field", "value"),
    [("features", "0" * 64), ("score", 0.123), ("channel", Channel.GREEN), ("propensity", 0.9)],
)
def test_a_changed_field_is_found_and_told_by_name(
    border: Any, tmp_path: Path, field: str, value: Any
) -> None:
    node, _, models = border
    restate(node, "M6", lambda one: replace(
        one, assessment=replace(one.assessment, **{field: value})))  # fmt: skip
    found = again(node, "M6", models, tmp_path)
    assert [each.field for each in found.differences] == [field]
    assert json.loads(found.differences[0].stated) == value


def test_a_changed_tariff_rate_changes_the_features(border: Any, tmp_path: Path) -> None:
    node, _, models = border
    restate(node, "M6", lambda one: replace(
        one, basis=replace(one.basis, duty_rates=((1, 30.0),))))  # fmt: skip
    found = again(node, "M6", models, tmp_path)
    assert "features" in {each.field for each in found.differences}


def test_other_rules_are_said_and_the_score_is_still_worked_out(
    border: Any, tmp_path: Path
) -> None:
    node, _, models = border
    found = again(node, "M6", models, tmp_path, Profiles(()))
    assert not found.is_equal and "rules in force" in found.missing[0]
    assert "score" in found.compared and "channel" not in found.compared
    assert found.differences == ()


def test_an_assessment_of_before_the_sealing_says_what_cannot_be_told(
    border: Any, tmp_path: Path
) -> None:
    node, _, models = border
    restate(node, "M0", lambda one: replace(one, basis=None, so_far=None))
    found = again(node, "M0", models, tmp_path)
    assert not found.is_equal and "older than the sealing" in found.missing[0]
    assert "channel" not in found.compared


def test_an_assessment_without_a_model_comes_out_equal_too(
    store: Callable[..., Any], tmp_path: Path
) -> None:
    from .test_actions import rules

    node = store(LOGGED)
    node.now = NOON
    lodge(node, "M1", rules())
    found = again(node, "M1", tmp_path / "none", tmp_path)
    assert found.is_equal, found


def test_what_was_never_assessed_is_not_found(border: Any, tmp_path: Path) -> None:
    node, _, models = border
    with pytest.raises(NotFound, match="M99"):
        again(node, "M99", models, tmp_path)
    with pytest.raises(NotFound, match="Fact 0"):
        again(node, "M1", models, tmp_path, seq=0)


# The challenger


def test_a_challenger_is_recorded_and_changes_nothing(
    store: Callable[..., Any], artefact: Artefact
) -> None:
    alone = Selectivity(Scorer(artefact), files.sample(), CAPACITIES)
    both = replace(alone, challenger=Scorer(weighed(artefact, 1.0)))
    node = store(LOGGED)
    node.now = NOON
    without = lodge(node, "M1", alone, declared(2, value=50.0))
    watched = lodge(node, "M2", both, declared(2, value=50.0))
    with node.engine.connect() as connection:
        first, second = (decode(fact_of(connection, mrn)[1], Assessed) for mrn in ("M1", "M2"))
    assert first.shadow is None and second.shadow is not None
    assert second.shadow.model == both.challenger.model != second.assessment.model
    assert second.shadow.features == second.assessment.features
    assert 0.0 <= second.shadow.score <= 1.0
    # The second declaration of the same goods: what differs is the office's day, not the model.
    assert (watched.model, watched.rules) == (without.model, without.rules)
    body = json.loads(encode(first))
    del body["shadow"], body["basis"]
    assert decode(json.dumps(body).encode(), Assessed).basis is None
