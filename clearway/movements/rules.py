"""What a movement must be to be recorded, and how it changes what is known of a container.

Movements are told by ships' agents, terminals and gates, each in its own time: what happened later
counts, in whatever order it is heard.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.errors import RuleViolation
from clearway.movements.model import (
    Arrival,
    Departure,
    GatePass,
    Movement,
    SealCheck,
    Whereabouts,
)
from clearway.terms.finding import Area, Finding, Level

CLOCK_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=400)
HEAVIEST_KG = Decimal(100_000)
"""No container on a truck weighs more; ISO 668 ends at 36 tonnes, road trains carry two."""

_OFFICE = re.compile("[A-Z0-9]{2,17}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,70}")


def require_possible(movement: Movement, now: datetime) -> None:
    """Refuse a movement that cannot be.

    Raises: RuleViolation: with a finding for each field that is wrong.
    """
    findings = check(movement, now)
    if findings:
        raise RuleViolation(findings[0].message, findings)


def check(movement: Movement, now: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with a movement.

    MOV_R1 office, MOV_R2 instant, MOV_R3 text, MOV_R4 weight.
    """
    found = []
    if _OFFICE.fullmatch(movement.office) is None:
        message = (
            f"office {movement.office[:40]!r} must be 2 to 17 capital letters and digits, such as"
            " KEMBA or DE004851"
        )
        found.append(_severe("MOV_R1", "office", message))
    if movement.at.tzinfo is None:
        message = f"at {movement.at.isoformat()} has no time zone; write 2026-03-02T12:00:00Z"
        found.append(_severe("MOV_R2", "at", message))
    elif not now - OLDEST <= movement.at <= now + CLOCK_AHEAD:
        message = f"at {movement.at.isoformat()} must be in the past, and within {OLDEST.days} days"
        found.append(_severe("MOV_R2", "at", message))
    for field in ("vessel", "destination", "gate"):
        if _TEXT.fullmatch(getattr(movement, field, "")) is None:
            message = f"{field} must be at most 70 characters of one line"
            found.append(_severe("MOV_R3", field, message))
    if isinstance(movement, GatePass) and not _is_weight(movement.gross_mass_kg):
        message = f"gross_mass_kg {movement.gross_mass_kg} must lie between 0 and {HEAVIEST_KG:,}"
        found.append(_severe("MOV_R4", "gross_mass_kg", message))
    return tuple(found)


def _is_weight(value: Decimal | None) -> bool:
    return value is None or (value.is_finite() and 0 < value <= HEAVIEST_KG)


def _severe(code: str, field: str, message: str) -> Finding:
    return Finding(code, Area.RULE, Level.SEVERE, field, message)


def follow(known: Whereabouts, movement: Movement) -> Whereabouts:
    """Return what is known after a movement; one that was overtaken changes nothing."""
    match movement:
        case Arrival():
            return _arrived(known, movement)
        case Departure():
            return _departed(known, movement)
        case GatePass():
            return _passed(known, movement)
        case SealCheck():
            return _looked(known, movement)


def _is_old(at: datetime, known: datetime | None) -> bool:
    return known is not None and at < known


def _arrived(known: Whereabouts, arrival: Arrival) -> Whereabouts:
    if _is_old(arrival.at, known.since):
        return known
    if known.is_here and known.office == arrival.office:
        return known  # told again, by the terminal after the carrier: the first one counts
    return replace(
        known,
        office=arrival.office,
        is_here=True,
        since=arrival.at,
        arrived_at=arrival.at,
        departed_at=None,
        vessel=arrival.vessel,
    )


def _departed(known: Whereabouts, departure: Departure) -> Whereabouts:
    if _is_old(departure.at, known.since) or (known.since is not None and not known.is_here):
        return known
    return replace(
        known,
        office=departure.office,
        is_here=False,
        since=departure.at,
        departed_at=departure.at,
    )


def _passed(known: Whereabouts, passed: GatePass) -> Whereabouts:
    if _is_old(passed.at, known.gate_at):
        return known
    mass = known.gross_mass_kg if passed.gross_mass_kg is None else passed.gross_mass_kg
    return replace(known, gate=passed.gate, gate_at=passed.at, gross_mass_kg=mass)


def _looked(known: Whereabouts, check: SealCheck) -> Whereabouts:
    if _is_old(check.at, known.seal_checked_at):
        return known
    return replace(known, seal=check.seal, seal_is_intact=check.is_intact, seal_checked_at=check.at)
