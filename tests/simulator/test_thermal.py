"""The container with its blocks: it conserves heat, holds its set-point, and warms when it must."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.simulator import thermal
from clearway.simulator.thermal import PLACES, Box, Cargo, Conditions, State, stow

HOUR = 12  # steps


def box(mass_kg: float = 20_000.0, respiration_w: float = 200.0) -> Box:
    one = np.ones(1)
    cargo = Cargo(
        one * mass_kg * 3700.0, one * 12 * 3600, one * respiration_w, np.ones((1, len(PLACES)))
    )
    machine = (45.0, 260e3, 1500.0, 9000.0, 4000.0, 500.0, 2.4)
    return stow(cargo, tuple(one * value for value in machine))


def state(air_c: float, pulp_c: float) -> State:
    return thermal.settled(box(), np.array([air_c]), np.array([pulp_c]))


def during(steps: int, ambient_c: float = 30.0, set_point_c: float = 5.0, **flags) -> Conditions:
    def flag(name: str, default: bool) -> np.ndarray:
        return np.full((1, steps), flags.get(name, default))

    return Conditions(
        np.full((1, steps), ambient_c),
        np.full((1, steps), set_point_c),
        flag("powered", True),
        flag("defrosting", False),
        flag("door_open", False),
        np.full((1, steps), flags.get("sun_w", 0.0)),
        flag("compressor", True),
    )


def course(steps: int, start: State, conditions: Conditions, of: Box) -> thermal.Course:
    return thermal.run(of, start, conditions, np.zeros((1, steps), dtype=bool))


@settings(max_examples=80, deadline=None)
@given(
    air=st.floats(-25, 35),
    pulp=st.floats(-25, 35),
    ambient=st.floats(-30, 50),
    set_point=st.floats(-25, 25),
    powered=st.booleans(),
    defrosting=st.booleans(),
    door_open=st.booleans(),
    compressor=st.booleans(),
)
def test_each_step_gains_exactly_the_heat_that_flowed(
    air, pulp, ambient, set_point, powered, defrosting, door_open, compressor
):
    of = box()
    now = during(
        1,
        ambient,
        set_point,
        powered=powered,
        defrosting=defrosting,
        door_open=door_open,
        compressor=compressor,
        sun_w=150.0,
    ).at(0)
    # After one step the blocks differ and the air rises through the load: the second step counts.
    before, _ = thermal.advance(of, state(air, pulp), now)
    after, flows = thermal.advance(of, before, now)
    gained = of.air_j_per_k * (after.air_c - before.air_c)
    gained = gained + (of.surface_j_per_k * (after.surface_c - before.surface_c)).sum()
    gained = gained + (of.core_j_per_k * (after.core_c - before.core_c)).sum()
    total = sum(getattr(flows, name) for name in flows.__slots__)
    assert gained == pytest.approx(total, rel=1e-6, abs=1.0)


def test_the_supply_air_is_held_at_the_set_point():
    done = course(48 * HOUR, state(5.0, 6.0), during(48 * HOUR), box())
    assert done.supply_c[0, -1] == pytest.approx(5.0, abs=0.05)
    assert 5.0 < done.pulp_c[0, -1] < 6.5


def test_the_unit_takes_out_no_more_than_it_can():
    of = box()
    _, mild = thermal.advance(of, state(40.0, 40.0), during(1, 30.0, -20.0).at(0))
    assert mild.unit_j[0] == pytest.approx(-of.cooling_w[0] * thermal.STEP_S)
    _, hot = thermal.advance(of, state(40.0, 40.0), during(1, 50.0, -20.0).at(0))
    assert hot.unit_j[0] == pytest.approx(-0.76 * of.cooling_w[0] * thermal.STEP_S)


def test_the_air_rises_through_the_load_so_the_far_blocks_are_the_warm_ones():
    done = course(96 * HOUR, state(5.0, 5.0), during(96 * HOUR), box())
    assert np.all(np.diff(done.core_c[0, :, -1]) > 0)
    assert 0.3 < done.core_c[0, -1, -1] - done.core_c[0, 0, -1] < 3.0


def test_a_core_follows_the_air_later_than_its_surface():
    done = course(6 * HOUR, state(5.0, 15.0), during(6 * HOUR), box())
    assert np.all(done.surface_c[0, :, -1] < done.core_c[0, :, -1])


def test_the_mean_of_a_load_follows_a_slow_change_by_the_lag_it_was_given():
    """The air falls by 0.05 K/h for ten days; the goods trail it by lag times rate."""
    steps, rate = 240 * HOUR, 0.05
    of = box(respiration_w=0.0)
    ramp = during(steps, ambient_c=0.0)
    ramp.set_point_c[0] = 15.0 - rate * np.arange(steps) / HOUR
    ramp.ambient_c[0] = ramp.set_point_c[0]
    done = course(steps, state(15.0, 15.0), ramp, of)
    assert done.pulp_c[0, -1] - done.air_c[0, -1] == pytest.approx(12 * rate, abs=0.12)


def test_air_is_not_cooled_while_the_compressor_stands():
    done = course(HOUR, state(5.0, 6.0), during(HOUR, compressor=False), box())
    assert np.allclose(done.supply_c, done.return_c)
    assert done.air_c[0, -1] > 5.0


def test_without_power_the_goods_warm_slowly_and_the_air_first():
    steps = 24 * HOUR
    done = course(steps, state(5.0, 5.0), during(steps, powered=False), box())
    assert done.air_c[0, 2 * HOUR] > done.pulp_c[0, 2 * HOUR]
    assert 5.5 < done.pulp_c[0, -1] < 9.0
    assert np.all(np.diff(done.pulp_c[0]) > 0)


def test_a_small_load_warms_faster_than_a_full_one():
    steps = 12 * HOUR
    off = during(steps, powered=False)
    small = course(steps, state(5.0, 5.0), off, box(4_000.0))
    full = course(steps, state(5.0, 5.0), off, box(20_000.0))
    assert small.pulp_c[0, -1] > full.pulp_c[0, -1] + 1.0


def test_a_defrost_shows_in_the_supply_air_and_does_not_warm_the_goods():
    steps = 48 * HOUR
    conditions = during(steps)
    conditions.defrosting[:, 24 * HOUR : 24 * HOUR + 6] = True
    plain = course(steps, state(5.0, 5.8), during(steps), box())
    defrosted = course(steps, state(5.0, 5.8), conditions, box())
    spike = defrosted.supply_c[0, 24 * HOUR : 24 * HOUR + 6].max()
    assert spike > 15.0
    assert np.max(np.abs(defrosted.pulp_c - plain.pulp_c)) < 0.1
    assert defrosted.return_c[0, 24 * HOUR : 24 * HOUR + 6].max() < 9.0


def test_a_box_that_is_not_loaded_yet_stays_as_it_was():
    steps = 10
    not_yet = np.zeros((1, steps), dtype=bool)
    not_yet[:, :5] = True
    done = thermal.run(box(), state(5.0, 9.0), during(steps), not_yet)
    assert np.all(done.pulp_c[0, :5] == 9.0)
    assert done.pulp_c[0, -1] < 9.0
