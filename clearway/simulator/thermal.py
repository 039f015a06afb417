"""A refrigerated container: its air, and blocks of cargo that each have a surface and a core.

    air      Ca dA/dt = (wall + door) (outside - A) + sun + fans - Q + sum_b ka_b (S_b - A_b)
    surface  Cs dS/dt = ka (A_b - S) + kc (K - S)
    core     Cc dK/dt = kc (S - K) + respiration(K)

`Q` is what the unit takes out (negative: it heats). The unit holds the supply air at the set-point
within its capacity, which falls as the weather gets warmer. Air warms on its way through the load:
a block far from the unit stands in air `A_b` warmer than the mean by its share (`place`) of the
rise from supply to return, and a badly stowed block exchanges less. Without power the fans stand,
so air and cargo exchange a fraction of the heat. Defrost heats the coil: the supply sensor sits
beside the coil and shows it, a little of the heat gets into the hold, the cargo hardly warms. With
the compressor off and the fans on, air goes round and is not cooled.

One step is implicit Euler (respiration and the rise explicit), which is stable at any length and
conserves the heat that it counts: `Flows` add up to what all masses gained, and a test holds it to
that. Freezing and melting of water in the cargo are left out: a load that freezes does so sooner
here than in truth.

The constants are plausible for a 40-foot unit with palletised cargo; they are assumptions of this
simulator, not measurements of a unit.
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
DEFROST_LEAK_W = 400.0
# Where the blocks stand on the way of the air, from the unit (0) to the doors and back (1).
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
# Capacity is told for this weather, and falls by this share a kelvin above it.
RATED_AMBIENT_C, CAPACITY_LOSS_PER_K = 30.0, 0.012
_LEAST_CAPACITY, _MOST_CAPACITY = 0.5, 1.2
_SURFACE_SHARE = 0.3
_OUTER_LAG_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Box:
    """What a loaded unit is made of; arrays of shape (n,), per container, or (n, blocks).

    Args:
        wall_w_per_k: heat through the walls.
        air_j_per_k: heat capacity of air, lining and dunnage.
        airflow_w_per_k: mass flow of the fans times heat capacity of air.
        cooling_w: most that the unit can take out in weather of `RATED_AMBIENT_C`.
        heating_w: most that it can put in.
        fan_w: heat of the fan motors while they run.
        respiration_q10: factor per 10 K.
        surface_j_per_k, core_j_per_k: (n, blocks), heat capacity of each block.
        coupling_w_per_k: (n, blocks), exchange between moving air and surface.
        inner_w_per_k: (n, blocks), exchange between surface and core.
        respiration_w: (n, blocks), heat of the living cargo at 0 degrees; 0: it does not breathe.
        place: (n, blocks), share of the air's rise before it reaches the block.
    """

    wall_w_per_k: Floats
    air_j_per_k: Floats
    airflow_w_per_k: Floats
    cooling_w: Floats
    heating_w: Floats
    fan_w: Floats
    respiration_q10: Floats
    surface_j_per_k: Floats
    core_j_per_k: Floats
    coupling_w_per_k: Floats
    inner_w_per_k: Floats
    respiration_w: Floats
    place: Floats

    def one(self, index: int) -> Box:
        """Return the box of one container, arrays of shape (1, ...)."""
        return Box(*(getattr(self, name)[index : index + 1] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is stowed, before it is divided into blocks; arrays of shape (n,).

    Args:
        heat_j_per_k: heat capacity.
        lag_s: by which its mean follows moving air.
        respiration_w: heat at 0 degrees.
        ventilation: (n, blocks), factor on each block's exchange with the air; 1: as planned.
    """

    heat_j_per_k: Floats
    lag_s: Floats
    respiration_w: Floats
    ventilation: Floats


def stow(
    cargo: Cargo, machine: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats]
) -> Box:
    """Return the box of a cargo: its blocks have equal mass, and the lag of the whole.

    A mean follows a slow change of the air by `C/ka + Cc^2/(kc C)`; six tenths of the lag lie
    outside the surface.

    Args:
        machine: the first seven fields of `Box`, in their order.
    """
    blocks = cargo.ventilation.shape[1]
    heat = np.repeat(cargo.heat_j_per_k[:, None] / blocks, blocks, axis=1)
    core, lag = heat * (1.0 - _SURFACE_SHARE), cargo.lag_s[:, None]
    return Box(
        *machine,
        surface_j_per_k=heat * _SURFACE_SHARE,
        core_j_per_k=core,
        coupling_w_per_k=cargo.ventilation * heat / (_OUTER_LAG_SHARE * lag),
        inner_w_per_k=core**2 / ((1.0 - _OUTER_LAG_SHARE) * lag * heat),
        respiration_w=np.repeat(cargo.respiration_w[:, None] / blocks, blocks, axis=1),
        place=np.tile(np.array(PLACES[:blocks]), (len(heat), 1)),
    )


@dataclass(frozen=True, slots=True)
class Conditions:
    """What acts on the boxes during one step, or, with shape (n, steps), during many.

    Args:
        sun_w: heat of the sun through roof and walls.
        compressor: whether it is able to run; it stands for moments while a unit cycles.
    """

    ambient_c: Floats
    set_point_c: Floats
    powered: Flags
    defrosting: Flags
    door_open: Flags
    sun_w: Floats
    compressor: Flags

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
    """Temperatures at one instant, degrees Celsius, shape (n,); the blocks' (n, blocks).

    `pulp_c` is the mean of the cargo, by heat capacity.
    """

    air_c: Floats
    pulp_c: Floats
    supply_c: Floats
    return_c: Floats
    surface_c: Floats
    core_c: Floats


def advance(box: Box, state: State, now: Conditions, dt_s: float = STEP_S) -> tuple[State, Flows]:
    """Return the state one step later and the heat that moved meanwhile."""
    working = now.powered & ~now.defrosting
    door = np.where(now.door_open, DOOR_W_PER_K, 0.0)
    fans = np.where(working, box.fan_w, 0.0)
    leak = np.where(now.powered & now.defrosting, DEFROST_LEAK_W, 0.0)
    breath = box.respiration_w * box.respiration_q10[:, None] ** (state.core_c / 10.0)
    loss = box.wall_w_per_k + door
    inflow = loss * now.ambient_c + now.sun_w + fans + leak
    load = _load(box, state, np.where(working, 1.0, STILL_AIR_SHARE), breath, dt_s)
    taken = _taken(box, state, load, (loss, inflow), now, dt_s)
    air = _air(box, state, load, (loss, inflow - taken), dt_s)
    surface = load.alpha + load.beta * air[:, None]
    core = (load.core_rate * state.core_c + breath + box.inner_w_per_k * surface) / (
        load.core_rate + box.inner_w_per_k
    )
    half = taken / (2.0 * box.airflow_w_per_k)
    spike = np.where(now.powered & now.defrosting, COIL_SPIKE_K, 0.0)
    after = State(air, mean_c(box, surface, core), air - half + spike, air + half, surface, core)
    flows = Flows(
        (box.wall_w_per_k * (now.ambient_c - air) + now.sun_w) * dt_s,
        door * (now.ambient_c - air) * dt_s,
        (leak - taken) * dt_s,
        fans * dt_s,
        breath.sum(axis=1) * dt_s,
    )
    return after, flows


def mean_c(box: Box, surface_c: Floats, core_c: Floats) -> Floats:
    """Return the mean temperature of the cargo by heat capacity, shape (n,)."""
    heat = box.surface_j_per_k * surface_c + box.core_j_per_k * core_c
    mean: Floats = heat.sum(axis=1) / (box.surface_j_per_k + box.core_j_per_k).sum(axis=1)
    return mean


@dataclass(frozen=True, slots=True)
class _Load:
    """The cargo as the air sees it: a block's surface will be `alpha + beta * air`.

    Args:
        coupling, offset_c: exchange with each block; how much warmer than the mean its air is.
        core_rate: heat capacity of the cores over the length of the step.
    """

    alpha: Floats
    beta: Floats
    coupling: Floats
    offset_c: Floats
    core_rate: Floats


def _load(box: Box, state: State, stirred: Floats, breath: Floats, dt_s: float) -> _Load:
    """Eliminate core and surface of each block from the implicit equations."""
    coupling = box.coupling_w_per_k * stirred[:, None]
    rise = np.maximum(state.return_c - state.supply_c, 0.0) * (stirred == 1.0)
    offset = (box.place - box.place.mean(axis=1, keepdims=True)) * rise[:, None]
    core_rate, surface_rate = box.core_j_per_k / dt_s, box.surface_j_per_k / dt_s
    inner = box.inner_w_per_k
    through = inner / (core_rate + inner)
    whole = surface_rate + coupling + inner * (1.0 - through)
    known = surface_rate * state.surface_c + through * (core_rate * state.core_c + breath)
    return _Load((known + coupling * offset) / whole, coupling / whole, coupling, offset, core_rate)


def _air(box: Box, state: State, load: _Load, heat: tuple[Floats, Floats], dt_s: float) -> Floats:
    """Return the air after the step, from what it loses per kelvin and what it gains, watt."""
    loss, inflow = heat
    rate = box.air_j_per_k / dt_s
    from_cargo = (load.coupling * (load.alpha - load.offset_c)).sum(axis=1)
    to_cargo = (load.coupling * (1.0 - load.beta)).sum(axis=1)
    air: Floats = (rate * state.air_c + inflow + from_cargo) / (rate + loss + to_cargo)
    return air


def _taken(
    box: Box, state: State, load: _Load, heat: tuple[Floats, Floats], now: Conditions, dt_s: float
) -> Floats:
    """Return the watts that the unit takes out to hold its supply air, within its limits."""
    loss, inflow = heat
    flow = 2.0 * box.airflow_w_per_k
    free = _air(box, state, load, (loss + flow, inflow + flow * now.set_point_c), dt_s)
    warmer = now.ambient_c - RATED_AMBIENT_C
    fit = np.clip(1.0 - CAPACITY_LOSS_PER_K * warmer, _LEAST_CAPACITY, _MOST_CAPACITY)
    wanted = np.clip(flow * (free - now.set_point_c), -box.heating_w, box.cooling_w * fit)
    return np.where(now.powered & ~now.defrosting & now.compressor, wanted, 0.0)


def settled(box: Box, set_point_c: Floats, pulp_c: Floats) -> State:
    """Return the state of freshly loaded boxes whose air has come to the set-point."""
    air = np.array(set_point_c, dtype=np.float64)
    pulp = np.array(pulp_c, dtype=np.float64)
    inside = np.repeat(pulp[:, None], box.place.shape[1], axis=1)
    return State(air, pulp, air.copy(), air.copy(), inside, inside.copy())


@dataclass(frozen=True, slots=True)
class Course:
    """Temperatures at the end of each step, (n, steps); the blocks' (n, blocks, steps)."""

    air_c: Floats
    pulp_c: Floats
    supply_c: Floats
    return_c: Floats
    surface_c: Floats
    core_c: Floats

    def state(self, unit: int, step: int) -> State:
        """Return one box's state at the end of a step, shape (1, ...)."""
        return State(*(getattr(self, name)[unit : unit + 1, ..., step] for name in self.__slots__))


def run(
    box: Box, start: State, conditions: Conditions, not_yet: Flags, dt_s: float = STEP_S
) -> Course:
    """Return the course of all boxes through all steps of `conditions` (n, steps).

    Args:
        not_yet: shape (n, steps), whether a box is not loaded yet and stays as at the start.
    """
    steps = conditions.ambient_c.shape[1]
    names = Course.__slots__
    rows = {name: np.empty((steps, *getattr(start, name).shape)) for name in names}
    state = start
    for step in range(steps):
        after, _ = advance(box, state, conditions.at(step), dt_s)
        state = _held(not_yet[:, step], start, after)
        for name in names:
            rows[name][step] = getattr(state, name)
    return Course(*(np.moveaxis(rows[name], 0, -1) for name in names))


def _held(not_yet: Flags, start: State, after: State) -> State:
    if not not_yet.any():
        return after
    held = []
    for name in State.__slots__:
        was, now = getattr(start, name), getattr(after, name)
        held.append(np.where(not_yet if was.ndim == 1 else not_yet[:, None], was, now))
    return State(*held)
