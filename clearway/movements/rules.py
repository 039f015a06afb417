"""What a movement must be to be recorded, and how it changes what is known of a container.

Movements are told by ships' agents, terminals, gates and seals, each in its own time: what happened
later counts, in whatever order it is heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from clearway.errors import RuleViolation
from clearway.movements.model import (
    Arrival,
    Association,
    CustodyChange,
    Departure,
    GatePass,
    Movement,
    Position,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
    Whereabouts,
)
from clearway.terms.finding import Area, Finding, Level

CLOCK_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=400)
HEAVIEST_KG = Decimal(100_000)
"""No container on a truck weighs more; ISO 668 ends at 36 tonnes, road trains carry two."""

_OFFICE = re.compile("[A-Z0-9]{2,17}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,70}")
_TEXTS = ("vessel", "destination", "gate", "place", "weighbridge", "giver", "taker", "device")
_FILLED = ("weighbridge", "taker", "device")
_OFFICE_OPTIONAL = (SealReport, CustodyChange, Association)
_MAKER, _TAG = re.compile("[0-9A-F]{4}"), re.compile("[0-9A-F]{8}")


def require_possible(movement: Movement, now: datetime) -> None:
    """Refuse a movement that cannot be.

    Raises: RuleViolation: with a finding for each field that is wrong.
    """
    findings = check(movement, now)
    if findings:
        raise RuleViolation(findings[0].message, findings)


def check(movement: Movement, now: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with a movement.

    MOV_R1 office, MOV_R2 instant, MOV_R3 text, MOV_R4 weight, MOV_R5 electronic seal, MOV_R6
    position.
    """
    return (
        *_check_office(movement),
        *_check_instants(movement, now),
        *_check_texts(movement),
        *_check_masses(movement),
        *_check_seal(movement),
    )


def _check_office(movement: Movement) -> Iterable[Finding]:
    if not movement.office and isinstance(movement, _OFFICE_OPTIONAL):
        return
    if _OFFICE.fullmatch(movement.office) is None:
        message = (
            f"office {movement.office[:40]!r} must be 2 to 17 capital letters and digits, such as"
            " KEMBA or DE004851"
        )
        yield _severe("MOV_R1", "office", message)


def _check_instants(movement: Movement, now: datetime) -> Iterable[Finding]:
    for field in ("at", "changed_at"):
        at = getattr(movement, field, None)
        if at is None:
            continue
        if at.tzinfo is None:
            message = f"{field} {at.isoformat()} has no time zone; write 2026-03-02T12:00:00Z"
            yield _severe("MOV_R2", field, message)
        elif not now - OLDEST <= at <= now + CLOCK_AHEAD:
            message = f"{field} {at.isoformat()} must be in the past, and within {OLDEST.days} days"
            yield _severe("MOV_R2", field, message)


def _check_texts(movement: Movement) -> Iterable[Finding]:
    for field in _TEXTS:
        text = getattr(movement, field, None)
        if text is None:
            continue
        if _TEXT.fullmatch(text) is None:
            yield _severe("MOV_R3", field, f"{field} must be at most 70 characters of one line")
        elif not text and field in _FILLED:
            yield _severe("MOV_R3", field, f"{field} must not be empty")


def _check_masses(movement: Movement) -> Iterable[Finding]:
    if not isinstance(movement, GatePass | Weighing):
        return
    gross, tare = movement.gross_mass_kg, movement.tare_kg
    for field, mass in (("gross_mass_kg", gross), ("tare_kg", tare)):
        if not _is_weight(mass):
            message = f"{field} {mass} must lie between 0 and {HEAVIEST_KG:,}"
            yield _severe("MOV_R4", field, message)
            return
    if tare is not None and (gross is None or tare > gross):
        message = f"tare_kg {tare} must be a part of gross_mass_kg {gross}"
        yield _severe("MOV_R4", "tare_kg", message)


def _is_weight(value: Decimal | None) -> bool:
    return value is None or (value.is_finite() and 0 < value <= HEAVIEST_KG)


def _check_seal(movement: Movement) -> Iterable[Finding]:
    if isinstance(movement, SealCheck) and movement.is_intact and not movement.is_present:
        yield _severe("MOV_R5", "present", "a seal that is not there cannot be intact")
    if not isinstance(movement, SealReport):
        return
    if movement.manufacturer and _MAKER.fullmatch(movement.manufacturer) is None:
        message = "manufacturer must be four hexadecimal digits in capitals, such as 00A7"
        yield _severe("MOV_R5", "manufacturer", message)
    if movement.tag and _TAG.fullmatch(movement.tag) is None:
        message = "tag must be eight hexadecimal digits in capitals, such as 0012FF3C"
        yield _severe("MOV_R5", "tag", message)
    if movement.position is not None and not is_on_earth(movement.position):
        message = "position must lie within 90 degrees of latitude and 180 of longitude"
        yield _severe("MOV_R6", "position", message)


def is_on_earth(position: Position) -> bool:
    """Return whether both degrees are in their range; not-a-number is in none."""
    return -90 <= position.latitude <= 90 and -180 <= position.longitude <= 180


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
        case SealReport():
            return _reported(known, movement)
        case Weighing():
            return _weighed(known, movement.at, movement.gross_mass_kg, movement.tare_kg)
        case CustodyChange():
            return _handed_over(known, movement)
        case Association():
            return known
        case _:
            assert_never(movement)


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
    if passed.gross_mass_kg is not None:
        known = _weighed(known, passed.at, passed.gross_mass_kg, passed.tare_kg)
    if _is_old(passed.at, known.gate_at):
        return known
    return replace(known, gate=passed.gate, gate_at=passed.at)


def _weighed(
    known: Whereabouts, at: datetime, gross_kg: Decimal, tare_kg: Decimal | None
) -> Whereabouts:
    if _is_old(at, known.weighed_at):
        return known
    return replace(known, gross_mass_kg=gross_kg, tare_kg=tare_kg, weighed_at=at)


def _looked(known: Whereabouts, check: SealCheck) -> Whereabouts:
    if _is_old(check.at, known.seal_checked_at):
        return known
    return replace(known, seal=check.seal, seal_is_intact=check.is_intact, seal_checked_at=check.at)


def _reported(known: Whereabouts, report: SealReport) -> Whereabouts:
    if _is_old(report.at, known.seal_checked_at):
        return known
    is_low = known.seal_battery_is_low if known.seal == report.seal else None
    return replace(
        known,
        seal=report.seal,
        seal_is_intact=report.state is SealState.SEALED,
        seal_checked_at=report.at,
        seal_battery_is_low=is_low if report.is_battery_low is None else report.is_battery_low,
    )


def _handed_over(known: Whereabouts, change: CustodyChange) -> Whereabouts:
    if _is_old(change.at, known.held_since):
        return known
    return replace(known, holder=change.taker, held_since=change.at)
