"""A container leaves an office's place."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import Departure, Whereabouts
from clearway.policy.act import Act


def depart(act: Act, departure: Departure) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, departure)
