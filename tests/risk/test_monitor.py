"""Drift, fairness, performance and contests: each is right, and can be seen to be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, fisher_exact  # type: ignore[import-untyped]

from clearway.errors import InputError, MalformedMessage, RuleViolation, VerificationError
from clearway.ledger.fact import decode
from clearway.risk import training
from clearway.risk.features import NAMES
from clearway.risk.formats import artefact
from clearway.risk.formats.history import conform
from clearway.risk.intervals import exact, holm, mantel_haenszel, wilson
from clearway.risk.monitor import adwin, contest, fairness, frames, performance, psi, retraining
from clearway.risk.monitor.adwin import Result
from clearway.risk.monitor.contest import Bout, Verdict
from clearway.risk.monitor.retraining import Because, Standing
from tests.risk.world import history

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
END = datetime(2026, 1, 1, tzinfo=UTC)


# Intervals


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_exact_interval_is_that_of_the_beta_distribution(hits: int, more: int) -> None:
    count = hits + more
    got = exact(hits, count)
    low = 0.0 if not hits else float(beta.ppf(0.025, hits, count - hits + 1))
    assert got.low == pytest.approx(low, abs=1e-9)
    assert got.high == pytest.approx(float(beta.ppf(0.975, hits + 1, count - hits)), abs=1e-9)
    assert got.low <= wilson(hits, count).value <= got.high  # type: ignore[operator]


def test_wilson_gives_the_published_example_and_nothing_is_between_0_and_1() -> None:
    # Newcombe, Statistics in Medicine 17:857 (1998), table I: 15 of 148 and 0 of 20.
    assert (round(wilson(15, 148).low, 4), round(wilson(15, 148).high, 4)) == (0.0624, 0.1605)
    assert (wilson(0, 20).low, round(wilson(0, 20).high, 4)) == (0.0, 0.1611)
    assert (wilson(0, 0).value, exact(0, 0).low, exact(0, 0).high) == (None, 0.0, 1.0)


def test_comparing_within_strata_undoes_simpsons_paradox() -> None:
    # Kidney stones, Charig et al., BMJ 292:879 (1986): open surgery is better in both strata.
    ratio = mantel_haenszel(
        np.array([81.0, 192]), np.array([87.0, 263]), np.array([234.0, 55]), np.array([270.0, 80])
    )
    assert 273 / 350 < 289 / 350
    assert ratio.value is not None and ratio.value > 1.0
    assert ratio.low < ratio.value < ratio.high


def test_a_group_without_a_single_hit_is_not_called_unknown() -> None:
    none = mantel_haenszel(np.array([0.0]), np.array([60.0]), np.array([40.0]), np.array([80.0]))
    assert none.value is not None and none.value < 0.05
    assert none.p < 1e-6
    assert none.p == pytest.approx(fisher_exact([[0, 60], [40, 40]])[1], abs=1e-6)
    nobody = mantel_haenszel(np.array([0.0]), np.array([60.0]), np.array([0.0]), np.array([80.0]))
    assert nobody.value is None and nobody.p == 1.0


def test_holm_gives_the_steps_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()


# PSI


def _year(rng: np.random.Generator, rows: int = 6_000) -> tuple[np.ndarray, np.ndarray]:
    days = np.sort(rng.integers(0, 365, rows))
    steady, grows = rng.normal(size=rows), days / 100 + rng.normal(size=rows)
    few = rng.integers(0, 3, rows).astype(float)
    few[rng.random(rows) < 0.1] = np.nan
    return np.column_stack([steady, grows, few]), days


def test_psi_of_two_bins_is_what_the_formula_says() -> None:
    got = psi.index(np.array([0.5, 0.5]), np.array([0.2, 0.8]), 10**9, 10**9)
    by_hand = (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    assert got == pytest.approx(by_hand, rel=1e-6)


def test_what_stays_as_it_was_does_not_drift_and_what_shifts_does() -> None:
    rng = np.random.default_rng(3)
    matrix, days = _year(rng)
    reference = psi.reference_of(matrix, days, ("steady", "grows", "few"))
    same, _ = _year(np.random.default_rng(4), 1_000)
    same[:, 1] = 3.8 + rng.normal(size=len(same))
    assert not any(shift.is_drift for shift in psi.drift(reference, same))
    moved = same + np.array([1.0, 0.0, 0.0])
    moved[: len(moved) // 2, 2] = np.nan
    assert [shift.name for shift in psi.drift(reference, moved) if shift.is_drift] == [
        "steady",
        "few",
    ]


def test_a_count_that_grows_with_history_is_measured_against_its_own_growth() -> None:
    matrix, days = _year(np.random.default_rng(5))
    reference = psi.reference_of(matrix, days, ("steady", "grows", "few"))
    usual = {bins.name: bins.usual for bins in reference.columns}
    assert usual["grows"] > 3 * max(usual["steady"], usual["few"])
    later = matrix[days > 330].copy()
    later[:, 1] += 0.5  # fifty days of usual growth
    assert not psi.drift(reference, later)[1].is_drift
    later[:, 1] += 4.0
    assert psi.drift(reference, later)[1].is_drift


@given(st.integers(0, 2**32 - 1))
@pytest.mark.filterwarnings("error")
def test_psi_is_finite_and_not_below_zero_for_any_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.choice([np.nan, 0.0, 1.0, 5.0, -3.0], (400, 3), p=rng.dirichlet(np.ones(5)))
    rows[:, 2] = np.nan
    reference = psi.reference_of(rows, np.arange(400), ("a", "b", "c"))
    for shift in psi.drift(reference, rng.permutation(rows)[:250] * 2):
        assert np.isfinite(shift.psi) and shift.psi >= 0.0


def test_too_few_rows_give_no_figure_and_other_columns_are_refused() -> None:
    matrix, days = _year(np.random.default_rng(6))
    reference = psi.reference_of(matrix, days, ("a", "b", "c"))
    assert psi.drift(reference, matrix[:50]) == ()
    with pytest.raises(RuleViolation, match="3 columns"):
        psi.drift(reference, matrix[:, :2])
    with pytest.raises(RuleViolation, match="too few"):
        psi.reference_of(matrix[:20], days[:20], ("a", "b", "c"))


# ADWIN


def _results(rates: list[tuple[int, float]], seed: int, stratum: str = "score") -> list[Result]:
    rng = np.random.default_rng(seed)
    hits = np.concatenate([rng.random(count) < rate for count, rate in rates])
    return [Result(BEGIN + timedelta(hours=n), stratum, bool(hit)) for n, hit in enumerate(hits)]


def test_a_hit_rate_that_falls_is_noticed_and_a_steady_one_is_not() -> None:
    fell = adwin.cuts(_results([(1_000, 0.4), (1_000, 0.15)], 1))
    assert len(fell) == 1 and fell[0].is_fall
    late = (fell[0].at - BEGIN) / timedelta(hours=1) - 1_000
    assert 0 < late < 300
    steady = [adwin.cuts(_results([(3_000, 0.3)], seed)) for seed in range(30)]
    assert sum(map(len, steady)) <= 1


def test_strata_are_watched_apart() -> None:
    """More of a stratum with a low rate is no change of a rate; pooled it would look like one."""
    rng = np.random.default_rng(2)
    mixed = [
        Result(
            BEGIN + timedelta(hours=n),
            stratum := ("random" if rng.random() < (0.1 if n < 1_500 else 0.9) else "score"),
            bool(rng.random() < {"random": 0.04, "score": 0.5}[stratum]),
        )
        for n in range(3_000)
    ]
    assert adwin.cuts(mixed) == ()
    pooled = [Result(one.known_at, "all", one.is_hit) for one in mixed]
    assert adwin.cuts(pooled) != ()


def test_results_out_of_order_and_impossible_deltas_are_refused() -> None:
    two = _results([(2, 0.5)], 1)
    with pytest.raises(RuleViolation, match="order"):
        adwin.cuts(two[::-1])
    with pytest.raises(RuleViolation, match="between 0 and 1"):
        adwin.cuts(two, delta=1.0)


# Performance


def selections(rows: int = 6_000, *, seed: int = 0, prejudice: float = 0.0) -> pl.DataFrame:
    """Return a year of selections by a score that is right, or with a prejudice against `XA`."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.random(rows) * 84)
    risk = rng.beta(0.6, 8.0, rows)
    origin = rng.choice(["XA", "XB", "XC", "XD", "XE"], rows, p=[0.15, 0.25, 0.3, 0.2, 0.1])
    score = np.argsort(np.argsort(risk)) / rows
    picked = (score > 0.9) | ((origin == "XA") & (rng.random(rows) < prejudice))
    drawn = rng.random(rows) < 0.04
    red = picked | drawn
    late = rng.exponential(4.0, rows)
    found = rng.random(rows) < risk
    known = red & (days + late < 84)
    at = [BEGIN + timedelta(days=float(day)) for day in days]
    return frames.conform(
        pl.DataFrame(
            {
                "mrn": [f"M{n}" for n in range(rows)],
                "office": np.where(rng.random(rows) < 0.6, "O1", "O2"),
                "accepted_at": at,
                "known_at": [
                    a + timedelta(days=float(d)) if k else None
                    for a, d, k in zip(at, late, known, strict=True)
                ],
                "importer": [f"I{n}" for n in rng.integers(0, 400, rows)],
                "declarant": [f"B{n}" for n in rng.integers(0, 15, rows)],
                "origin": origin,
                "channel": np.where(red, "red", "green"),
                "stratum": np.where(picked, "score", np.where(drawn, "random", "none")),
                "propensity": np.where(
                    score > 0.9, 1.0, np.where(origin == "XA", prejudice, 0.0) * 0.96 + 0.04
                ),
                "score": score,
                "probability": risk,
                "model": ["m"] * rows,
                "resulted": known,
                "found": [bool(f) if k else None for f, k in zip(found, known, strict=True)],
                "revenue": np.where(known & found, rng.exponential(900.0, rows), 0.0),
                "hours": np.where(known, 1.5, np.nan),
            }
        )
    )


def test_weeks_count_what_is_there() -> None:
    frame = selections()
    weeks = performance.weekly(frame)
    assert len(weeks) == 12
    assert sum(week.declarations for week in weeks) == len(frame)
    assert sum(week.selected for week in weeks) == int((frame["channel"] == "red").sum())
    assert sum(week.hits.count for week in weeks) == int(frame["resulted"].sum())
    assert sum(week.revenue for week in weeks) == pytest.approx(frame["revenue"].sum())
    assert all(week.hits.low <= (week.hits.value or 0) <= week.hits.high for week in weeks)
    assert {week.group for week in performance.weekly(frame, "office")} == {"O1", "O2"}
    with pytest.raises(InputError, match="no group"):
        performance.weekly(frame, "importer")


def test_the_whole_period_is_told_as_one() -> None:
    frame = selections()
    (every,) = performance.overall(frame)
    weeks = performance.weekly(frame)
    assert every.week == weeks[0].week
    assert every.declarations == len(frame)
    assert every.hits.hits == sum(week.hits.hits for week in weeks)
    assert every.revenue == pytest.approx(sum(week.revenue for week in weeks))
    assert [each.group for each in performance.overall(frame, "office")] == ["O1", "O2"]
    told, parts = performance.overall_whole(frame), performance.whole(frame)
    assert told is not None
    assert told.week == weeks[0].week
    assert told.illicit.value == pytest.approx(sum(one.illicit.value for one in parts), rel=0.3)
    width = told.illicit.high - told.illicit.low
    assert width < sum(one.illicit.high - one.illicit.low for one in parts)
    assert performance.overall_whole(frame.filter(~pl.col("resulted"))) is None


def test_the_newest_week_says_that_results_are_awaited() -> None:
    weeks = performance.weekly(selections())
    assert weeks[-1].awaited > weeks[0].awaited


def test_recall_is_estimated_for_what_nobody_saw() -> None:
    """Over many histories the mean estimate of all cases hits the truth; the naive one does not."""
    estimates, naive, truths = [], [], []
    for seed in range(12):
        frame = selections(4_000, seed=seed)
        estimates.append(sum(week.illicit.value for week in performance.whole(frame)))
        seen = frame.filter("resulted")
        naive.append(float(seen["found"].mean() or 0.0) * len(frame))
        truths.append(float(frame["probability"].sum()))
    assert np.mean(estimates) == pytest.approx(np.mean(truths), rel=0.15)
    assert np.mean(naive) > 1.5 * np.mean(truths)


def test_calibration_is_good_for_true_probabilities_and_bad_for_doubled_ones() -> None:
    frame = selections(12_000)
    true = performance.calibration(frame)
    doubled = performance.calibration(
        frame.with_columns((pl.col("probability") * 2).clip(0.0, 1.0))
    )
    assert np.mean([week.error for week in true]) < np.mean([week.error for week in doubled])


def test_delays_do_not_take_what_is_awaited_for_never() -> None:
    """Delays are exponential of 4 days: half are known after 2.8, though many are still awaited."""
    curve = performance.delays(selections(20_000))
    half = next(point.days for point in curve if point.known >= 0.5)
    assert half == pytest.approx(4.0 * np.log(2), rel=0.25)
    assert [point.known for point in curve] == sorted(point.known for point in curve)
    assert performance.delays(selections(0)) == ()


def test_a_declaration_bears_the_outcome_of_the_item_that_brought_most() -> None:
    two = pl.concat([history(1, seed=3).head(1)] * 2).with_columns(
        item=pl.Series([1, 2]),
        examined=pl.lit(True),
        illicit=pl.Series([False, True]),
        extra_revenue=pl.Series([None, 80.0]),
        outcome=pl.Series(["nothing", "full"]),
    )
    (row,) = frames.of_history(conform(two)).to_dicts()
    assert (row["found"], row["outcome"], row["revenue"]) == (True, "full", 80.0)
    with pytest.raises(MalformedMessage, match="mrn"):
        frames.conform(two.drop("mrn"))


# Fairness


def test_a_rule_that_picks_by_origin_is_flagged_and_only_that_origin() -> None:
    report = fairness.report(selections(12_000, prejudice=0.2))
    assert report.flags == (("origin", "XA"),)
    first = report.groups["origin"][0]
    assert first.adjusted.low > 1.0 and first.outcome.high < 1.0
    assert report.is_adjusted and any("no proof" in text for text in report.limits)


def test_an_honest_score_is_not_flagged() -> None:
    flagged = [fairness.report(selections(6_000, seed=seed)).flags for seed in range(25)]
    assert sum(map(bool, flagged)) <= 1


def test_an_origin_that_is_riskier_by_the_score_is_not_held_against_the_score() -> None:
    frame = selections(12_000)
    riskier = frame.with_columns(
        pl.when((pl.col("score") > 0.85) & (pl.col("mrn").hash(1) % 3 == 0))
        .then(pl.lit("XR"))
        .otherwise("origin")
        .alias("origin")
    )
    (found,) = [one for one in fairness.report(riskier).groups["origin"] if one.name == "XR"]
    assert found.raw.low > 3.0
    assert found.adjusted.value is not None and found.adjusted.value < 1.3
    assert not found.is_flagged


def test_the_law_and_the_draw_are_not_judged() -> None:
    frame = selections(12_000)
    by_law = frame.with_columns(
        pl.when(pl.col("origin") == "XB").then(pl.lit("mandatory")).otherwise("stratum")
        .alias("stratum"),
        pl.when(pl.col("origin") == "XB").then(pl.lit("red")).otherwise("channel").alias("channel"),
    )  # fmt: skip
    names = {one.name for one in fairness.report(by_law).groups["origin"]}
    assert "XB" not in names


def test_small_groups_are_not_judged_and_wrong_dimensions_are_refused() -> None:
    frame = selections(2_000)
    report = fairness.report(frame, ("origin",), least=10_000)
    assert report.groups == {"origin": ()}
    with pytest.raises(InputError, match="religion"):
        fairness.report(frame, ("religion",))
    with pytest.raises(InputError, match="no declaration"):
        fairness.report(frame.clear())


# Contest


def _bout(better: float, seed: int = 0, rows: int = 8_000, *, noise: float = 0.08) -> Bout:
    rng = np.random.default_rng(seed)
    risk = rng.beta(0.5, 8.0, rows)
    champion = risk + rng.normal(0, noise, rows)
    challenger = risk + rng.normal(0, noise - better, rows)
    propensity = np.where(champion >= np.quantile(champion, 0.93), 0.95, 0.06)
    resulted = rng.random(rows) < propensity
    found = (rng.random(rows) < risk).astype(float)
    return Bout(
        champion, challenger, propensity, resulted, found, rng.integers(0, 900, rows), rows // 14
    )


def test_a_better_challenger_wins_and_a_worse_one_loses() -> None:
    looks = [
        contest.judge(_bout(0.2, seed, 40_000, noise=0.2), look=1, seed=1) for seed in range(3)
    ]
    assert {one.verdict for one in looks} == {Verdict.BETTER}
    worse = [contest.judge(_bout(-0.25, seed, 40_000), look=1, seed=1) for seed in range(3)]
    assert {one.verdict for one in worse} == {Verdict.WORSE}


def test_an_equal_challenger_is_seldom_promoted_though_one_looks_again_and_again() -> None:
    """The champion chose what was opened: without weights it would always look the better."""
    wrong = 0
    for seed in range(20):
        looks = [
            contest.judge(_bout(0.0, 100 * seed + look), look=look, seed=seed)
            for look in range(1, 4)
        ]
        wrong += any(one.verdict is not Verdict.OPEN for one in looks)
    assert wrong <= 2


def test_a_count_without_weights_would_favour_whoever_chose() -> None:
    """The champion opened what it liked; the challenger's likings were mostly left closed."""
    bout = _bout(0.2, 7, 60_000, noise=0.2)
    fair = contest.judge(bout, look=1, seed=1)
    blind = replace(bout, propensity=np.full(len(bout.propensity), np.nan))
    assert fair.gain > 0.0 > contest.judge(blind, look=1, seed=1).gain


def test_few_results_decide_nothing_and_each_look_costs() -> None:
    thin = contest.judge(_bout(0.08, 1, 300), look=1, seed=1)
    assert thin.verdict is Verdict.OPEN
    levels = [contest.judge(_bout(0.0, 1, 300), look=n, seed=1).level for n in (1, 2, 3)]
    assert levels == pytest.approx([0.025, 0.05 / 6, 0.05 / 12])
    with pytest.raises(RuleViolation, match="look"):
        contest.judge(_bout(0.0, 1, 300), look=0, seed=1)


# When to train


def test_training_is_due_on_schedule_on_drift_and_not_at_once_after_a_failure() -> None:
    now, day = BEGIN, timedelta(days=1)
    assert retraining.due(now, 90, Standing()) is Because.FIRST
    assert retraining.due(now, 0, Standing()) is None
    trained = Standing(trained_at=now - 30 * day)
    assert retraining.due(now, 90, trained) is None
    assert retraining.due(now, 30, trained) is Because.SCHEDULE
    drifted = Standing(trained_at=now - 30 * day, drift_at=now - day)
    assert retraining.due(now, 90, drifted) is Because.DRIFT
    assert retraining.due(now, 0, drifted) is Because.DRIFT
    old = Standing(trained_at=now - 30 * day, drift_at=now - 40 * day)
    assert retraining.due(now, 90, old) is None
    fresh = Standing(trained_at=now - 3 * day, drift_at=now - day)
    assert retraining.due(now, 90, fresh) is None
    for failures, waits in ((1, 1), (2, 2), (3, 4), (9, 8)):
        failed = Standing(failed_at=now - waits * day, failures=failures)
        assert retraining.due(now, 90, failed) is Because.FIRST
        failed = Standing(failed_at=now - waits * day + day / 24, failures=failures)
        assert retraining.due(now, 90, failed) is None


# Sealed with the model


def test_the_reference_is_sealed_with_the_model_and_a_changed_one_is_refused(
    tmp_path: Path,
) -> None:
    frame = history(3_000, seed=2)
    made = training.train(frame, seed=1, now=END, most_rounds=20)
    kept = decode(made.reference.encode(), psi.Reference)
    assert [bins.name for bins in kept.columns] == list(NAMES)
    folder = artefact.save(made, tmp_path)
    assert artefact.load(folder).reference == made.reference
    file = folder / "reference.json"
    file.write_text(file.read_text().replace('"usual":0.', '"usual":9.', 1))
    with pytest.raises(VerificationError, match=r"reference\.json"):
        artefact.load(folder)


def test_a_model_of_a_history_without_any_revenue_can_be_read_back(tmp_path: Path) -> None:
    bare = history(3_000, seed=2).with_columns(pl.lit(0.0).alias("extra_revenue"))
    made = training.train(bare, seed=1, now=END, most_rounds=20)
    assert artefact.load(artefact.save(made, tmp_path)).card == made.card
