"""Weights, revenue, kinds of fraud, the frontier, the glass box, the card."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import lightgbm
import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from clearway.cli.risk import app
from clearway.errors import BadTerm, RuleViolation, VerificationError
from clearway.ledger.columns import to_microseconds
from clearway.risk import calibration
from clearway.risk.estimators.glass_box import GlassBox, GlassBoxEstimator, Term, emit, shapes
from clearway.risk.estimators.opening import open_estimator
from clearway.risk.evaluate import calibration_error
from clearway.risk.features import NAMES
from clearway.risk.formats import artefact as disk
from clearway.risk.formats import card_markdown
from clearway.risk.formats import history as table
from clearway.risk.learning import kinds, weighting
from clearway.risk.learning.boosting import Effort
from clearway.risk.learning.material import Material, gather
from clearway.risk.replay import replay
from clearway.risk.scale import tempered
from clearway.risk.scoring import Artefact, Scorer, verify, weighed
from clearway.risk.training import kind_of, train

from .test_features import FOREVER
from .world import BEGIN, history

END = BEGIN + timedelta(days=360)
EFFORT = Effort({"seed": 1, "num_threads": 1}, 30, lambda phase, share: None)


def material_of(frame: pl.DataFrame) -> Material:
    shaped = table.conform(frame)
    return gather(shaped, replay(shaped, FOREVER).matrix, to_microseconds(END))


# Weights of results


def biased_border(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return suspicion, truth, probability of examination and examined, of a known border."""
    rng = np.random.default_rng(seed)
    suspicion = rng.random(count)
    illicit = rng.random(count) < 0.02 + 0.3 * suspicion**4
    propensity = np.where(suspicion > 0.8, 0.6, 0.05)
    return suspicion, illicit, propensity, rng.random(count) < propensity


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_weights_move_what_examined_items_tell_towards_the_truth(seed: int) -> None:
    _, illicit, propensity, examined = biased_border(20_000, seed)
    truth = illicit.mean()
    plain = illicit[examined].mean()
    weights = weighting.from_propensity("logged", propensity, examined)
    told = np.average(illicit[examined], weights=weights.of[examined])
    assert plain > 2 * truth  # the examined are the suspicious: unweighed they mislead
    assert abs(told - truth) < abs(plain - truth) / 4
    assert weights.effective < examined.sum()


def test_weights_are_clipped_so_that_one_lucky_find_does_not_rule() -> None:
    examined = np.ones(1_000, dtype=np.bool_)
    propensity = np.full(1_000, 0.5)
    propensity[0] = 1e-9
    weights = weighting.from_propensity("logged", propensity, examined)
    assert weights.of[0] / weights.of[1] == pytest.approx(weighting.MOST_WEIGHT)
    assert weights.of.mean() == pytest.approx(1.0)


def test_an_unlogged_history_has_its_propensity_estimated_and_the_mean_comes_nearer() -> None:
    frame = history(9_000, seed=21, examined=1.0)
    everything = material_of(frame)
    truth = everything.illicit.mean()
    # Officers open what is cheap; whoever learns from that alone believes in more fraud.
    cheap = everything.matrix[:, NAMES.index("price_z_hs6")] < -1.0
    rng = np.random.default_rng(5)
    opened = rng.random(len(cheap)) < np.where(cheap, 0.9, 0.15)
    biased = table.conform(frame).with_columns(
        examined=pl.Series(opened),
        illicit=pl.when(pl.Series(opened)).then("illicit"),
        known_at=pl.when(pl.Series(opened)).then("known_at"),
    )
    material = replace(material_of(biased), matrix=everything.matrix)
    weights = weighting.weigh(material, EFFORT.params)
    seen = material.labelled
    plain = material.illicit[seen].mean()
    told = np.average(material.illicit[seen], weights=weights.of[seen])
    assert weights.form == "estimated"
    assert abs(told - truth) < abs(plain - truth) / 2


def test_a_logged_propensity_is_taken_before_an_estimate() -> None:
    material = material_of(history(2_000, seed=8))
    logged = replace(material, propensity=np.full(len(material.labelled), 0.3))
    assert weighting.weigh(logged, EFFORT.params).form == "logged"


# Kinds of fraud


def test_the_kind_of_fraud_is_learnt_from_finds_and_its_shares_add_up() -> None:
    material = material_of(history(9_000, seed=21, examined=1.0))
    price = np.exp(material.matrix[:, NAMES.index("price_log")])
    modes = np.where(price < np.median(price), "undervaluation", "false_origin")
    material = replace(material, mode=np.where(material.illicit, modes, ""))
    learnt = kinds.learn(material, EFFORT, NAMES)
    assert learnt.kinds.names == ("false_origin", "undervaluation")
    finds = material.illicit & material.last
    said = tempered(
        open_estimator("lightgbm", learnt.text).predict(material.matrix[finds]),
        learnt.kinds.temperature,
    )
    assert np.allclose(said.sum(axis=1), 1.0)
    guessed = np.array(learnt.kinds.names)[said.argmax(axis=1)]
    assert (guessed == modes[finds]).mean() > max(learnt.kinds.rates) + 0.1


def test_without_named_kinds_nothing_is_said_of_them(artefact: Artefact) -> None:
    bare = replace(artefact, card=replace(artefact.card, kinds=kinds.Kinds()), kinds="")
    assert Scorer(bare).kinds(np.zeros(len(NAMES))) == ()


def test_few_finds_of_known_kinds_give_their_rates() -> None:
    material = material_of(history(2_500, seed=9, examined=1.0))
    finds = np.flatnonzero(material.illicit)
    assert len(finds) < 150
    mode = np.full(len(material.illicit), "", dtype="<U20")
    mode[finds], mode[finds[:20]] = "undervaluation", "short_quantity"
    learnt = kinds.learn(replace(material, mode=mode), EFFORT, NAMES)
    assert learnt.text == ""
    assert dict(zip(learnt.kinds.names, learnt.kinds.rates, strict=True)) == {
        "undervaluation": pytest.approx(1.0 - 20 / len(finds)),
        "short_quantity": pytest.approx(20 / len(finds)),
    }


# The frontier


def test_more_weight_of_revenue_brings_revenue_for_hits(artefact: Artefact) -> None:
    mixes = artefact.card.frontier
    assert [mix.weight for mix in mixes] == [step / 10 for step in range(11)]
    found = [{each.name: each.value for each in mix.metrics} for mix in mixes]
    assert found[0]["P@5"] >= found[-1]["P@5"]
    assert found[-1]["V@5"] >= found[0]["V@5"]
    assert found[0]["P@5"] > found[-1]["P@5"] or found[-1]["V@5"] > found[0]["V@5"]


def assert_ranked_by(score: np.ndarray, figure: np.ndarray) -> None:
    """Check that a higher figure has no lower score; equal figures' last bits may differ."""
    assert np.all(np.diff(score[np.argsort(figure, kind="stable")]) >= -1e-9)
    assert len(np.unique(score)) > 50


def test_another_weight_is_sealed_without_training_and_ranks_by_it(artefact: Artefact) -> None:
    hits, revenue = weighed(artefact, 0.0), weighed(artefact, 1.0)
    verify(hits)
    assert hits.model == revenue.model == artefact.model
    assert len({hits.card.id, revenue.card.id, artefact.card.id}) == 3
    assert hits.card.weighed_from == artefact.card.id
    assert weighed(hits, 1.0).card.weighed_from == artefact.card.id
    assert weighed(hits, artefact.card.revenue_weight).card.score_levels == (
        artefact.card.score_levels
    )
    matrix = replay(table.conform(history(600, seed=33)), FOREVER).matrix
    by_hits, by_revenue = Scorer(hits), Scorer(revenue)
    probability, expected, score = by_hits.score_matrix(matrix)
    raw, _ = by_hits.predict(matrix)
    assert_ranked_by(score, raw)
    again, same, other = by_revenue.score_matrix(matrix)
    assert np.array_equal(probability, again) and np.array_equal(expected, same)
    assert_ranked_by(other, expected)
    assert not np.array_equal(score, other)


def test_a_weight_beside_the_frontier_is_refused_with_those_there_are(artefact: Artefact) -> None:
    with pytest.raises(RuleViolation, match=r"0\.1, 0\.2"):
        weighed(artefact, 0.25)


def test_both_forms_of_revenue_are_on_the_card_and_the_better_one_is_kept(
    artefact: Artefact,
) -> None:
    totals: dict[str, float] = {}
    for each in artefact.card.choices:
        if each.name.startswith("V@"):
            totals[each.of] = totals.get(each.of, 0.0) + each.value
    assert set(totals) == {"hurdle", "tweedie"}
    assert artefact.card.revenue_form == max(totals, key=lambda form: totals[form])


# Calibration


def test_isotonic_calibration_takes_a_wrong_scale_right() -> None:
    rng = np.random.default_rng(7)
    true = rng.beta(0.4, 8.0, 120_000)
    found = rng.random(len(true)) < true
    wrong = true**0.5
    first, later = np.arange(len(true)) < 60_000, np.arange(len(true)) >= 60_000
    points = np.array(calibration.fit(wrong[first], found[first]))
    right = np.interp(wrong[later], points[:, 0], points[:, 1])
    assert calibration_error(wrong[later], found[later]) > 0.1
    assert calibration_error(right, found[later]) <= 0.005


def test_weights_calibrate_to_the_goods_and_not_to_the_examined() -> None:
    suspicion, illicit, propensity, examined = biased_border(60_000, 3)
    raw = np.full(len(suspicion), 0.5) + 1e-6 * suspicion
    weights = weighting.from_propensity("logged", propensity, examined).of
    plain = calibration.fit(raw[examined], illicit[examined], least=10**9)
    told = calibration.fit(raw[examined], illicit[examined], weights[examined], least=10**9)
    truth = illicit.mean()
    assert abs(told[0][1] - truth) < abs(plain[0][1] - truth) / 4


def test_the_reliability_table_holds_every_item_once(artefact: Artefact) -> None:
    rows = artefact.card.reliability
    assert len(rows) == calibration.BINS
    assert all(earlier.predicted <= later.predicted for earlier, later in pairwise(rows))


# The glass box


def test_the_glass_box_is_evaluated_as_its_library_does() -> None:
    glass = pytest.importorskip("interpret.glassbox", reason="extra analysis is not installed")
    from clearway.risk.learning.glass_box import written

    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(3_000, 4))
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 3] = rng.integers(0, 3, len(matrix))
    signal = np.nan_to_num(matrix[:, 0]) * np.nan_to_num(matrix[:, 1]) + matrix[:, 3] - 1.5
    label = rng.random(len(matrix)) < 1 / (1 + np.exp(-signal))
    names = ("a", "b", "c", "d")
    learner = glass.ExplainableBoostingClassifier(
        feature_names=list(names),
        feature_types=["continuous"] * 4,
        interactions=3,
        outer_bags=2,
        max_rounds=300,
        max_bins=64,
        max_interaction_bins=8,
        n_jobs=1,
        random_state=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Missing values detected")
        machine = learner.fit(matrix, label)
    strange = np.concatenate([matrix, np.full((1, 4), np.nan), np.full((1, 4), 1e9), -matrix[:50]])
    # Exactly on a bound of a bin, and one step beside it.
    bound = machine.bins_[0][0][3]
    strange[-3:, 0] = bound, np.nextafter(bound, -np.inf), np.nextafter(bound, np.inf)
    text = emit(written(machine, names, range(4)))
    ours = GlassBoxEstimator(text)
    theirs = machine.predict_proba(strange)[:, 1]
    assert np.abs(ours.predict(strange) - theirs).max() < 1e-9
    added = ours.contributions(strange).sum(axis=1) + machine.intercept_[0]
    assert np.abs(added - machine.decision_function(strange)).max() < 1e-9
    assert any(len(each.features) == 2 for each in shapes(text))


BOX = GlassBox(
    ("a", "b"),
    -1.0,
    (
        Term((0,), ((0.0, 1.0),), (0.5, -1.0, 0.0, 2.0)),
        Term((0, 1), ((0.0,), (5.0,)), tuple(float(n) for n in range(9))),
    ),
)


def test_a_glass_box_adds_up_by_hand() -> None:
    ours = GlassBoxEstimator(emit(BOX))
    rows = np.array([[0.5, 9.0], [np.nan, 1.0], [1.0, np.nan]])
    by_hand = np.array([-1.0 + 0.0 + 8.0, -1.0 + 0.5 + 1.0, -1.0 + 2.0 + 6.0])
    assert np.allclose(ours.predict(rows), 1 / (1 + np.exp(-by_hand)), atol=1e-12)
    assert np.allclose(ours.contributions(rows)[0], [0.0 + 4.0, 4.0])


@pytest.mark.parametrize(
    "broken",
    [
        replace(BOX, terms=(Term((7,), ((0.0,),), (0.0, 0.0, 0.0)),)),
        replace(BOX, terms=(Term((0,), ((0.0,),), (0.0, 0.0)),)),
        replace(BOX, terms=(Term((0,), ((1.0, 0.0),), (0.0, 0.0, 0.0, 0.0)),)),
        replace(BOX, terms=(Term((), (), (1.0,)),)),
    ],
)
def test_a_glass_box_whose_terms_do_not_fit_is_refused(broken: GlassBox) -> None:
    with pytest.raises(VerificationError, match="Term 0"):
        GlassBoxEstimator(emit(broken))


@given(st.binary(max_size=300))
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    text = data.decode("latin-1")
    for estimator in ("glass_box", "no_such"):
        with pytest.raises(VerificationError):
            open_estimator(estimator, text)


def test_a_text_that_is_no_tree_is_refused() -> None:
    with pytest.raises(VerificationError, match="LightGBM"):
        open_estimator("lightgbm", "tree\nversion=v9\n")


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained glass box on disk."""
    pytest.importorskip("interpret", reason="extra analysis is not installed")
    made = train(history(3_000, seed=3), seed=7, now=END, kind="glass_box", most_rounds=5)
    return disk.save(made, tmp_path_factory.mktemp("boxed"))


def test_a_glass_box_is_trained_sealed_and_explains_itself(boxed: Path) -> None:
    loaded = disk.load(boxed)
    assert loaded.card.id.startswith("gbx-") and loaded.card.estimator == "glass_box"
    auc = next(m.value for m in loaded.card.metrics if (m.of, m.name) == ("model", "AUC"))
    assert auc > 0.8
    matrix = replay(table.conform(history(300, seed=31)), FOREVER).matrix
    scorer = Scorer(loaded)
    probability, _, score = scorer.score_matrix(matrix)
    assert score.std() > 0.1 and probability.max() > probability.min()
    raw, _ = scorer.predict(matrix)
    box = msgspec.json.decode(loaded.model, type=GlassBox)
    odds = box.intercept + sum(scorer.contributions(matrix[5]))
    assert raw[5] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-12)


def test_an_unknown_kind_of_model_is_refused() -> None:
    with pytest.raises(BadTerm, match="trees or glass_box"):
        kind_of("neural")


# Contributions


def test_contributions_of_trees_add_up_to_the_log_odds(artefact: Artefact) -> None:
    matrix = replay(table.conform(history(50, seed=31)), FOREVER).matrix
    booster = lightgbm.Booster(model_str=artefact.model)
    bias = booster.predict(matrix[:1], pred_contrib=True)[0][-1]
    odds = bias + sum(Scorer(artefact).contributions(matrix[0]))
    assert odds == pytest.approx(booster.predict(matrix[:1], raw_score=True)[0], abs=1e-9)


# The card, and the commands


def test_the_card_as_a_document_has_every_section_and_no_foreign_markup(
    artefact: Artefact,
) -> None:
    card = replace(
        artefact.card, kinds=kinds.Kinds(("under|valued\n<b>",), (1.0,)), engine="lightgbm | 4"
    )
    text = card_markdown.emit(card)
    for name in ("Figures", "Calibration", "Hits against", "Kinds", "Limits", "Fairness", "Seals"):
        assert f"## {name}" in text
    assert "<b>" not in text and "under\\|valued &lt;b>" in text
    assert card_markdown.NO_FAIRNESS in text
    assert "rate by origin" in card_markdown.emit(card, "rate by origin: even")
    for file, digest in card.files:
        assert file in text and digest in text


def test_the_commands_show_and_weigh_a_model(artefact: Artefact, tmp_path: Path) -> None:
    folder = disk.save(artefact, tmp_path)
    run = CliRunner()
    shown = run.invoke(app, ["frontier", str(folder)])
    assert shown.exit_code == 0 and "0.2 *" in shown.output
    card = run.invoke(app, ["card", str(folder), "--json"])
    assert msgspec.json.decode(card.output)["id"] == artefact.card.id
    made = run.invoke(
        app, ["weigh", str(folder), "--revenue-weight", "0.7", "--out", str(tmp_path), "--json"]
    )
    found = msgspec.json.decode(made.output)
    assert found["revenue_weight"] == 0.7 and found["weighed_from"] == artefact.card.id
    assert disk.load(tmp_path / found["id"]).card.revenue_weight == 0.7


def test_the_curves_of_a_glass_box_are_shown_and_those_of_trees_refused(
    boxed: Path, artefact: Artefact, tmp_path: Path
) -> None:
    run = CliRunner()
    shown = run.invoke(app, ["shapes", str(boxed), "--json"])
    ranges = [each["range"] for each in msgspec.json.decode(shown.output)]
    assert ranges == sorted(ranges, reverse=True) and ranges[0] > 0.0
    refused = run.invoke(app, ["shapes", str(disk.save(artefact, tmp_path))])
    assert isinstance(refused.exception, RuleViolation)
