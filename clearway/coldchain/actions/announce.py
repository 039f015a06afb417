"""Alarms that came out of readings become facts, in the same transaction."""

from __future__ import annotations

from clearway.coldchain import tables
from clearway.coldchain.model import Alarm
from clearway.policy.act import Act


def announce(act: Act, container: str) -> tuple[Alarm, ...]:
    """Record the alarms that the latest fact about this container raised, and return them.

    Policy was asked by the action that recorded that fact.
    """
    waiting = tables.unannounced(act.connection, container)
    for body in waiting:
        act.append(body, subject=f"container:{container}", occurred_at=body.at)
    return tuple(body.alarm for body in waiting)
