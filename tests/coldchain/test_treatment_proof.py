"""Whether a treatment is proved: every probe, calibration, gaps, log interval, restart rules."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.model import Reading, warmest
from clearway.coldchain.treatment import Limit, Protocol, Restart, evaluate_probes, probes_of
from clearway.coldchain.treatment_proof import MOST_SPANS, Outcome, verify

THREE = Protocol(
    "two days at 1.4, three probes",
    1.4,
    timedelta(days=2),
    start_c=1.0,
    probes_at_least=3,
    log_at_most=timedelta(hours=1),
    calibration_tolerance_c=0.3,
)
CALIBRATED = {"USDA1": 0.0, "USDA2": 0.1, "USDA3": -0.1}


def logged(start, rows, minutes=60):
    """Readings of one device; a row is the list of what its probes showed, None for silence."""
    return [
        Reading(
            i,
            start + timedelta(minutes=minutes * i),
            pulp_c=warmest(row),
            probes_c=tuple(row),
        )
        for i, row in enumerate(rows)
        if row is not None
    ]


def codes(proof):
    return [reason.code for reason in proof.reasons]


def test_three_calibrated_probes_that_stay_cold_pass(start):
    proof = verify(logged(start, [[0.5, 0.6, 0.4]] * 60), THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.PASS
    assert codes(proof) == ["CC_TREATMENT_KEPT"]
    assert [probe.name for probe in proof.probes] == ["USDA1", "USDA2", "USDA3"]
    assert proof.probes[1].warmest_c == pytest.approx(0.5)
    assert all(probe.breaches == probe.gaps == () for probe in proof.probes)


def test_one_warm_probe_fails_though_the_others_stay_cold(start):
    rows = [[0.5, 0.6, 0.4]] * 30 + [[0.5, 2.6, 0.4]] * 3 + [[0.5, 0.6, 0.4]] * 30
    proof = verify(logged(start, rows), THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.FAIL
    assert "CC_TREATMENT_WARM" in codes(proof)
    (breach,) = proof.probes[1].breaches
    assert breach.since == start + timedelta(hours=30)
    assert breach.until == start + timedelta(hours=33)
    assert breach.high_c == pytest.approx(2.5)
    assert proof.probes[0].breaches == ()


def test_two_probes_of_three_prove_nothing(start):
    proof = verify(logged(start, [[0.5, None, 0.4]] * 60), THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert codes(proof)[0] == "CC_TREATMENT_PROBES"


def test_two_warm_probes_of_three_fail_all_the_same(start):
    proof = verify(logged(start, [[5.0, None, 5.0]] * 60), THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.FAIL


def test_a_probe_out_of_tolerance_is_no_proof(start):
    readings = logged(start, [[0.5, 0.6, 0.4]] * 60)
    proof = verify(readings, THREE, offsets_c=CALIBRATED | {"USDA3": 0.4})
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert "CC_TREATMENT_CALIBRATION" in codes(proof)
    assert [probe.is_proof for probe in proof.probes] == [True, True, False]
    edge = verify(readings, THREE, offsets_c=CALIBRATED | {"USDA3": -0.3})
    assert edge.outcome is Outcome.PASS


def test_calibration_is_taken_off_each_probe(start):
    readings = logged(start, [[1.5, 0.6, 0.4]] * 60)
    warm = verify(readings, THREE, offsets_c=CALIBRATED)
    assert warm.outcome is Outcome.FAIL
    lenient = replace(THREE, start_c=None)
    put_right = verify(readings, lenient, offsets_c=CALIBRATED | {"USDA1": 0.2})
    assert put_right.outcome is Outcome.PASS


def test_without_a_record_of_the_calibration_only_what_holds_at_worst_passes(start):
    safe = verify(logged(start, [[0.5, 0.5, 0.5]] * 60), THREE)
    assert safe.outcome is Outcome.PASS
    near = verify(logged(start, [[0.9, 0.9, 0.9]] * 60), THREE)
    assert near.outcome is Outcome.NOT_PROVABLE
    assert "CC_TREATMENT_UNCALIBRATED" in codes(near)
    just_warm = verify(logged(start, [[1.2, 1.2, 1.2]] * 60), THREE)
    assert just_warm.outcome is Outcome.NOT_PROVABLE  # they may all show 0.3 too much
    warm = verify(logged(start, [[1.4, 1.4, 1.4]] * 60), THREE)
    assert warm.outcome is Outcome.FAIL


def test_a_probe_missing_in_the_record_is_as_good_as_not_calibrated(start):
    readings = logged(start, [[0.5, 0.5, 0.9]] * 60)
    proof = verify(readings, THREE, offsets_c={"USDA1": 0.0, "USDA2": 0.0})
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert proof.probes[2].offset_c is None
    assert verify(readings, THREE, offsets_c={}).outcome is Outcome.PASS


def test_a_log_that_is_too_coarse_is_no_proof(start):
    readings = logged(start, [[0.5, 0.6, 0.4]] * 40, minutes=90)
    proof = verify(readings, THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert codes(proof).count("CC_TREATMENT_INTERVAL") == 3
    assert verify(logged(start, [[0.5, 0.6, 0.4]] * 60, minutes=62), THREE).outcome is Outcome.PASS


def test_a_gap_of_one_probe_is_not_provable_and_told(start):
    rows = [[0.5, 0.6, 0.4]] * 30 + [[0.5, None, 0.4]] * 5 + [[0.5, 0.6, 0.4]] * 30
    proof = verify(logged(start, rows), THREE, offsets_c=CALIBRATED)
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert "CC_TREATMENT_GAP" in codes(proof)
    (gap,) = proof.probes[1].gaps
    assert gap.until - gap.since == timedelta(hours=6)


def test_too_short_a_log_is_not_provable_but_fails_when_nothing_else_was_claimed(start):
    readings = logged(start, [[0.5, 0.6, 0.4]] * 30)
    assert verify(readings, THREE, offsets_c=CALIBRATED).outcome is Outcome.NOT_PROVABLE
    claimed = timedelta(days=3)
    unseen = verify(readings, THREE, offsets_c=CALIBRATED, claimed=claimed)
    assert unseen.outcome is Outcome.NOT_PROVABLE
    whole = verify(readings, THREE, offsets_c=CALIBRATED, claimed=timedelta(hours=30))
    assert whole.outcome is Outcome.FAIL


def test_no_readings_are_not_provable():
    proof = verify([], THREE)
    assert proof.outcome is Outcome.NOT_PROVABLE
    assert proof.probes == ()


def test_a_breach_restarts_the_clock_or_voids_the_treatment(start):
    rows = [[0.5] * 3] * 10 + [[2.0] * 3] * 2 + [[0.5] * 3] * 60
    readings = logged(start, rows)
    anew = verify(readings, THREE, offsets_c={})
    assert anew.outcome is Outcome.PASS
    assert anew.verdict.started_at == start + timedelta(hours=12)
    void = verify(readings, replace(THREE, restart=Restart.VOID), offsets_c={})
    assert void.outcome is Outcome.FAIL


def test_a_heat_treatment_counts_the_coolest_probe(start):
    heat = Protocol(
        "47.5 for 20 minutes", 47.5, timedelta(minutes=20), limit=Limit.FLOOR,
        gap_at_most=timedelta(minutes=15), calibration_tolerance_c=0.3,
    )  # fmt: skip
    rows = [[30.0, 30.0]] * 3 + [[48.5, 48.0]] * 6 + [[40.0, 39.0]] * 3
    assert verify(logged(start, rows, minutes=5), heat, offsets_c={}).outcome is Outcome.PASS
    cool = [[a, b - 1.0] for a, b in rows]
    assert verify(logged(start, cool, minutes=5), heat, offsets_c={}).outcome is Outcome.FAIL


def test_a_device_that_does_not_tell_its_probes_apart_gives_one(start):
    single = [Reading(i, start + timedelta(hours=i), pulp_c=0.4) for i in range(3)]
    assert list(probes_of(single)) == ["pulp"]
    assert probes_of([Reading(1, start, supply_c=0.0)]) == {}
    told = logged(start, [[0.4, None]] * 3)
    assert {name: len(shown) for name, shown in probes_of(told).items()} == {"USDA1": 3, "USDA2": 0}


def test_curves_are_short_and_cover_everything(start):
    rows = [[0.5 + (i % 7) / 10] * 3 for i in range(1000)]
    (curve, *_) = [probe.curve for probe in verify(logged(start, rows), THREE).probes]
    assert len(curve) <= MOST_SPANS
    assert curve[0].since == start
    assert all(one.until == other.since for one, other in itertools.pairwise(curve))
    assert min(span.low_c for span in curve) == 0.5
    assert max(span.high_c for span in curve) == pytest.approx(1.1)


rows = st.lists(st.lists(st.floats(-0.5, 2.2), min_size=3, max_size=3), min_size=50, max_size=70)
offsets = st.fixed_dictionaries({f"USDA{n}": st.floats(-0.3, 0.3) for n in (1, 2, 3)})


@given(rows, offsets)
def test_what_passes_or_fails_without_a_record_does_so_whatever_the_record_would_say(
    start, shown, record
):
    readings = logged(start, shown)
    unknown = verify(readings, THREE).outcome
    known = verify(readings, THREE, offsets_c=record).outcome
    if unknown is not Outcome.NOT_PROVABLE:
        assert known is unknown


@given(rows)
def test_a_pass_keeps_the_protocol_at_every_probe_alone(start, shown):
    readings = logged(start, shown)
    if verify(readings, THREE, offsets_c={}).outcome is Outcome.PASS:
        for name, values in probes_of(readings).items():
            assert evaluate_probes({name: values}, replace(THREE, probes_at_least=1)).ok
