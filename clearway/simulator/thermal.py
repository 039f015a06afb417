"""A refrigerated container as two masses that hold heat: the air around the cargo, and the cargo.

    air dTa/dt   = (wall + door) (Tamb - Ta) + coupling (Tp - Ta) + fans - Q
    cargo dTp/dt = coupling (Ta - Tp) + respiration(Tp)

`Q` is what the unit takes out (negative: it heats). The unit holds the supply air at the set-point,
within its capacity. Without power, and during a defrost, it takes nothing out and the fans stand,
so air and cargo exchange a fraction of the heat. Defrost heats the coil: the supply sensor sits
beside the coil and shows it, the cargo hardly does.

One step is implicit Euler (respiration explicit), which is stable at any length and conserves the
heat that it counts: `Flows` add up to what the two masses gained, and a test holds it to that.

The constants are plausible for a 40-foot unit with palletised cargo; they are assumptions of this
simulator, not measurements of a unit. A real load has warm and cold corners: this one has one pulp
temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEP_S = 300.0
# With the fans at rest the air between the cartons hardly moves.
STILL_AIR_SHARE = 0.2
DOOR_W_PER_K = 900.0
COIL_SPIKE_K = 11.0


@dataclass(frozen=True, slots=True)
class Box:
    """What a loaded unit is made of; each an array of shape (n,), one entry per container.

    Args:
        wall_w_per_k: heat through the walls.
        air_j_per_k: heat capacity of air, lining and dunnage.
        cargo_j_per_k: heat capacity of the cargo.
        coupling_w_per_k: exchange between moving air and cargo.
        airflow_w_per_k: mass flow of the fans times heat capacity of air.
        cooling_w: most that the unit can take out.
        heating_w: most that it can put in.
        fan_w: heat of the fan motors while they run.
        respiration_w: heat of the living cargo at 0 degrees; 0 when it does not breathe.
        respiration_q10: factor per 10 K.
    """

    wall_w_per_k: Floats
    air_j_per_k: Floats
    cargo_j_per_k: Floats
    coupling_w_per_k: Floats
    airflow_w_per_k: Floats
    cooling_w: Floats
    heating_w: Floats
    fan_w: Floats
    respiration_w: Floats
    respiration_q10: Floats

    def one(self, index: int) -> Box:
        """Return the box of one container, arrays of shape (1,)."""
        return Box(*(getattr(self, name)[index : index + 1] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What acts on the boxes during one step, or, with shape (n, steps), during many."""

    ambient_c: Floats
    set_point_c: Floats
    powered: Flags
    defrosting: Flags
    door_open: Flags

    def at(self, step: int) -> Conditions:
        """Return the conditions of one step out of many."""
        return Conditions(*(getattr(self, name)[:, step] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Flows:
    """Heat that moved in one step, joule, each positive into the box."""

    walls_j: Floats
    door_j: Floats
    unit_j: Floats
    fans_j: Floats
    respiration_j: Floats


@dataclass(frozen=True, slots=True)
class State:
    """Temperatures at one instant, degrees Celsius, shape (n,)."""

    air_c: Floats
    pulp_c: Floats
    supply_c: Floats
    return_c: Floats


def advance(box: Box, state: State, now: Conditions, dt_s: float = STEP_S) -> tuple[State, Flows]:
    """Return the state one step later and the heat that moved meanwhile."""
    working = now.powered & ~now.defrosting
    stirred = np.where(working, 1.0, STILL_AIR_SHARE)
    coupling = box.coupling_w_per_k * stirred
    door = np.where(now.door_open, DOOR_W_PER_K, 0.0)
    fans = np.where(working, box.fan_w, 0.0)
    breath = box.respiration_w * box.respiration_q10 ** (state.pulp_c / 10.0)
    inflow = (box.wall_w_per_k + door) * now.ambient_c + fans
    loss = box.wall_w_per_k + door
    flow = 2.0 * box.airflow_w_per_k
    holding = inflow + flow * now.set_point_c
    air_free, _ = _solve(box, state, coupling, (loss + flow, holding, breath), dt_s)
    wanted = flow * (air_free - now.set_point_c)
    taken = np.where(working, np.clip(wanted, -box.heating_w, box.cooling_w), 0.0)
    air, pulp = _solve(box, state, coupling, (loss, inflow - taken, breath), dt_s)
    half = taken / flow
    spike = np.where(now.powered & now.defrosting, COIL_SPIKE_K, 0.0)
    after = State(air, pulp, air - half + spike, air + half)
    flows = Flows(
        box.wall_w_per_k * (now.ambient_c - air) * dt_s,
        door * (now.ambient_c - air) * dt_s,
        -taken * dt_s,
        fans * dt_s,
        breath * dt_s,
    )
    return after, flows


def _solve(
    box: Box, state: State, coupling: Floats, heat: tuple[Floats, Floats, Floats], dt_s: float
) -> tuple[Floats, Floats]:
    """Solve the two implicit equations for air and pulp.

    Args:
        heat: what air loses per kelvin, what it gains, what the cargo gains; watt.
    """
    loss, inflow, breath = heat
    air_rate, cargo_rate = box.air_j_per_k / dt_s, box.cargo_j_per_k / dt_s
    a, d = air_rate + loss + coupling, cargo_rate + coupling
    p, q = air_rate * state.air_c + inflow, cargo_rate * state.pulp_c + breath
    determinant = a * d - coupling * coupling
    return (p * d + coupling * q) / determinant, (a * q + coupling * p) / determinant


def settled(box: Box, set_point_c: Floats, pulp_c: Floats) -> State:
    """Return the state of freshly loaded boxes whose air has come to the set-point."""
    air = np.array(set_point_c, dtype=np.float64)
    return State(air, np.array(pulp_c, dtype=np.float64), air.copy(), air.copy())


@dataclass(frozen=True, slots=True)
class Course:
    """Temperatures at the end of each step, degrees Celsius, shape (n, steps)."""

    air_c: Floats
    pulp_c: Floats
    supply_c: Floats
    return_c: Floats

    def state(self, unit: int, step: int) -> State:
        """Return one box's state at the end of a step, shape (1,)."""
        return State(*(getattr(self, name)[unit : unit + 1, step] for name in self.__slots__))


def run(
    box: Box, start: State, conditions: Conditions, not_yet: Flags, dt_s: float = STEP_S
) -> Course:
    """Return the course of all boxes through all steps of `conditions` (n, steps).

    Args:
        not_yet: shape (n, steps), whether a box is not loaded yet and stays as at the start.
    """
    count, steps = conditions.ambient_c.shape
    course = Course(*(np.empty((steps, count)) for _ in Course.__slots__))
    state = start
    for step in range(steps):
        after, _ = advance(box, state, conditions.at(step), dt_s)
        state = _held(not_yet[:, step], start, after)
        course.air_c[step], course.pulp_c[step] = state.air_c, state.pulp_c
        course.supply_c[step], course.return_c[step] = state.supply_c, state.return_c
    return Course(course.air_c.T, course.pulp_c.T, course.supply_c.T, course.return_c.T)


def _held(not_yet: Flags, start: State, after: State) -> State:
    if not not_yet.any():
        return after
    names = State.__slots__
    return State(*(np.where(not_yet, getattr(start, n), getattr(after, n)) for n in names))
