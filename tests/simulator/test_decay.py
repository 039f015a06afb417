"""How goods truly age: the published laws, worked by hand."""

import numpy as np
import pytest

from clearway.simulator.decay import Law, Lot, consumed_days, rate
from clearway.simulator.goods import catalogue


def one(law: Law, temperature_c: float) -> float:
    return float(rate(Lot(law, 10.0), np.array([temperature_c]))[0])


def test_at_its_best_temperature_every_kind_ages_a_day_a_day():
    for kind in catalogue().kinds:
        if kind.law is not None:
            assert one(kind.law, kind.law.best_c) == pytest.approx(1.0)


def test_chilled_fish_ages_by_the_square_root_law():
    # (1 + 0.1 T)^2 with tmin at -10 and the reference at 0.
    assert one(Law("sqrt", -10.0, 0.0), 5.0) == pytest.approx(2.25)


def test_flowers_age_three_times_as_fast_ten_degrees_warmer():
    assert one(Law("q10", 3.0, 0.0), 10.0) == pytest.approx(3.0)


def test_frozen_goods_age_by_arrhenius():
    # 100 kJ/mol between -18 and -8 degrees: exp(100/R (1/255.15 - 1/265.15)).
    assert one(Law("arrhenius", 100.0, -18.0), -8.0) == pytest.approx(5.92, abs=0.02)


def test_tropical_fruit_is_injured_by_cold():
    banana = Law("q10", 2.4, 13.8, chill_c=11.0)
    assert one(banana, 8.0) > one(banana, 11.0)


def test_fresh_goods_that_freeze_are_lost_within_a_day_or_two():
    assert one(Law("q10", 2.4, 0.0, freezes_c=-1.6), -3.0) >= 30.0


def test_a_lot_does_not_age_before_it_is_loaded():
    aboard = np.array([False, False, True, True])
    used = consumed_days(Lot(Law("q10", 2.0, 0.0), 9.0), np.zeros(4), aboard, 86_400.0)
    assert used.tolist() == pytest.approx([0.0, 0.0, 1.0, 2.0])
