"""Somebody takes an alarm on."""

from __future__ import annotations

from clearway.errors import BadTerm, WrongState
from clearway.ledger.fact import Fact
from clearway.movements import tables
from clearway.movements.facts_alarms import MovementAlarmAcknowledged
from clearway.policy.act import Act

LONGEST_NOTE = 1_000


def acknowledge_alarm(act: Act, seq: int, note: str = "") -> Fact:
    """Record that the actor takes on the alarm of the fact at `seq`.

    Raises:
        NotFound: there is no such alarm.
        WrongState: somebody took it on before.
        BadTerm: the note is over 1,000 characters.
    """
    raised = tables.get_alarm(act.connection, seq)
    container = raised.alarm.container
    act.require("movement.acknowledge_alarm", container=container)
    if len(note) > LONGEST_NOTE:
        raise BadTerm("note", note, f"at most {LONGEST_NOTE:,} characters", field="note")
    if raised.acknowledged_at is not None:
        raise WrongState(f"Alarm {seq} was taken on by {raised.acknowledged_by}", alarm=seq)
    body = MovementAlarmAcknowledged(container, seq, note)
    return act.append(body, subject=f"container:{container}")
