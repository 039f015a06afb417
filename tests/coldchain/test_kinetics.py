"""Every worked example of the literature, and what holds for each rate model."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.commodities import PRODUCE_Q10
from clearway.coldchain.kinetics import (
    GAS_CONSTANT_KJ,
    KELVIN,
    GapTooLong,
    mean_kinetic_temperature_c,
    relative_rate,
    shelf_life_days,
)
from clearway.coldchain.model import Arrhenius, Exponential, Kinetics, SquareRoot

MODELS: list[Kinetics] = [SquareRoot(-10.0), Exponential(0.089), Arrhenius(100.0), PRODUCE_Q10]


@pytest.fixture(scope="session")
def examples(shared_data: Path) -> dict[str, dict]:
    path = shared_data / "coldchain" / "worked_examples.json"
    return {example["id"]: example for example in json.loads(path.read_text())}


def test_worked_example_sssp_generic_square_root(examples):
    example = examples["SSSP-generic-sqrt"]
    known = example["inputs"]["known"][0]
    found = shelf_life_days(
        SquareRoot(example["inputs"]["Tmin_C"]),
        known_c=known["T"],
        known_days=known["days"],
        asked_c=example["inputs"]["ask_T"],
    )
    assert found == pytest.approx(example["expect_days"], abs=example["tol"])


def test_worked_example_sssp_generic_arrhenius(examples):
    example = examples["SSSP-generic-arrhenius"]
    known = example["inputs"]["known"][0]
    found = shelf_life_days(
        Arrhenius(example["inputs"]["Ea_kJ"]),
        known_c=known["T"],
        known_days=known["days"],
        asked_c=example["inputs"]["ask_T"],
    )
    assert found == pytest.approx(example["expect_days"], abs=example["tol"])


@pytest.mark.parametrize("id", ["SSSP-CSS-dynamic-A", "SSSP-CSS-dynamic-B"])
@pytest.mark.parametrize("life_days", [57.0, 57.5])
def test_worked_example_smoked_salmon_in_two_phases(examples, id, life_days):
    example = examples[id]
    salmon = Exponential(example["inputs"]["a"])
    first, second = example["inputs"]["profile"]
    left = life_days - first["days"] * relative_rate(salmon, first["T"], 0.0)
    found = first["days"] + left / relative_rate(salmon, second["T"], 0.0)
    assert found == pytest.approx(example["expect_days"], abs=example["tol"])


def test_worked_example_handbook_66_q10(examples):
    example = examples["HB66-Q10-piecewise"]
    for celsius, rate in example["rate"].items():
        assert relative_rate(PRODUCE_Q10, float(celsius), 0.0) == pytest.approx(rate, rel=1e-9)
    for celsius, left in example["expect"].items():
        found = example["inputs"]["rel_at_0"] / relative_rate(PRODUCE_Q10, float(celsius), 0.0)
        assert round(found) == left


@pytest.mark.parametrize(
    ("category", "activation"),
    [("VVM7", 119.2), ("VVM14", 119.2), ("VVM30", 119.2), ("VVM2", 105.9)],
)
def test_worked_example_vaccine_vial_monitors(examples, category, activation):
    expected = dict(examples["VVM-E6/IN5"]["expect"][category])
    at_37 = expected.pop("37")
    for celsius, days in expected.items():
        found = shelf_life_days(
            Arrhenius(activation), known_c=37.0, known_days=at_37, asked_c=float(celsius)
        )
        if isinstance(days, str):
            assert found > 365 * float(days.strip(">y"))
        else:
            assert found == pytest.approx(days, rel=0.02)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
@given(low=st.floats(-40, 45), more=st.floats(0, 20), reference=st.floats(-9, 25))
def test_warmer_never_spoils_slower(model, low, more, reference):
    assert relative_rate(model, low + more, reference) >= relative_rate(model, low, reference)
    assert relative_rate(model, reference, reference) == pytest.approx(1.0)


def test_below_its_growth_minimum_the_square_root_model_stands_still():
    assert relative_rate(SquareRoot(-10.0), -12.0, 0.0) == 0.0


def test_a_square_root_reference_below_the_growth_minimum_is_a_defect():
    with pytest.raises(ValueError, match="above the growth minimum"):
        relative_rate(SquareRoot(-10.0), 0.0, -11.0)


def test_the_mean_kinetic_temperature_of_a_constant_history_is_that_temperature():
    assert mean_kinetic_temperature_c([5.0] * 100) == pytest.approx(5.0, abs=1e-6)


def test_the_mean_kinetic_temperature_of_two_halves_is_the_analytic_one():
    factor = 83.14472 / GAS_CONSTANT_KJ
    mean = (exp(-factor / (5 + KELVIN)) + exp(-factor / (25 + KELVIN))) / 2
    from math import log

    expected = factor / -log(mean) - KELVIN
    assert mean_kinetic_temperature_c([5.0, 25.0]) == pytest.approx(expected, abs=1e-6)
    assert expected > 15.0


@given(st.lists(st.floats(-40, 60), min_size=1, max_size=40))
def test_a_mean_kinetic_temperature_lies_between_the_arithmetic_mean_and_the_warmest(values):
    found = mean_kinetic_temperature_c(values)
    assert sum(values) / len(values) - 1e-6 <= found <= max(values)


@pytest.mark.parametrize("readings", [[], [None], [5.0, None], [5.0] * 8 + [None]])
def test_a_history_with_more_than_a_tenth_missing_is_refused(readings):
    with pytest.raises(GapTooLong, match="at least nine in ten"):
        mean_kinetic_temperature_c(readings)


def test_a_tenth_missing_is_bridged():
    assert mean_kinetic_temperature_c([5.0] * 9 + [None]) == pytest.approx(5.0)
