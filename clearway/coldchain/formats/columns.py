"""What the columns of a logger's table mean, by their headings and their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clearway.coldchain.formats.json import MOST_PROBES
from clearway.terms.finding import Area, Finding, Level


class Column(StrEnum):
    """Meaning of a column; the values are fields of `Reading`, but for the first two."""

    DATE = "date"
    TIME = "at"
    SUPPLY = "supply_c"
    RETURN = "return_c"
    PULP = "pulp_c"
    AMBIENT = "ambient_c"
    SET_POINT = "set_point_c"
    POWERED = "powered"
    DOOR_OPEN = "door_open"
    HUMIDITY = "humidity_pct"


TEMPERATURES = frozenset(
    {Column.SUPPLY, Column.RETURN, Column.PULP, Column.AMBIENT, Column.SET_POINT}
)

# The first pattern that is found in a heading gives its meaning; plain words come last.
_HEADINGS: tuple[tuple[re.Pattern[str], Column], ...] = tuple(
    (re.compile(pattern), column)
    for pattern, column in (
        (r"set.?point|sollwert|consigne|\bsp\b", Column.SET_POINT),
        (r"supply|discharge|delivery|\bsas\b|zuluft", Column.SUPPLY),
        (r"return|\bras\b|abluft", Column.RETURN),
        (r"pulp|probe|usda|cargo|product|\bcore\b", Column.PULP),
        (r"ambient|outside|outdoor", Column.AMBIENT),
        (r"\bpower|plugged|mains", Column.POWERED),
        (r"\bdoor", Column.DOOR_OPEN),
    )
)
_HUMIDITY = re.compile(r"humid|\brh\b|luftfeuchte|humedad")
_NOT_RELATIVE = re.compile(r"set.?point|\bsp\b|absolute|g/m|g/kg|batter|dew")
_NUMBERED = re.compile(r"(?:pulp|probe|usda|cargo|product|core)\D{0,10}(\d{1,2})(?!\d)")
_OTHER = re.compile(r"humid|\brh\b|%|volt|batter|light|lux|co2|o2|pressure|current|speed|dew")
_PLAIN_TEMPERATURE = re.compile(r"temp|°|celsius|fahrenheit|\bdeg")
_WHOLE_TIME = re.compile(r"\bat\b|time.?stamp|date.{0,5}time|time.{0,5}date|datetime|logged")
_DATE, _TIME = re.compile(r"\bdate\b|datum|fecha"), re.compile(r"time|\bhour\b|zeit|hora")
_FAHRENHEIT = re.compile(r"fahrenheit|(?:°|º|\bdeg\.?)\s*f\b|[\[(]\s*f\s*[\])]|[ _]f$")
_CELSIUS = re.compile(r"celsius|(?:°|º|\bdeg\.?)\s*c\b|[\[(]\s*c\s*[\])]|[ _]c$")

_NOTHING = frozenset(
    {"", "-", "--", "---", "n/a", "na", "nan", "null", "none", "err", "error", "open", "short"}
)
_YES = frozenset({"1", "true", "yes", "y", "on", "open", "opened"})
_NO = frozenset({"0", "false", "no", "n", "off", "closed", "shut"})
_NUMBER = re.compile(r"([+-]?\d{1,4}(?:[.,]\d{1,6})?)\s*(?:°|º)?\s*[CFcf]?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?)\s*%?(?:\s*rh)?", re.ASCII | re.IGNORECASE)


class Unreadable(ValueError):
    """A cell does not hold what its column holds."""


@dataclass(frozen=True, slots=True)
class Head:
    """The heading line of a table, understood.

    Args:
        time: places of the columns that together give the time: one, or date and time.
        meanings: place and meaning of the columns with values.
        probes: places of the probes inside the goods in the order of their numbers, None for a
            number that has no column; empty where there is but one without a number.
        fahrenheit: places of those that are in Fahrenheit.
        findings: what was guessed.
    """

    time: tuple[int, ...]
    meanings: tuple[tuple[int, Column], ...]
    probes: tuple[int | None, ...]
    fahrenheit: frozenset[int]
    findings: tuple[Finding, ...]


def understand(cells: Sequence[str], line: int) -> Head | None:
    """Return the head of a table, or None when this line is not one.

    A head has a time and at least one temperature.
    """
    names = [" ".join(cell.lower().split()) for cell in cells]
    time = _time_columns(names)
    meanings, taken_for_air = _meanings(names, time)
    if not time or not any(column in TEMPERATURES for _, column in meanings):
        return None
    fahrenheit = frozenset(i for i, _ in meanings if _FAHRENHEIT.search(names[i]))
    probes = _probes(names, [i for i, column in meanings if column is Column.PULP])
    return Head(
        time,
        meanings,
        probes,
        fahrenheit,
        _findings(cells, names, meanings, fahrenheit, taken_for_air, line),
    )


def _probes(names: Sequence[str], pulps: Sequence[int]) -> tuple[int | None, ...]:
    """Return the places of the probes by number: the numbers of their headings, else their order.

    A column without a number beside numbered ones is the pulp as the device sums it up.
    """
    numbers = {i: int(match[1]) for i in pulps if (match := _NUMBERED.search(names[i]))}
    by_number = {number: i for i, number in numbers.items()}
    is_told = len(by_number) == len(numbers) and all(0 < n <= MOST_PROBES for n in by_number)
    if numbers and is_told and (len(pulps) > 1 or 1 in by_number):
        return tuple(by_number.get(n) for n in range(1, max(by_number) + 1))
    return tuple(pulps[:MOST_PROBES]) if len(pulps) > 1 else ()


def _time_columns(names: Sequence[str]) -> tuple[int, ...]:
    for i, name in enumerate(names):
        if _WHOLE_TIME.search(name) and not _meaning(name):
            return (i,)
    dates = [i for i, name in enumerate(names) if _DATE.search(name)]
    times = [i for i, name in enumerate(names) if _TIME.search(name) and i not in dates]
    return tuple(dates[:1] + times[:1])


def _meanings(
    names: Sequence[str], time: tuple[int, ...]
) -> tuple[tuple[tuple[int, Column], ...], int | None]:
    """Return the meanings, and the place of a plain temperature that was taken for return air."""
    found = []
    plain = None
    for i, name in enumerate(names):
        if i in time:
            continue
        meaning = _meaning(name)
        if meaning is not None:
            found.append((i, meaning))
        elif plain is None and _PLAIN_TEMPERATURE.search(name) and not _OTHER.search(name):
            plain = i
    if plain is None or any(column is Column.RETURN for _, column in found):
        return tuple(found), None
    return (*found, (plain, Column.RETURN)), plain


def _meaning(name: str) -> Column | None:
    if _HUMIDITY.search(name) and not _NOT_RELATIVE.search(name):
        # One logger may name both in a heading, such as "Temp/RH": that is not a humidity.
        return None if _PLAIN_TEMPERATURE.search(name) else Column.HUMIDITY
    if _OTHER.search(name):
        return None
    for pattern, column in _HEADINGS:
        if pattern.search(name):
            return column
    return None


def _findings(
    cells: Sequence[str],
    names: Sequence[str],
    meanings: tuple[tuple[int, Column], ...],
    fahrenheit: frozenset[int],
    taken_for_air: int | None,
    line: int,
) -> tuple[Finding, ...]:
    def remark(code: str, level: Level, place: int, message: str) -> Finding:
        where = f"line {line}, column {place + 1}"
        return Finding(code, Area.MAPPING, level, where, message)

    found = []
    for i in sorted(fahrenheit):
        message = f"{cells[i][:60]!r} is in Fahrenheit and was turned into Celsius"
        found.append(remark("CC_C01", Level.INFO, i, message))
    for i, column in meanings:
        if column in TEMPERATURES and i not in fahrenheit and not _CELSIUS.search(names[i]):
            message = f"{cells[i][:60]!r} names no unit and was taken for Celsius"
            found.append(remark("CC_C02", Level.INFO, i, message))
    if taken_for_air is not None:
        message = f"{cells[taken_for_air][:60]!r} was taken for the air at the goods"
        found.append(remark("CC_C03", Level.INFO, taken_for_air, message))
    pulps = [i for i, column in meanings if column is Column.PULP]
    if len(pulps) > 1:
        message = f"{len(pulps)} probes; each is kept, and the warmest of them is the pulp"
        found.append(remark("CC_C04", Level.INFO, pulps[0], message))
    return tuple(found)


def temperature_c(cell: str, *, is_fahrenheit: bool) -> float | None:
    """Return degrees Celsius, None where the logger had nothing. Raises: Unreadable."""
    text = cell.strip()
    if text.lower() in _NOTHING:
        return None
    match = _NUMBER.fullmatch(text.replace("\u2212", "-"))
    if match is None:
        raise Unreadable(f"{text[:40]!r} is not a temperature")
    value = float(match[1].replace(",", "."))
    return round((value - 32.0) / 1.8, 3) if is_fahrenheit else value


def percent(cell: str) -> float | None:
    """Return percent, None where the logger had nothing. Raises: Unreadable."""
    text = cell.strip()
    if text.lower() in _NOTHING:
        return None
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise Unreadable(f"{text[:40]!r} is not a relative humidity")
    return float(match[1].replace(",", "."))


def yes_or_no(cell: str) -> bool | None:
    """Return what a switch says, None where the logger had nothing. Raises: Unreadable."""
    text = cell.strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if text in _NOTHING:
        return None
    raise Unreadable(f"{text[:40]!r} is neither yes nor no")
