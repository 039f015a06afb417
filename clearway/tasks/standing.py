"""The alarms of both desks that stand, in one shape, and where their container is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from clearway.coldchain import tables as coldchain
from clearway.coldchain.model import RaisedAlarm
from clearway.movements import tables as movements
from clearway.movements.alarm import RaisedMovementAlarm
from clearway.movements.places import Doing, is_open
from clearway.tasks.model import AlarmOn, Room, Scene


def of_coldchain(raised: RaisedAlarm) -> AlarmOn:
    """Return an alarm of the cold chain as a task sees it."""
    alarm = raised.alarm
    return AlarmOn(
        Room.COLDCHAIN,
        raised.seq,
        alarm.kind.value,
        alarm.level,
        alarm.container,
        alarm.at,
        alarm.limit_at,
        alarm.message,
        alarm.advice,
        alarm.values,
        raised.acknowledged_at is not None,
    )


def of_movement(raised: RaisedMovementAlarm) -> AlarmOn:
    """Return an alarm of a movement as a task sees it."""
    alarm = raised.alarm
    return AlarmOn(
        Room.MOVEMENTS,
        raised.seq,
        alarm.kind.value,
        alarm.level,
        alarm.container,
        alarm.at,
        alarm.limit_at,
        alarm.message,
        alarm.advice,
        alarm.values,
        raised.acknowledged_at is not None,
    )


def alarms_on(connection: Connection, container: str) -> tuple[AlarmOn, ...]:
    """Return the alarms of a container that stand, the oldest first."""
    cold = map(of_coldchain, coldchain.list_alarms(connection, container=container))
    moved = map(of_movement, movements.list_alarms(connection, container=container))
    return tuple(sorted((*cold, *moved), key=lambda one: one.seq))


def scene_of(connection: Connection, container: str, now: datetime) -> Scene:
    """Return where a container is and whose goods are in it."""
    known = movements.find(connection, container)
    unit = coldchain.find_unit(connection, container)
    journey = None if unit is None else unit.journey
    party = "" if journey is None or journey.party is None else str(journey.party)
    if known is None or not known.office:
        return Scene(party=party)
    places = movements.list_places(connection, known.office) if known.is_here else ()
    may_be_opened = any(Doing.OPEN_SEAL in one.doings and is_open(one, now) for one in places)
    return Scene(known.office, known.is_here, may_be_opened, party)
