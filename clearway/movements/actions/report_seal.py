"""An electronic seal tells of itself."""

from __future__ import annotations

from clearway.movements.actions.record import record
from clearway.movements.model import SealReport, Whereabouts
from clearway.policy.act import Act


def report_seal(act: Act, report: SealReport) -> Whereabouts:
    """Record it and return what is known of the container then; see `record`."""
    return record(act, report)
