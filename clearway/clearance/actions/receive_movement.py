"""A movement is told: it is recorded, and everything that follows from it is done at once.

    receive_movement(act, movement)

Arrivals release what was ready; seals and weights are held against the declarations; alarms become
tasks; goods are decided on anew where something came to light. Whoever hears of movements in
another form (EPCIS) calls it too.
"""

from __future__ import annotations

from clearway.clearance.actions.hold_against_declared import hold_against_declared
from clearway.clearance.actions.reconsider import reconsider_container
from clearway.clearance.actions.record_arrival import ContainerArrived, record_arrival
from clearway.movements.actions.record import record
from clearway.movements.facts_alarms import MovementAlarmRaised
from clearway.movements.model import (
    Arrival,
    GatePass,
    Movement,
    SealCheck,
    SealReport,
    Weighing,
    Whereabouts,
)
from clearway.policy.act import Act
from clearway.tasks.actions.attend import attend

_TELLING = (SealCheck, SealReport, GatePass, Weighing)


def receive_movement(act: Act, movement: Movement) -> ContainerArrived | Whereabouts:
    """Record a movement and do what follows; return what is known of the container then.

    Raises: RuleViolation: the movement cannot be. Refused.
    """
    before = len(act.tx.facts)
    if isinstance(movement, Arrival):
        known: ContainerArrived | Whereabouts = record_arrival(act, movement)
    else:
        known = record(act, movement)
    if isinstance(movement, _TELLING):
        hold_against_declared(act, movement.container)
    attend(act, movement.container)
    is_alarm = any(fact.type == MovementAlarmRaised.TYPE for fact in act.tx.facts[before:])
    if is_alarm or (isinstance(movement, SealCheck) and not movement.is_intact):
        reconsider_container(act, movement.container)
    return known
