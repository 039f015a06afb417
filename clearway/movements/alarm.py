"""Alarms of the room: a seal opened where nobody may open it, a weight other than the declared one.

An alarm stands until somebody settles it with an outcome: no later message takes back that a seal
was opened. One of a kind stands for one thing (a seal, a weighbridge, a device) at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber


class MovementAlarmKind(StrEnum):
    """What is wrong; stable codes, also for translation."""

    SEAL_OPENED = "seal_opened"
    SEAL_BROKEN = "seal_broken"
    SEAL_MISSING = "seal_missing"
    SEAL_DIFFERS = "seal_differs"
    SEAL_BATTERY = "seal_battery"
    MASS_DIFFERS = "mass_differs"
    CUSTODY_DIFFERS = "custody_differs"
    DEVICE_REMOVED = "device_removed"


@dataclass(frozen=True, slots=True)
class MovementAlarm:
    """One thing that somebody should do something about.

    Args:
        at: when it happened.
        limit_at: until when something can be done; None: no limit is known.
        message: what is wrong, with the values; a sentence.
        advice: what to do about it; a sentence.
        mark: the seal, weighbridge, device or holder that it is about.
        place: where it happened, "" when unknown.
        values: what the sentences name, by parameter, so that they can be translated.
    """

    kind: MovementAlarmKind
    level: AlarmLevel
    container: ContainerNumber
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    mark: str = ""
    place: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RaisedMovementAlarm:
    """An alarm on the record.

    Args:
        seq: place of its fact in the log; names the alarm.
        acknowledged_at, acknowledged_by, note: who took it on, and what they said.
        settled_at, settled_by, outcome: who ended it, and how; None while it stands.
    """

    seq: int
    alarm: MovementAlarm
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""
    settled_at: datetime | None = None
    settled_by: str = ""
    outcome: str = ""
