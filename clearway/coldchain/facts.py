"""What happens in the cold chain, as it is kept for good. Subject: `container:<number>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.coldchain.model import Alarm, AlarmKind, AlarmLevel, Batch, Journey, Reading
from clearway.coldchain.sheets import Sheet
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class JourneyStarted:
    """Perishable goods of one kind went into a container."""

    TYPE: ClassVar[str] = "coldchain.journey_started/1"

    container: ContainerNumber
    commodity: str
    loaded_at: datetime
    set_point_c: float | None
    loaded_pulp_c: float | None
    life_used_days: float
    party: PartyId | None

    @classmethod
    def of(cls, journey: Journey) -> JourneyStarted:
        """Return the fact of a journey."""
        return cls(
            journey.container,
            journey.commodity,
            journey.loaded_at,
            journey.set_point_c,
            journey.loaded_pulp_c,
            journey.life_used_days,
            journey.party,
        )

    @property
    def journey(self) -> Journey:
        """The journey itself."""
        return Journey(
            self.container,
            self.commodity,
            self.loaded_at,
            self.set_point_c,
            self.loaded_pulp_c,
            self.life_used_days,
            self.party,
        )


@dataclass(frozen=True, slots=True)
class ReadingsReceived:
    """Readings of one or many devices came that were not known before; this fact is their store.

    Args:
        batches, readings: how many.
        packed: `packing.pack_group` of what was new, with the instants of arrival, and with the
            signed messages whole.
    """

    TYPE: ClassVar[str] = "coldchain.readings_received/1"

    batches: int
    readings: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class ReadingsFollowed:
    """The units' states were moved through readings that had been received.

    Args:
        facts: places in the log of the `ReadingsReceived`, oldest first.
    """

    TYPE: ClassVar[str] = "coldchain.readings_followed/1"

    facts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadingsArchived:
    """Readings left the tables: they are asked from the lake's series from then on.

    Args:
        until: readings before this instant, of units that sent nothing since, or of their earlier
            journeys.
        upto: place in the log of the last fact that the series had.
    """

    TYPE: ClassVar[str] = "coldchain.readings_archived/1"

    until: datetime
    upto: int


@dataclass(frozen=True, slots=True)
class ReadingsRecorded:
    """One batch, as it was kept before `ReadingsReceived`; it is still read, not written."""

    TYPE: ClassVar[str] = "coldchain.readings_recorded/1"

    device: str
    container: ContainerNumber
    boot_id: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class ReadingConflict:
    """A device sent readings again with other values; the first ones stand.

    Args:
        readings: the later version of the readings that differ.
        recorded: places in the log of the facts that hold the version that stands.
    """

    TYPE: ClassVar[str] = "coldchain.reading_conflict/1"

    device: str
    container: ContainerNumber
    boot_id: str
    readings: tuple[Reading, ...]
    recorded: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """An alarm (see `model.Alarm`); `cleared_at` when the same readings also ended it."""

    TYPE: ClassVar[str] = "coldchain.alarm_raised/1"

    kind: AlarmKind
    level: AlarmLevel
    container: ContainerNumber
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    values: Mapping[str, str]
    cleared_at: datetime | None = None

    @classmethod
    def of(cls, alarm: Alarm, cleared_at: datetime | None = None) -> AlarmRaised:
        """Return the fact of an alarm."""
        return cls(
            alarm.kind,
            alarm.level,
            alarm.container,
            alarm.at,
            alarm.limit_at,
            alarm.message,
            alarm.advice,
            alarm.values,
            cleared_at,
        )

    @property
    def alarm(self) -> Alarm:
        """The alarm itself."""
        return Alarm(
            self.kind,
            self.level,
            self.container,
            self.at,
            self.limit_at,
            self.message,
            self.advice,
            self.values,
        )


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged:
    """Somebody took an alarm on.

    Args:
        alarm: place of the alarm's fact in the log.
    """

    TYPE: ClassVar[str] = "coldchain.alarm_acknowledged/1"

    container: ContainerNumber
    alarm: int
    kind: AlarmKind
    note: str


def subject(batch_or_journey: Batch | Sheet | Journey) -> str:
    """Return what a fact about this container is about."""
    return f"container:{batch_or_journey.container}"
