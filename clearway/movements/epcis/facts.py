"""What the EPCIS repository records. Subjects: `epcis:<event id>`, `epcis_job:<id>`, ..."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from clearway.movements.epcis.document import Vocabulary
from clearway.movements.epcis.model import Event


class Behaviour(StrEnum):
    """What becomes of a document of which one event fails (GS1-Capture-Error-Behaviour)."""

    ROLLBACK = "rollback"
    PROCEED = "proceed"


@dataclass(frozen=True, slots=True)
class EventCaptured:
    """An event was captured.

    Args:
        event: in canonical form; its record time is the fact's own.
        event_id: its own, or its hash where the sender gave none.
        event_hash: CBV 2.0 event hash. It leaves out the event's id and its error declaration; the
            log's commitment covers them.
        document: SHA-256 of the bytes that were received, hexadecimal.
        position: of the event in that document, from 0.
        job: capture id.
        movements: SHA-256 of each movement fact that it tells as well, hexadecimal.
    """

    TYPE: ClassVar[str] = "movement.epcis_captured/1"

    event: Event
    event_id: str
    event_hash: str
    document: str
    position: int
    job: str
    movements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MasterDataCaptured:
    """A document told of places or things themselves, in its header."""

    TYPE: ClassVar[str] = "movement.epcis_master_data_captured/1"

    job: str
    document: str
    vocabularies: tuple[Vocabulary, ...]


@dataclass(frozen=True, slots=True)
class CaptureError:
    """Why one event of a document was not captured.

    Args:
        type: EPCIS exception, such as ValidationException.
        position: of the event, from 0; -1: the whole document.
    """

    type: str
    title: str
    detail: str
    position: int = -1
    field: str = ""


@dataclass(frozen=True, slots=True)
class CaptureEnded:
    """A document was taken in.

    Args:
        captured: events recorded. repeated: events that were on record already, word for word.
    """

    TYPE: ClassVar[str] = "movement.epcis_capture_ended/1"

    job: str
    document: str
    behaviour: Behaviour
    success: bool
    captured: int
    repeated: int
    errors: tuple[CaptureError, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryNamed:
    """A query got a name. `definition`: its parameters as JSON text."""

    TYPE: ClassVar[str] = "movement.epcis_query_named/1"

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class QueryDropped:
    """A named query was deleted, with its subscriptions."""

    TYPE: ClassVar[str] = "movement.epcis_query_dropped/1"

    name: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Somebody wants to be told what matches a named query.

    Args:
        dest: address that is told.
        stream: told at each capture; else by `schedule`.
        schedule: JSON text of the fields that were given; "" for a stream.
        report_if_empty: told even when nothing is new.
        initial_record_time: events recorded from then on.
    """

    TYPE: ClassVar[str] = "movement.epcis_subscribed/1"

    subscription: str
    query: str
    dest: str
    stream: bool
    schedule: str
    report_if_empty: bool
    initial_record_time: datetime


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """A subscription ended."""

    TYPE: ClassVar[str] = "movement.epcis_unsubscribed/1"

    subscription: str
