"""Fields of a JSON movement, read one by one; what is wrong is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from clearway.errors import BadTerm, RuleViolation
from clearway.movements.model import Position
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.transport import ContainerNumber, SealNumber

Choice = TypeVar("Choice", bound=StrEnum)


def wrong(field: str, message: str) -> RuleViolation:
    """Return the refusal of one field."""
    return RuleViolation(
        message, (Finding("MOV_J1", Area.SCHEMA, Level.SEVERE, field, message),), field=field
    )


def text(message: Mapping[str, Any], name: str) -> str:
    """Return a text, "" where it is absent. Raises: RuleViolation: it is none."""
    value = message.get(name, "")
    if not isinstance(value, str):
        raise wrong(name, f"{name} must be a text")
    return value


def container(message: Mapping[str, Any]) -> ContainerNumber:
    """Return the container. Raises: BadTerm: its number is wrong."""
    try:
        return ContainerNumber.read(text(message, "container"))
    except BadTerm as error:
        error.field = "container"
        raise


def seal(message: Mapping[str, Any]) -> SealNumber:
    """Return the seal. Raises: BadTerm: its number is wrong."""
    try:
        return SealNumber(text(message, "seal"))
    except BadTerm as error:
        error.field = "seal"
        raise


def instant(message: Mapping[str, Any], name: str) -> datetime:
    """Return an instant in UTC. Raises: RuleViolation: it is none, or has no time zone."""
    given = text(message, name)
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise wrong(name, f"{name} {given[:40]!r} must be like 2026-03-02T12:00:00Z") from error
    if at.tzinfo is None:
        raise wrong(name, f"{name} {given[:40]!r} has no time zone; write 2026-03-02T12:00:00Z")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise wrong(name, f"{name} {given[:40]!r} lies outside the calendar") from error


def mass(message: Mapping[str, Any], name: str) -> Decimal | None:
    """Return kilograms, None where it is absent. Raises: RuleViolation: it is no number."""
    value = message.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit():
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong(name, f"{name} must be a number of kilograms")
    return Decimal(value)


def truth(message: Mapping[str, Any], name: str) -> bool:
    """Return true or false. Raises: RuleViolation: it is neither."""
    value = message[name]
    if not isinstance(value, bool):
        raise wrong(name, f"{name} must be true or false")
    return value


def choice(message: Mapping[str, Any], name: str, kind: type[Choice]) -> Choice:
    """Return one of a few words. Raises: RuleViolation: it is none of them."""
    value = text(message, name)
    if value not in list(kind):
        raise wrong(name, f"{name} {value[:40]!r} must be {' or '.join(kind)}")
    return kind(value)


def position(message: Mapping[str, Any]) -> Position | None:
    """Return the position, None where it is absent. Raises: RuleViolation: not two degrees."""
    value = message.get("position")
    if value is None:
        return None
    rule = 'position must be like {"latitude": -4.05, "longitude": 39.66}'
    if not isinstance(value, dict) or set(value) != {"latitude", "longitude"}:
        raise wrong("position", rule)
    degrees = [value["latitude"], value["longitude"]]
    if any(isinstance(one, bool) or not isinstance(one, int | Decimal) for one in degrees):
        raise wrong("position", rule)
    return Position(*map(float, degrees))
