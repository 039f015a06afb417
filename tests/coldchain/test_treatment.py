"""Cold treatment claims against probes: the clock, breaches, gaps, calibration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.model import Reading
from clearway.coldchain.treatment import (
    CITRUS_16_DAYS,
    Protocol,
    evaluate,
    evaluate_probes,
)

TWO_DAYS = Protocol("two days at 1.4", 1.4, timedelta(days=2), start_c=1.0)


def probe(start, hours, celsius, *, first=0):
    return [(start + timedelta(hours=first + h), celsius) for h in range(hours + 1)]


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def test_sixteen_days_below_the_limit_keep_the_citrus_protocol(start):
    verdict = evaluate_probes({"1": probe(start, 16 * 24, 0.8)}, CITRUS_16_DAYS)
    assert verdict.ok
    assert verdict.days_achieved == pytest.approx(16.0)
    assert codes(verdict) == ["CC_TREATMENT_KEPT"]
    assert (verdict.started_at, verdict.ended_at) == (start, start + timedelta(days=16))


def test_an_hour_less_does_not(start):
    verdict = evaluate_probes({"1": probe(start, 16 * 24 - 1, 0.8)}, CITRUS_16_DAYS)
    assert not verdict.ok
    assert codes(verdict) == ["CC_TREATMENT_SHORT"]


def test_the_clock_starts_when_every_probe_is_cold_enough(start):
    slow = probe(start, 23, 1.3) + probe(start, 48, 0.9, first=24)
    verdict = evaluate_probes({"1": probe(start, 72, 0.5), "2": slow}, TWO_DAYS)
    assert verdict.ok
    assert verdict.started_at == start + timedelta(hours=24)
    assert verdict.minutes_over == 0.0


def test_a_breach_starts_the_clock_anew(start):
    shown = probe(start, 24, 0.5) + probe(start, 1, 1.6, first=25) + probe(start, 40, 0.5, first=27)
    verdict = evaluate_probes({"1": shown}, TWO_DAYS)
    assert not verdict.ok
    assert verdict.days_achieved == pytest.approx(40 / 24)
    assert verdict.minutes_over > 0
    assert codes(verdict) == ["CC_TREATMENT_SHORT", "CC_TREATMENT_WARM"]


def test_a_breach_within_the_allowance_only_does_not_count(start):
    lenient = Protocol("lenient", 1.4, timedelta(days=2), over_at_most=timedelta(hours=3))
    shown = probe(start, 24, 0.5) + probe(start, 0, 1.6, first=25) + probe(start, 30, 0.5, first=26)
    verdict = evaluate_probes({"1": shown}, lenient)
    assert verdict.ok
    assert verdict.minutes_over == 120.0


def test_a_gap_proves_nothing(start):
    shown = probe(start, 30, 0.5) + probe(start, 30, 0.5, first=40)
    verdict = evaluate_probes({"1": shown}, TWO_DAYS)
    assert not verdict.ok
    assert verdict.longest_gap == timedelta(hours=10)
    assert codes(verdict) == ["CC_TREATMENT_SHORT", "CC_TREATMENT_GAP"]


def test_one_probe_that_falls_silent_breaks_the_run_of_all(start):
    verdict = evaluate_probes({"1": probe(start, 60, 0.5), "2": probe(start, 20, 0.5)}, TWO_DAYS)
    assert not verdict.ok
    assert verdict.days_achieved < 1.0


def test_calibration_is_taken_off(start):
    shown = [Reading(i, at, pulp_c=c) for i, (at, c) in enumerate(probe(start, 60, 1.5))]
    assert not evaluate(shown, TWO_DAYS).ok
    assert evaluate(shown, TWO_DAYS, offset_c=0.6).ok
    assert not evaluate(shown, TWO_DAYS, offset_c=-0.6).ok


def test_without_probes_there_is_no_proof(start):
    assert not evaluate_probes({}, TWO_DAYS).ok
    assert not evaluate([Reading(1, start, supply_c=0.0)], TWO_DAYS).ok
    empty = evaluate_probes({"1": probe(start, 60, 0.5), "2": []}, TWO_DAYS)
    assert not empty.ok
    assert "CC_TREATMENT_PROBES" in codes(empty)
    few = Protocol("three probes", 1.4, timedelta(days=2), probes_at_least=3)
    assert not evaluate_probes({"1": probe(start, 60, 0.5)}, few).ok


@given(st.randoms(use_true_random=False), st.lists(st.floats(-2, 3), min_size=1, max_size=80))
def test_the_order_in_which_readings_are_given_does_not_matter(start, rng, values):
    shown = [(start + timedelta(hours=i), c) for i, c in enumerate(values)]
    mixed = list(shown)
    rng.shuffle(mixed)
    assert evaluate_probes({"1": shown}, TWO_DAYS) == evaluate_probes({"1": mixed}, TWO_DAYS)


@given(st.lists(st.floats(-2, 3), min_size=60, max_size=80), st.floats(0, 2))
def test_warmer_probes_never_keep_a_protocol_better(start, values, warmer):
    cold = [(start + timedelta(hours=i), c) for i, c in enumerate(values)]
    warm = [(at, c + warmer) for at, c in cold]
    better = evaluate_probes({"1": cold}, TWO_DAYS)
    worse = evaluate_probes({"1": warm}, TWO_DAYS)
    assert worse.days_achieved <= better.days_achieved
