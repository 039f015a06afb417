"""Somebody takes an alarm on."""

from __future__ import annotations

from clearway.coldchain import tables
from clearway.coldchain.facts import AlarmAcknowledged
from clearway.errors import BadTerm, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act

LONGEST_NOTE = 1_000


def acknowledge_alarm(act: Act, seq: int, note: str = "") -> Fact:
    """Record that the actor takes on the alarm of the fact at `seq`.

    Args:
        note: what was done about it, at most 1,000 characters.

    Raises:
        NotFound: there is no such alarm.
        WrongState: somebody took it on before.
        BadTerm: the note is too long.
    """
    raised = tables.get_alarm(act.connection, seq)
    container = raised.alarm.container
    unit = tables.find_unit(act.connection, container)
    journey = None if unit is None else unit.journey
    party = {} if journey is None or journey.party is None else {"party": str(journey.party)}
    act.require("coldchain.acknowledge_alarm", container=container, **party)
    if len(note) > LONGEST_NOTE:
        raise BadTerm("note", note, f"at most {LONGEST_NOTE:,} characters", field="note")
    if raised.acknowledged_at is not None:
        raise WrongState(
            f"Alarm {seq} was taken on by {raised.acknowledged_by} at"
            f" {raised.acknowledged_at.isoformat()}",
            alarm=seq,
        )
    body = AlarmAcknowledged(container, seq, raised.alarm.kind, note)
    return act.append(body, subject=f"container:{container}")
