"""Our word on an envelope, and what a hub's word means for a certificate of ours. Pure.

word_on(findings)                    # Word(Kind.WARNINGS, "point of entry is missing")
delivery_of(header)                  # Delivery.WITH_WARNINGS; None: nothing new
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from clearway.certificates.issuing.course import Delivery
from clearway.connectors.ippc_hub.model import Header, Tracking
from clearway.terms.finding import Finding, Level

LONGEST: Final = 1_000
_MOST_FINDINGS: Final = 12
FIRST_PAUSE_S: Final = 2.0
_LAST_DOUBLING: Final = 16

_DELIVERIES: Final = {
    Tracking.DELIVERED: Delivery.DELIVERED,
    Tracking.WITH_WARNINGS: Delivery.WITH_WARNINGS,
    Tracking.NOT_READABLE: Delivery.NOT_READABLE,
    Tracking.FAILED: Delivery.FAILED,
    Tracking.NOT_EXISTS: Delivery.FAILED,
}


class Kind(StrEnum):
    """How an envelope is acknowledged."""

    TAKEN = "taken"
    WARNINGS = "warnings"
    NOT_READABLE = "not_readable"


@dataclass(frozen=True, slots=True)
class Word:
    """What the sender of an envelope is told."""

    kind: Kind
    message: str = ""


def word_on(findings: tuple[Finding, ...], *, alarm: str = "") -> Word:
    """Return our word on a certificate that is on file now.

    Severe findings do not make it unreadable: it was read, it is kept, and its authority shall see
    what is wrong with it.

    Args:
        alarm: what else its sender must know, such as other content under its number.
    """
    grave = [each for each in findings if each.level in (Level.SEVERE, Level.WARNING)]
    told = [alarm] if alarm else []
    told += [f"{each.field or 'message'}: {each.message}" for each in grave[:_MOST_FINDINGS]]
    if len(grave) > _MOST_FINDINGS:
        told.append(f"and {len(grave) - _MOST_FINDINGS} more")
    if not told:
        return Word(Kind.TAKEN)
    return Word(Kind.WARNINGS, "; ".join(told)[:LONGEST])


def unreadable(reason: str) -> Word:
    """Return our word on an envelope from which no certificate could be filed."""
    return Word(Kind.NOT_READABLE, reason[:LONGEST])


def delivery_of(header: Header) -> Delivery | None:
    """Return what a tracking means; None: it is on its way, or the hub says what nobody knows."""
    try:
        return _DELIVERIES.get(Tracking(header.tracking.strip()))
    except ValueError:
        return None


def reason_of(header: Header) -> str:
    """Return the hub's or the receiver's words, for the officer."""
    if header.error.strip():
        return header.error.strip()[:LONGEST]
    is_lost = header.tracking.strip() == Tracking.NOT_EXISTS
    return "The hub does not know this envelope any more; send it again." if is_lost else ""


def pause_s(failures: int, longest_s: float, chance: float) -> float:
    """Return seconds until the next try: doubled each time, by chance shorter.

    Args:
        failures: in a row, from 1.
        chance: from 0 to below 1, so that many nodes do not come back at one instant.
    """
    grown = FIRST_PAUSE_S * 2.0 ** min(failures - 1, _LAST_DOUBLING)
    return min(longest_s, grown) * (0.5 + chance / 2)
