"""A container goes through a gate."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import GatePass, Whereabouts
from clearway.policy.act import Act


def pass_gate(act: Act, passed: GatePass) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, passed)
