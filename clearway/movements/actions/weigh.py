"""A container stands on a weighbridge."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import Weighing, Whereabouts
from clearway.policy.act import Act


def weigh(act: Act, weighing: Weighing) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, weighing)
