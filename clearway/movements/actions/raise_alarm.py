"""Something about a container is wrong: an alarm, once."""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.movements import tables
from clearway.movements.alarm import MovementAlarm
from clearway.movements.facts_alarms import MovementAlarmRaised
from clearway.policy.act import Act


def raise_alarm(act: Act, alarm: MovementAlarm) -> Fact | None:
    """Record an alarm; None when one of its kind about the same thing stands or told the same.

    Policy was asked by the action that recorded what the alarm rests on.
    """
    found = tables.find_alarm(act.connection, alarm.container, alarm.kind, alarm.mark, alarm.at)
    if found is not None:
        return None
    subject = f"container:{alarm.container}"
    return act.append(MovementAlarmRaised.of(alarm), subject=subject, occurred_at=alarm.at)
