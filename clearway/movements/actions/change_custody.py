"""A container passes from one holder to another."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import CustodyChange, Whereabouts
from clearway.policy.act import Act


def change_custody(act: Act, change: CustodyChange) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, change)
