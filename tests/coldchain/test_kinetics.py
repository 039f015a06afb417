"""Every worked example of the literature, and what holds for each rate model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.commodities import PRODUCE_Q10
from clearway.coldchain.kinetics import (
    OutsideModel,
    relative_rate,
    remark,
    shelf_life_days,
)
from clearway.coldchain.model import Arrhenius, Belehradek, Exponential, Kinetics, SquareRoot

MODELS: list[Kinetics] = [
    SquareRoot(-10.0), Belehradek(-11.8, 2.0), Exponential(0.089), Arrhenius(100.0), PRODUCE_Q10,
]  # fmt: skip


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


def test_belehradek_with_exponent_two_is_the_square_root_model():
    for celsius in (-11.0, -5.0, 0.0, 4.0, 12.0):
        assert relative_rate(Belehradek(-10.0, 2.0), celsius, 0.0) == pytest.approx(
            relative_rate(SquareRoot(-10.0), celsius, 0.0)
        )
    with pytest.raises(ValueError, match="exponent"):
        relative_rate(Belehradek(-10.0, 0.0), 1.0, 0.0)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_each_model_refuses_a_figure_outside_the_range_it_was_fitted_in(model):
    low, high = model.valid_c
    inside = (low + high) / 2.0
    for outside in (low - 0.1, high + 0.1, float("nan")):
        with pytest.raises(OutsideModel, match=type(model).__name__):
            shelf_life_days(model, known_c=inside, known_days=10.0, asked_c=outside)
        with pytest.raises(OutsideModel):
            shelf_life_days(model, known_c=outside, known_days=10.0, asked_c=inside)
        assert remark(model, outside).code == "CC_OUTSIDE_MODEL"
    assert remark(model, inside) is None
    assert shelf_life_days(model, known_c=inside, known_days=10.0, asked_c=inside) == 10.0


def test_where_the_rate_is_zero_there_is_no_shelf_life():
    still = SquareRoot(-2.0, valid_c=(-3.0, 15.0))
    with pytest.raises(OutsideModel, match="zero"):
        shelf_life_days(still, known_c=0.0, known_days=10.0, asked_c=-2.5)
