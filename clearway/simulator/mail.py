"""Messages and the instants at which they reach the border; `post` puts a day's mail together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

CARRIER, TERMINAL = "carrier", "terminal"


class Kind(StrEnum):
    """What kind of message an event brings."""

    PARTY = "party"
    MANDATE = "mandate"
    CERTIFICATE = "certificate"
    DECLARATION = "declaration"
    JOURNEY = "journey"
    READINGS = "readings"
    ARRIVAL = "arrival"
    SEAL = "seal"
    EPCIS = "epcis"
    PRESENTATION = "presentation"


_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Event:
    """One message that reaches the border.

    Args:
        at: when, aware UTC.
        kind: what it is.
        account: who knocks; an account of `Day.accounts`.
        content_type: of `body`.
        body: the message, exactly as sent.
        key: idempotency key; "" where the message names itself.
        subject: what it is about: LRN, certificate or container number, party.
    """

    at: datetime
    kind: Kind
    account: str
    content_type: str
    body: bytes
    key: str = ""
    subject: str = ""


def arrival_order(event: Event) -> tuple[datetime, int, str, str]:
    """Return what mail is sorted by."""
    return event.at, _ORDER[event.kind], event.subject, event.key


def authority(country: str) -> str:
    """Return the account of the authority abroad that certifies for a country."""
    return f"nppo-{country.lower()}"


def midnight(when: date) -> datetime:
    """Return the first instant of a day, aware UTC."""
    return datetime(when.year, when.month, when.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Post:
    """The mail of a day.

    Args:
        events: in the order of arrival.
        meant_to_fail: keys of events that the border should refuse.
        forged_keys: keys under which altered content comes a second time.
    """

    events: tuple[Event, ...]
    meant_to_fail: frozenset[str]
    forged_keys: frozenset[str]
