"""Files of what each office can do in a day, in TOML.

form = "clearway-capacity/1"

[default]                     # offices that are not named, and what a named one leaves out
red = 24                      # physical examinations a day
yellow = 40                   # documentary checks
blue = 20                     # audits after clearance
random_share = 0.01           # of all declarations, examined by the draw
explore_share = 0.05          # of red, for goods of which the model knows least
usual_arrivals = 200
opens = 6                     # hours UTC
closes = 20
weekdays = [1, 2, 3, 4, 5, 6] # Monday is 1; on other days only the law selects
least_score = 0.5
red_rate = 0.04               # share of declarations that the score is to bring into the lane
most_per_trader = 6           # of one importer sent to red a day but by law or by the draw
yellow_days = 3               # then a documentary check that nobody began becomes an audit
green_delay_minutes = 0       # how long an officer may stop a green declaration

[default.limits."S-0302-1"]   # a profile's own limits; all may be absent
most = 5                      # selections a day
opens = 8
closes = 18
first = 2026-01-01
last = 2026-12-31

[offices.GHTEM]
red = 40
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.risk.model import Capacities, Capacity, Limit

FORM = "clearway-capacity/1"
MOST_BYTES = 1_000_000
MOST_OFFICES = 10_000
MOST_LIMITS = 1_000
_MOST_PLACES = 100_000
_EPOCH = date(1970, 1, 1).toordinal()


def read(data: bytes, base: Capacity) -> Capacities:
    """Return the capacities of a file.

    Args:
        base: for what the file's default leaves out.

    Raises:
        TooLarge: more bytes, offices or limits than any administration has.
        MalformedMessage: not TOML, or a field is unknown or of another type.
        RuleViolation: a number is out of its range, or the numbers cannot go together.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"A file of capacities has at most {MOST_BYTES} bytes, this {len(data)}")
    try:
        content = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as broken:
        raise MalformedMessage(f"The file of capacities is not TOML: {broken}") from broken
    if content.pop("form", None) != FORM:
        raise MalformedMessage(f"form must be {FORM!r}, in the first line of the file")
    default = _capacity("default", _table("default", content.pop("default", {})), base)
    offices = _table("offices", content.pop("offices", {}))
    if content:
        raise MalformedMessage(f"There is no {sorted(content)[0]!r}; there are default and offices")
    if len(offices) > MOST_OFFICES:
        raise TooLarge(f"A file names at most {MOST_OFFICES} offices, this {len(offices)}")
    named = {
        office: _capacity(f"offices.{office}", _table(f"offices.{office}", table), default)
        for office, table in offices.items()
    }
    return Capacities(default, named)


def _table(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedMessage(f"{where} must be a table, such as [{where}]")
    return value


def _capacity(where: str, table: Mapping[str, Any], base: Capacity) -> Capacity:
    given = {name: value for name, value in table.items() if name != "limits"}
    values = {name: _field(f"{where}.{name}", value, _FIELDS) for name, value in given.items()}
    limits = dict(base.limits)
    for id, limit in _table(f"{where}.limits", table.get("limits", {})).items():
        limits[id] = _limit(f"{where}.limits.{id}", _table(f"{where}.limits.{id}", limit))
    if len(limits) > MOST_LIMITS:
        raise TooLarge(f"{where} limits {len(limits)} profiles; at most {MOST_LIMITS} can be")
    made = replace(base, **values, limits=limits)
    require_possible(where, made)
    return made


def _limit(where: str, table: Mapping[str, Any]) -> Limit:
    values = {name: _field(f"{where}.{name}", value, _LIMITS) for name, value in table.items()}
    made = Limit(**values)
    _require_hours(where, made.opens, made.closes)
    if made.first is not None and made.last is not None and made.last < made.first:
        raise RuleViolation(f"{where}.last lies before {where}.first; the profile never selects")
    return made


def require_possible(where: str, capacity: Capacity) -> None:
    """Refuse numbers that cannot go together.

    Raises: RuleViolation: the office closes before it opens; nobody works on any day; or the draw
    would need more than half of the examinations, so that it could not keep its places.
    """
    _require_hours(where, capacity.opens, capacity.closes)
    if not capacity.weekdays:
        raise RuleViolation(f"{where}.weekdays is empty; name the days when people work, 1 to 7")
    drawn = capacity.random_share * capacity.usual_arrivals
    if capacity.red and drawn > capacity.red / 2:
        raise RuleViolation(
            f"{where}.random_share draws {drawn:.1f} of {capacity.usual_arrivals} declarations a"
            f" day, more than half of red = {capacity.red}; lower it, or raise red"
        )


def _require_hours(where: str, opens: int, closes: int) -> None:
    if opens >= closes:
        raise RuleViolation(f"{where}.opens = {opens} must lie before closes = {closes}")


Reader = Callable[[str, Any], Any]


def _field(where: str, value: Any, known: Mapping[str, Reader]) -> Any:
    name = where.rpartition(".")[2]
    if name not in known:
        raise MalformedMessage(f"There is no {where}; there are: {', '.join(known)}")
    return known[name](where, value)


def _whole(least: int, most: int) -> Reader:
    def number(where: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise MalformedMessage(f"{where} must be a whole number, not {value!r}")
        if not least <= value <= most:
            raise RuleViolation(f"{where} = {value} is not from {least} to {most}")
        return value

    return number


def _share(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedMessage(f"{where} must be a number from 0 to 1, not {value!r}")
    if not 0.0 <= value <= 1.0:
        raise RuleViolation(f"{where} = {value} is not from 0 to 1")
    return float(value)


def _weekdays(where: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise MalformedMessage(f"{where} must be a list of days, Monday is 1, not {value!r}")
    day = _whole(1, 7)
    return tuple(sorted({day(where, each) for each in value}))


def _date(where: str, value: Any) -> int:
    # A datetime is a date as well, but with an hour that nobody would obey.
    if type(value) is not date:
        raise MalformedMessage(f"{where} must be a date such as 2026-01-31, not {value!r}")
    return value.toordinal() - _EPOCH


_PLACES, _HOUR = _whole(0, _MOST_PLACES), _whole(0, 24)
_FIELDS: dict[str, Reader] = {
    "red": _PLACES,
    "yellow": _PLACES,
    "blue": _PLACES,
    "random_share": _share,
    "explore_share": _share,
    "usual_arrivals": _whole(1, 10_000_000),
    "opens": _HOUR,
    "closes": _HOUR,
    "weekdays": _weekdays,
    "least_score": _share,
    "red_rate": _share,
    "yellow_rate": _share,
    "blue_rate": _share,
    "most_per_trader": _whole(0, _MOST_PLACES),
    "yellow_days": _whole(0, 365),
    "green_delay_minutes": _whole(0, 7 * 24 * 60),
}
_LIMITS: dict[str, Reader] = {
    "most": _PLACES,
    "opens": _HOUR,
    "closes": _HOUR,
    "first": _date,
    "last": _date,
}


def emit(capacities: Capacities) -> bytes:
    """Return the file of capacities; `read` gives the same again."""
    lines = [f'form = "{FORM}"', "", "[default]", *_lines(capacities.default)]
    lines += _limit_lines("default", capacities.default)
    for office, capacity in sorted(capacities.offices.items()):
        lines += ["", f"[offices.{_quoted(office)}]", *_lines(capacity)]
        lines += _limit_lines(f"offices.{_quoted(office)}", capacity)
    return ("\n".join(lines) + "\n").encode()


def _lines(capacity: Capacity) -> list[str]:
    values = asdict(capacity)
    return [
        f"{name} = {list(values[name]) if name == 'weekdays' else values[name]}"
        for name in _FIELDS
        if values[name] is not None
    ]


def _limit_lines(where: str, capacity: Capacity) -> list[str]:
    lines: list[str] = []
    for id, limit in sorted(capacity.limits.items()):
        lines += ["", f"[{where}.limits.{_quoted(id)}]"]
        for name in ("most", "opens", "closes"):
            if (value := getattr(limit, name)) is not None:
                lines.append(f"{name} = {value}")
        for name in ("first", "last"):
            if (day := getattr(limit, name)) is not None:
                lines.append(f"{name} = {date.fromordinal(day + _EPOCH).isoformat()}")
    return lines


def _quoted(text: str) -> str:
    # A basic string of TOML takes the escapes of JSON; of control characters it wants one more.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
