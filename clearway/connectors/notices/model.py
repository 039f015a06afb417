"""Addresses that want to be told, notices on their way, and what became of an attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.terms.alarm import AlarmLevel


class Channel(StrEnum):
    """How a notice goes."""

    WEBHOOK = "webhook"
    MAIL = "mail"


class Language(StrEnum):
    """In which notices are written."""

    ENGLISH = "en"
    FRENCH = "fr"
    SPANISH = "es"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only critical notices are sent: minutes after midnight on the reader's clock.

    Args:
        begins, ends: may lie across midnight.
        utc_offset_min: of the reader's clock, minutes east of UTC.
    """

    begins: int
    ends: int
    utc_offset_min: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody wants to be told, and of what.

    Args:
        name: stable, chosen by whoever set it.
        target: an https URL, or a mail address.
        agency: of whose node this is kept, and of whose tasks officers want to hear.
        audience: `terminal`, `carrier`, `officer` or `trader`.
        party: who keeps it, "" for an agency; a trader hears of this party's goods only.
        least_level: what is less urgent is not sent.
        generation: counts how often the webhook's secret was made anew.
    """

    name: str
    channel: Channel
    target: str
    agency: str
    audience: str
    party: str = ""
    language: Language = Language.ENGLISH
    least_level: AlarmLevel = AlarmLevel.WARNING
    quiet: Quiet | None = None
    generation: int = 0


class Progress(StrEnum):
    """WAITING: still to be sent. DEAD: given up. CANCELLED: needless before it was sent."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Result(StrEnum):
    """Of one attempt. REFUSED: for good, trying again is no use. GONE: nobody is there any more."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt; `detail` names the status or the error, never a secret."""

    result: Result
    detail: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said to whoever wants to hear it.

    Args:
        event: `task.opened` or the like.
        about: subject of what it speaks of, such as `task:17`; ended, its notices are cancelled.
        due_at: not to be sent before, aware UTC.
        audience, agency, party, level: by which addresses are found.
        words: title and text by language.
        data: what a webhook gets.
    """

    event: str
    about: str
    due_at: datetime
    audience: str
    agency: str
    party: str
    level: AlarmLevel
    words: Mapping[Language, tuple[str, str]]
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message on its way to one address.

    Args:
        seq: place of its fact in the log.
        id: the same at each attempt, so that whoever gets it twice can tell.
        due_at: of the next attempt.
        attempts: made so far.
        title, text: in the address's language.
        data: JSON text, exactly as a webhook gets it under `data`.
    """

    seq: int
    id: str
    address: str
    event: str
    about: str
    posted_at: datetime
    due_at: datetime
    attempts: int
    progress: Progress
    title: str
    text: str
    data: bytes
    detail: str = ""
