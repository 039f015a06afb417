"""Somebody ends an alarm with an outcome."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.movements import tables
from clearway.movements.facts_alarms import MovementAlarmSettled
from clearway.policy.act import Act


def settle_alarm(act: Act, seq: int, outcome: str, note: str = "") -> Fact:
    """Record how the alarm of the fact at `seq` ended.

    Raises: NotFound: there is no such alarm. WrongState: it was settled before. Refused.
    """
    raised = tables.get_alarm(act.connection, seq)
    container = raised.alarm.container
    act.require("movement.acknowledge_alarm", container=container)
    if raised.settled_at is not None:
        raise WrongState(f"Alarm {seq} was settled by {raised.settled_by}", alarm=seq)
    body = MovementAlarmSettled(container, seq, outcome, note)
    return act.append(body, subject=f"container:{container}")
