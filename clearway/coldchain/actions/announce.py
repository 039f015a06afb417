"""Alarms that came out of readings become facts, in the same transaction."""

from __future__ import annotations

from clearway.coldchain import tables
from clearway.coldchain.model import Alarm
from clearway.policy.act import Act


def announce(act: Act, *containers: str) -> tuple[Alarm, ...]:
    """Record the alarms that the latest fact about these containers raised, and return them.

    Policy was asked by the action that recorded that fact.
    """
    waiting = tables.unannounced(act.connection, containers)
    for container in containers:
        for body in waiting.get(container, ()):
            act.append(body, subject=f"container:{container}", occurred_at=body.at)
    return tuple(body.alarm for one in containers for body in waiting.get(one, ()))
