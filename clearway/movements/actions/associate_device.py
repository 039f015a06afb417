"""A device is fixed to a container, or taken off it."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import Association, Whereabouts
from clearway.policy.act import Act


def associate_device(act: Act, link: Association) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, link)
