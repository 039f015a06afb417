"""Estimates from propensities against the truth: of drawn worlds, and of the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from clearway.errors import RuleViolation
from clearway.risk.exploration import curiosity
from clearway.risk.model import Capacity, Channel, Day, Stratum
from clearway.risk.offpolicy import (
    Estimate,
    Figures,
    Flags,
    Floats,
    Log,
    Method,
    coverage,
    naive_illicit,
    naive_precision,
    of_candidate,
    of_policy,
    recommended,
    total,
)
from clearway.risk.selection import choose
from clearway.simulator.years import years


@dataclass(frozen=True, slots=True)
class World:
    """Declarations whose truth is known, with the scores of the ruling and of a rival policy."""

    illicit: Floats
    probability: Floats
    score: Floats
    rival: Flags
    day: np.ndarray


def holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low - 1e-9 <= truth <= estimate.high + 1e-9


def drawn_world(rng: np.random.Generator, size: int = 8_000) -> World:
    """Return a world whose model is good for half of the fraud and blind to the other half."""
    known, unknown = rng.beta(0.3, 8.0, size), rng.beta(0.3, 8.0, size)
    illicit = (rng.random(size) < known) | (rng.random(size) < unknown)
    score = np.argsort(np.argsort(known)) / size
    rival = unknown >= np.quantile(unknown, 0.95)
    return World(illicit.astype(float), np.clip(known * 1.5, 0, 1), score, rival, np.zeros(size))


def by_propensity(world: World, rng: np.random.Generator) -> Log:
    """Return a policy's log: 4 % certain by score, all others drawn with odds of 1 to 6 %."""
    odds = np.where(world.score >= 0.96, 1.0, 0.01 + 0.05 * world.score)
    selected = rng.random(len(odds)) < odds
    found = np.where(selected, world.illicit, np.nan)
    return Log(odds, selected, selected, found, world.probability)


@pytest.mark.parametrize("method", list(Method))
def test_estimates_are_unbiased_and_their_intervals_hold_what_they_say(method: Method) -> None:
    rng = np.random.default_rng(20)
    world = drawn_world(rng)
    truth = world.illicit.sum()
    rivals = world.illicit[world.rival].sum()
    kept: list[tuple[Figures, float]] = []
    for _ in range(250):
        log = by_propensity(world, rng)
        figures = of_candidate(log, world.rival, method)
        policy = of_policy(log, method)
        caught = world.illicit[log.selected].sum() / truth
        kept.append((replace(figures, illicit=policy.illicit), policy.recall.value - caught))
        assert holds(policy.precision, world.illicit[log.selected].mean())
    totals = np.array([each.illicit.value for each, _ in kept])
    assert abs(totals.mean() - truth) < 4 * totals.std() / 250**0.5 + 0.01 * truth
    shares = np.array([each.precision.value for each, _ in kept])
    assert abs(shares.mean() - rivals / world.rival.sum()) < 4 * shares.std() / 250**0.5 + 0.002
    for name, right in (
        ("illicit", truth),
        ("precision", rivals / world.rival.sum()),
        ("recall", rivals / truth),
    ):
        held = np.mean([holds(getattr(each, name), right) for each, _ in kept])
        assert held >= 0.95, (method, name, held)


def test_the_method_to_read_first_needs_a_model_only_where_there_is_one() -> None:
    assert recommended(is_scored=True) is Method.DOUBLY_ROBUST
    assert recommended(is_scored=False) is Method.STRATIFIED


def test_the_naive_estimate_is_biased_where_the_others_are_not() -> None:
    rng = np.random.default_rng(21)
    world = drawn_world(rng)
    truth = world.illicit.sum()
    rate = world.illicit[world.rival].mean()
    logs = [by_propensity(world, rng) for _ in range(50)]
    naive = np.array([naive_illicit(log) for log in logs])
    assert naive.mean() - truth > 20 * naive.std() / 50**0.5
    best = replace(world, rival=world.score > 0.9)
    shares = np.array([naive_precision(log, best.rival) for log in logs])
    right = world.illicit[best.rival].mean()
    assert abs(shares.mean() - right) > 10 * shares.std() / 50**0.5
    honest = [of_candidate(log, best.rival, Method.HORVITZ_THOMPSON) for log in logs]
    means = np.array([each.precision.value for each in honest])
    assert abs(means.mean() - right) < 4 * means.std() / 50**0.5
    assert rate > 0.0


def test_a_model_that_is_wrong_leaves_the_doubly_robust_estimate_unbiased() -> None:
    rng = np.random.default_rng(22)
    world = drawn_world(rng)
    wrong = replace(world, probability=np.full(len(world.score), 0.3))
    everything = np.ones(len(world.score), dtype=bool)
    values = np.array(
        [
            total(by_propensity(wrong, rng), everything, Method.DOUBLY_ROBUST).value
            for _ in range(200)
        ]
    )
    assert abs(values.mean() - world.illicit.sum()) < 4 * values.std() / 200**0.5


def test_propensities_that_are_not_the_policys_give_wrong_estimates_or_none() -> None:
    rng = np.random.default_rng(23)
    world = drawn_world(rng)
    log = by_propensity(world, rng)
    everything = np.ones(len(world.score), dtype=bool)
    lied = replace(log, propensity=np.where(log.propensity < 1.0, 0.5, 1.0))
    assert not holds(total(lied, everything, Method.HORVITZ_THOMPSON), world.illicit.sum())
    with pytest.raises(RuleViolation, match="propensity is 0"):
        replace(log, propensity=np.zeros(len(world.score)))


def test_what_could_not_be_examined_is_in_no_estimate_and_counted() -> None:
    log = Log(
        propensity=np.array([1.0, 0.5, 0.0, 0.5]),
        selected=np.array([True, True, False, False]),
        resulted=np.array([True, False, False, False]),
        found=np.array([1.0, 0.0, 0.0, 0.0]),
        probability=np.array([0.9, 0.2, 0.9, 0.1]),
    )
    found = coverage(log)
    assert (found.certain, found.drawn, found.uncovered, found.awaited) == (1, 2, 1, 1)
    blind = np.array([False, False, True, False])
    with pytest.raises(RuleViolation, match="could be examined"):
        of_candidate(log, blind, Method.HAJEK)


def test_results_still_awaited_are_taken_to_be_like_those_that_came() -> None:
    rng = np.random.default_rng(24)
    world = drawn_world(rng)
    everything = np.ones(len(world.score), dtype=bool)
    values = []
    for _ in range(100):
        log = by_propensity(world, rng)
        came = log.selected & (rng.random(len(log.selected)) < 0.6)
        late = replace(log, resulted=came)
        values.append(total(late, everything, Method.HORVITZ_THOMPSON).value)
    assert abs(np.mean(values) - world.illicit.sum()) < 4 * np.std(values) / 10


@pytest.mark.parametrize("method", list(Method))
def test_a_log_without_a_single_result_says_that_nothing_is_known(method: Method) -> None:
    size = 50
    nothing = np.zeros(size, dtype=bool)
    log = Log(np.full(size, 0.1), nothing, nothing, np.zeros(size), np.full(size, 0.2))
    figures = of_policy(log, method)
    assert figures.precision == Estimate(0.0, 0.0, 1.0)
    assert figures.illicit.low <= 10.0 <= figures.illicit.high


# The simulator's truth, under the policy that the house runs


@pytest.fixture(scope="module")
def simulated() -> World:
    """Four months of a border: a score that knows traders, a rival that looks at the value."""
    past = years(0, rows=5_000, begin=date(2025, 10, 15), end=date(2026, 1, 1))
    rng = np.random.default_rng(5)
    rows = past.truth.select("mrn", "mode", "propensity").with_columns(
        day=past.frame["accepted_at"].dt.date(), value=past.frame["value"]
    )
    each = rows.group_by("mrn", maintain_order=True).agg(
        pl.col("mode").ne("").any().cast(pl.Float64).alias("illicit"),
        pl.col("propensity").max(),
        pl.col("value").sum(),
        pl.col("day").first(),
    )
    noisy = each["propensity"].to_numpy() * np.exp(rng.normal(0.0, 0.7, each.height))
    score = np.argsort(np.argsort(noisy)) / each.height
    value = each["value"].to_numpy()
    return World(
        each["illicit"].to_numpy(),
        np.clip(each["propensity"].to_numpy(), 0.0, 1.0),
        score,
        value >= np.quantile(value, 0.8),
        each["day"].rank("dense").to_numpy(),
    )


def run_house(world: World, rng: np.random.Generator) -> tuple[Log, list[Stratum]]:
    """Return what `choose` logs over all days, with the truth for what it sent to red."""
    capacity = Capacity(red=6, random_share=0.03, usual_arrivals=40, explore_share=0.1)
    odds, selected, strata = [], [], []
    for today in np.unique(world.day):
        rows = np.flatnonzero(world.day == today)
        day = Day(usual_arrivals=40.0, usual_curiosity=0.2)
        for place, row in enumerate(rows):
            choice = choose(
                float(world.score[row]),
                [],
                day,
                capacity,
                passed=place / len(rows),
                draw=float(rng.random()),
                curiosity=curiosity(float(world.probability[row]), 3.0, 20_000.0),
            )
            red = choice.channel is Channel.RED
            day = replace(
                day,
                arrivals=day.arrivals + 1,
                red=day.red + red,
                explored=day.explored + (choice.stratum is Stratum.EXPLORED),
            )
            odds.append(choice.propensity)
            selected.append(red)
            strata.append(choice.stratum)
        assert day.red <= capacity.red
    chosen = np.array(selected)
    found = np.where(chosen, world.illicit, np.nan)
    return Log(np.array(odds), chosen, chosen, found, world.probability), strata


def test_the_houses_own_log_tells_the_simulators_truth(simulated: World) -> None:
    rng = np.random.default_rng(6)
    truth = simulated.illicit
    misses: dict[str, list[float]] = {"naive": []}
    held: dict[str, list[bool]] = {}
    uncovered = []
    for _ in range(40):
        log, _ = run_house(simulated, rng)
        covered = log.propensity > 0.0
        uncovered.append(1.0 - covered.mean())
        right = truth[covered].sum()
        caught = truth[log.selected].sum() / right
        rival = simulated.rival & covered
        misses["naive"].append(naive_illicit(log) / right - 1.0)
        for method in Method:
            policy, other = of_policy(log, method), of_candidate(log, simulated.rival, method)
            misses.setdefault(method, []).append(policy.illicit.value / right - 1.0)
            held.setdefault(f"recall {method}", []).append(holds(policy.recall, caught))
            share = truth[rival].sum() / rival.sum()
            held.setdefault(f"rival {method}", []).append(holds(other.precision, share))
    assert np.mean(uncovered) < 0.02
    for name, each in held.items():
        assert np.mean(each) >= 0.9, (name, np.mean(each))
    for method in Method:
        error = np.array(misses[method])
        assert abs(error.mean()) < 4 * error.std() / 40**0.5 + 0.02, (method, error.mean())
    naive = np.array(misses["naive"])
    assert naive.mean() > 1.0  # twice and more of what is there


def test_each_stratum_comes_as_often_as_its_inclusion_says(simulated: World) -> None:
    """The random stratum's frequency equals its propensity, also late on days that fill up."""
    rng = np.random.default_rng(8)
    capacity = Capacity(red=6, random_share=0.03, usual_arrivals=40, explore_share=0.3)
    expected = dict.fromkeys((Stratum.RANDOM, Stratum.EXPLORED, Stratum.SCORE), 0.0)
    happened = dict.fromkeys(expected, 0)
    variance = dict.fromkeys(expected, 0.0)
    lost = 0
    size = 0
    for _ in range(400):
        day = Day(usual_arrivals=40.0, usual_curiosity=0.2)
        for place in range(60):  # more than usual: the day fills up
            choice = choose(
                float(rng.random()), [], day, capacity,
                passed=place / 60, draw=float(rng.random()), curiosity=float(rng.random()) * 0.4,
            )  # fmt: skip
            included = {
                Stratum.RANDOM: choice.inclusion.random,
                Stratum.EXPLORED: choice.inclusion.explored,
                Stratum.SCORE: choice.inclusion.score,
            }
            for stratum, odds in included.items():
                expected[stratum] += odds
                variance[stratum] += odds * (1.0 - odds)
                happened[stratum] += choice.stratum is stratum
            assert choice.propensity == pytest.approx(sum(included.values()))
            lost += choice.inclusion.random == 0.0
            size += 1
            red = choice.channel is Channel.RED
            day = replace(
                day,
                arrivals=day.arrivals + 1,
                red=day.red + red,
                explored=day.explored + (choice.stratum is Stratum.EXPLORED),
            )
    for stratum in expected:
        gap = abs(happened[stratum] - expected[stratum])
        assert gap < 4 * variance[stratum] ** 0.5 + 1e-9, stratum
    assert lost / size < 0.1


def test_without_places_kept_the_draw_would_come_too_late() -> None:
    """Negative control: if scores may take the last place, many an evening cannot be drawn."""

    def lost(share_kept: Callable[[int], int]) -> float:
        rng = np.random.default_rng(9)
        missing = 0
        for _ in range(100):
            red = 0
            for place in range(60):
                left = 4 - red
                missing += left < 1
                by_score = rng.random() > 0.9 and left - share_kept(60 - place) >= 1
                red += left >= 1 and (by_score or rng.random() < 0.02)
        return missing / 6_000

    assert lost(lambda coming: 0) > 2 * lost(lambda coming: 2 if coming > 3 else 0)
