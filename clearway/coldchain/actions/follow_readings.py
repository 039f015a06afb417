"""Received readings are followed: units move through them, and their alarms are raised."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.coldchain import tables
from clearway.coldchain.actions.announce import announce
from clearway.coldchain.facts import ReadingsFollowed
from clearway.coldchain.model import Alarm
from clearway.policy.act import Act

AT_ONCE = 400
"""Readings; some 20 milliseconds of the writer's time. A group of readings is never divided."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What was followed.

    Args:
        facts, readings: how many; nothing waited when there are none.
        alarms: that came of it.
    """

    facts: int
    readings: int
    alarms: tuple[Alarm, ...]


def follow_readings(act: Act, most: int = AT_ONCE) -> Followed:
    """Follow the oldest readings that wait, and raise what alarms come of them.

    A worker calls this until nothing waits. Killed before, it finds them waiting again.
    """
    act.require("coldchain.record_readings", device="")
    waiting = tables.oldest_waiting(act.connection, most)
    if not waiting.facts:
        return Followed(0, 0, ())
    containers = waiting.containers
    about = f"container:{containers[0]}" if len(containers) == 1 else "containers:many"
    act.append(ReadingsFollowed(waiting.facts), subject=about)
    alarms = announce(act, *containers)
    return Followed(len(waiting.facts), waiting.readings, alarms)
