"""Somebody looks at a seal."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import SealCheck, Whereabouts
from clearway.policy.act import Act


def check_seal(act: Act, check: SealCheck) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, check)
