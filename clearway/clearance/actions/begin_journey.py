"""Perishable goods go into a container: whoever can mend a wrong set point is asked at once."""

from __future__ import annotations

from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.model import Alarm, Journey
from clearway.policy.act import Act
from clearway.tasks.actions.attend import attend


def begin_journey(act: Act, journey: Journey) -> tuple[Alarm, ...]:
    """Record the start of a journey and return the alarms that it raises; see `start_journey`."""
    alarms = start_journey(act, journey)
    if alarms:
        attend(act, journey.container)
    return alarms
