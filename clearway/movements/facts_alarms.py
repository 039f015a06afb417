"""Alarms of movements and the places where things may be done, as they are kept for good.

Subject: `container:<number>` of an alarm, `place:<code>` of a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.movements.alarm import MovementAlarm, MovementAlarmKind
from clearway.movements.places import AuthorisedPlace
from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class MovementAlarmRaised:
    """An alarm (see `alarm.MovementAlarm`)."""

    TYPE: ClassVar[str] = "movement.alarm_raised/1"

    kind: MovementAlarmKind
    level: AlarmLevel
    container: ContainerNumber
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    mark: str
    place: str
    values: Mapping[str, str]

    @classmethod
    def of(cls, alarm: MovementAlarm) -> MovementAlarmRaised:
        """Return the fact of an alarm."""
        return cls(**{name: getattr(alarm, name) for name in cls.__slots__})

    @property
    def alarm(self) -> MovementAlarm:
        """The alarm itself."""
        return MovementAlarm(**{name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class MovementAlarmAcknowledged:
    """Somebody took an alarm on; `alarm` is the place of its fact in the log."""

    TYPE: ClassVar[str] = "movement.alarm_acknowledged/1"

    container: ContainerNumber
    alarm: int
    note: str


@dataclass(frozen=True, slots=True)
class MovementAlarmSettled:
    """Somebody ended an alarm, and how; `alarm` is the place of its fact in the log."""

    TYPE: ClassVar[str] = "movement.alarm_settled/1"

    container: ContainerNumber
    alarm: int
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class PlaceAuthorised:
    """An agency decided what may be done at a place and when; the latest decision counts."""

    TYPE: ClassVar[str] = "movement.place_authorised/1"

    place: AuthorisedPlace


@dataclass(frozen=True, slots=True)
class PlaceWithdrawn:
    """An agency took its decision on a place back."""

    TYPE: ClassVar[str] = "movement.place_withdrawn/1"

    code: str
    reason: str
