"""A container comes to an office's place."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import Arrival, Whereabouts
from clearway.policy.act import Act


def arrive(act: Act, arrival: Arrival) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, arrival)
