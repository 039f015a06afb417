"""Notification of non-compliance: the importing country tells the exporting one (ISPM 13).

Significant instances only, as soon as the identity of the pest or the failure is sure; one notice
for each consignment, to the authority that certified it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clearway.errors import RuleViolation
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.places import Country


class Ground(StrEnum):
    """What was not complied with (ISPM 13, section 4)."""

    REQUIREMENT = "requirement"  # phytosanitary import requirements
    REGULATED_PEST = "regulated_pest"
    DOCUMENT = "document"  # missing, false, incomplete, invalid
    PROHIBITED = "prohibited"  # prohibited consignment or article
    TREATMENT = "treatment"  # evidence that a treatment failed
    EMERGENCY = "emergency"  # emergency action on a pest not listed


class Taken(StrEnum):
    """What was done with the consignment (ISPM 13, section 7.2)."""

    DESTROYED = "destroyed"
    RETURNED = "returned"
    TREATED = "treated"
    SORTED = "sorted"
    HELD = "held"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification (ISPM 13, section 7: the information that it holds).

    Args:
        reference: number, in the words of the country that notifies.
        notified_at: aware UTC.
        importing_country: that notifies.
        exporting_country: that is notified.
        ground: of the notification.
        pest: scientific name; "" where none was found.
        lines: numbers of the lines concerned; none: all.
        affected: which part of the consignment.
        action: what was done with it.
        text: what was found, in words.
        point_of_entry: where.
        inspected_at: when, aware UTC, or None.
    """

    reference: str
    notified_at: datetime
    importing_country: Country
    exporting_country: Country
    ground: Ground
    action: Taken
    text: str
    pest: str = ""
    lines: tuple[int, ...] = ()
    affected: str = ""
    point_of_entry: str = ""
    inspected_at: datetime | None = None


def require_whole(notice: Notice) -> None:
    """Refuse a notice that the other country could not act upon.

    Raises: RuleViolation: findings name each part that is missing.
    """
    findings = [
        Finding("CERT_NC1", Area.MANDATORY, Level.SEVERE, field, text)
        for field, text in _missing(notice)
    ]
    if findings:
        detail = f"The notification {notice.reference or 'without number'} is not whole"
        raise RuleViolation(f"{detail}: {findings[0].message}", findings)


def _missing(notice: Notice) -> Iterator[tuple[str, str]]:
    if not notice.reference:
        yield "reference", "A notification has a number, so that it can be answered."
    if not notice.text:
        yield "text", "A notification says in words what was found."
    if notice.ground is Ground.REGULATED_PEST and not notice.pest:
        yield "pest", "A notification of a regulated pest names the pest."
    if notice.importing_country == notice.exporting_country:
        yield "exporting_country", "A notification goes to another country."
