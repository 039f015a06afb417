"""Single values of an event, taken from what JSON or XML gave; each wrong one is a finding.

Every `take_...` has the form `(reading, value, place) -> value or None`: None after a finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from clearway.errors import RuleViolation
from clearway.movements.epcis import names
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.model import Action, EventType
from clearway.terms.finding import Area, Finding, Level

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f<>\"\\^`{|}]+")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,18})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_URN_OF_CBV = ("urn:epcglobal:cbv:", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/")
_GS1_VOC = tuple(
    f"{scheme}://{host}/voc/" for scheme in ("https", "http") for host in ("gs1.org", "www.gs1.org")
)
_ACTIONS = frozenset(Action)
_TYPES = frozenset(EventType)
# 10^100 is beyond everything measured, and its decimal form still fits a line.
_MOST_DIGITS = 100
_LARGEST = Decimal("1E+100")
_SHOWN = 60
# A sender mends by the first findings; a million of them would only fill the memory.
MOST_OF_ONE = 20
MOST_OF_ALL = 1_000


@dataclass(slots=True)
class Reading:
    """The state of reading one document.

    Args:
        locate: turns a place within the document into a JSON pointer or an XPath.
        is_strict: JSON keeps the schema to the letter; XML is older and read leniently.
        prefixes: declared for extensions.
        terms: bare names that the context declares, with their full names.
        broken: how many rules were broken so far; not each becomes a finding.
    """

    locate: Callable[[Place], str]
    is_strict: bool
    prefixes: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: int = 0

    def wrong(self, code: str, place: Place, message: str, level: Level = Level.SEVERE) -> None:
        """Record that a rule is broken at a place; of very many, the first ones."""
        self.broken += 1
        if len(self.findings) >= (MOST_OF_ONE if self.broken <= MOST_OF_ALL else 1):
            return
        area = Area.MANDATORY if code in ("EPC_R2", "EPC_R24") else Area.SCHEMA
        self.findings.append(Finding(code, area, level, self.locate(place), message))

    def missing(self, place: Place, name: str) -> None:
        """Record that a required field is not there."""
        self.wrong("EPC_R2", (*place, name), f"{name} is missing; it is required here")


def shown(value: object) -> str:
    """Return a stranger's value as a message may show it."""
    text = repr(value) if not isinstance(value, Decimal) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def kind_of(value: object) -> str:
    """Return what a value is, in the words of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | Decimal):
        return "a number"
    names_of: dict[type, str] = {str: "a text", list: "a list", dict: "an object"}
    return names_of.get(type(value), "something else")


def take_text(reading: Reading, value: Any, place: Place) -> str | None:
    """Return a text."""
    if type(value) is str:
        return value
    reading.wrong("EPC_R3", place, f"must be a text, but is {kind_of(value)}")
    return None


def take_uri(reading: Reading, value: Any, place: Place) -> str | None:
    """Return a URI, as written but for CURIEs of the standard's prefixes."""
    if type(value) is str and _URI.fullmatch(value):
        return value
    if take_text(reading, value, place) is not None:
        reading.wrong("EPC_R4", place, f"{shown(value)} is not a URI; write one such as urn:x:1")
    return None


def take_instant(reading: Reading, value: Any, place: Place) -> datetime | None:
    """Return an instant in UTC; more than six decimals of a second are cut."""
    if take_text(reading, value, place) is None:
        return None
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    reading.wrong(
        "EPC_R5", place, f"{shown(value)} is not an instant; write it as 2026-03-02T12:00:00Z"
    )
    return None


def take_number(reading: Reading, value: Any, place: Place) -> Decimal | None:
    """Return a number."""
    kind = type(value)
    if kind is int:
        value = Decimal(value)
    elif kind is not Decimal:
        reading.wrong("EPC_R3", place, f"must be a number, but is {kind_of(value)}")
        return None
    if (
        value.is_finite()
        and -_LARGEST < value < _LARGEST
        and (value.adjusted() >= -_MOST_DIGITS or not value)
    ):
        return value  # type: ignore[no-any-return]
    reading.wrong("EPC_R6", place, f"{shown(value)} is too large or too small; see EPC_R6")
    return None


def take_boolean(reading: Reading, value: Any, place: Place) -> bool | None:
    """Return true or false."""
    if type(value) is bool:
        return value
    reading.wrong("EPC_R29", place, f"must be true or false, but is {shown(value)}")
    return None


def _matching(pattern: re.Pattern[str], code: str, way_out: str) -> Callable[..., str | None]:
    def take(reading: Reading, value: Any, place: Place) -> str | None:
        if type(value) is str and pattern.fullmatch(value):
            return value
        if take_text(reading, value, place) is not None:
            reading.wrong(code, place, f"{shown(value)} does not fit; {way_out}")
        return None

    return take


take_offset = _matching(_OFFSET, "EPC_R9", "write it as +02:00, from -14:00 to +14:00")
take_unit = _matching(_UNIT, "EPC_R7", "write a code of UN/ECE Recommendation 20, such as KGM")
take_hex = _matching(_HEX, "EPC_R22", "write pairs of hexadecimal digits, such as f0f0")
take_version = _matching(_VERSION, "EPC_R23", "write it as 2.0")


def take_action(reading: Reading, value: Any, place: Place) -> str | None:
    """Return an action."""
    if value in _ACTIONS if type(value) is str else False:
        return str(value)
    reading.wrong("EPC_R8", place, f"{shown(value)} is no action; write ADD, OBSERVE or DELETE")
    return None


def take_event_type(reading: Reading, value: Any, place: Place) -> str | None:
    """Return a type of event."""
    if type(value) is str and (value in _TYPES or _URI.fullmatch(value)):
        return value
    reading.wrong(
        "EPC_R10", place, f"{shown(value)} is no type of event; write one of {', '.join(EventType)}"
    )
    return None


def _word(kind: str, refused: Collection[str]) -> Callable[..., str | None]:
    canonical: Callable[[str], str] = getattr(names, kind)
    barred = tuple(refused)
    known_words = names.words(kind)

    def take(reading: Reading, value: Any, place: Place) -> str | None:
        if type(value) is str and value in known_words:
            return known_words[value]
        if take_text(reading, value, place) is None:
            return None
        known = canonical(value)
        if ":" not in known or not _URI.fullmatch(known):
            title = kind.replace("_", " ")
            reading.wrong("EPC_R11", place, f"{shown(value)} is no {title} of the CBV, and no URI")
            return None
        if reading.is_strict and value.startswith(barred):
            bare = names.bare(kind, known)
            reading.wrong("EPC_R11", place, f"{shown(value)} must be written {bare!r} in JSON")
            return None
        return known

    return take


take_biz_step = _word("biz_step", _URN_OF_CBV)
take_disposition = _word("disposition", _URN_OF_CBV)
take_transaction_type = _word("biz_transaction_type", _URN_OF_CBV)
take_source_dest_type = _word("source_dest_type", _URN_OF_CBV)
take_error_reason = _word("error_reason", _URN_OF_CBV)
take_component = _word("component", _URN_OF_CBV)
take_measurement_type = _word("measurement_type", _GS1_VOC)
take_alert_type = _word("alert_type", _GS1_VOC)


def require_none(reading: Reading) -> None:
    """Refuse what was read if anything was wrong.

    Raises: RuleViolation: with the findings.
    """
    if reading.findings:
        first = reading.findings[0]
        raise RuleViolation(f"{first.field}: {first.message}", reading.findings)
