"""Readings come in: what they say of goods already decided makes the border look again."""

from __future__ import annotations

from clearway.clearance.actions.reconsider import reconsider_container
from clearway.coldchain.actions.record_readings import Recorded, record_readings
from clearway.coldchain.model import AlarmLevel, Batch
from clearway.policy.act import Act
from clearway.tasks.actions.attend import attend


def receive_readings(act: Act, batch: Batch) -> Recorded:
    """Record a batch, ask whoever can act on its alarms, and decide anew after a critical one.

    Raises: as `record_readings`.
    """
    recorded = record_readings(act, batch)
    if recorded.alarms:
        attend(act, batch.container)
    if any(alarm.level is AlarmLevel.CRITICAL for alarm in recorded.alarms):
        reconsider_container(act, batch.container)
    return recorded
