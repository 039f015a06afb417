"""Files of selectivity profiles, in TOML.

name = "sample-2026.1"

[[profile]]
id = "S-0302-1"
text = "Fresh fish declared far below its usual unit value."
expression = 'item.hs.startsWith("0302") && item.price_spreads < -2.5'
lane = "red"                 # red, yellow or blue
agency = "customs"
mandatory = false
valid_from = 2026-01-01T00:00:00Z
valid_until = 2027-01-01T00:00:00Z     # may be absent: until further notice
owner = "risk analysis"
most_per_day = 5             # of each office; this and the hours (UTC) may be absent
opens = 8
closes = 18
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from clearway.errors import MalformedMessage, TooLarge
from clearway.risk.model import Channel, Profile
from clearway.risk.rules import Profiles
from clearway.terms.period import Period

MOST_BYTES = 4 << 20

_WRITTEN = ("id", "text", "expression", "lane", "agency", "owner")
_FIELDS = {
    "id": str,
    "text": str,
    "expression": str,
    "lane": str,
    "agency": str,
    "mandatory": bool,
    "valid_from": datetime,
}
_FORM = f"each profile stands under [[profile]] with {', '.join(_FIELDS)}"
_BOUNDS = {"most_per_day": int, "opens": int, "closes": int}
_OPTIONAL = {"valid_until": datetime, "owner": str, **_BOUNDS}


def read(data: bytes) -> Profiles:
    """Return the profiles of a file, compiled.

    Raises:
        MalformedMessage: not TOML, or a field is missing, unknown or of another type, or
            a table has another name than `profile`.
        RuleViolation: an expression cannot be used, or an id comes twice.
    """
    tables, name = _tables(data)
    return Profiles([_profile(table) for table in tables], name)


def read_bounds(data: bytes) -> dict[str, dict[str, int]]:
    """Return what bounds the selections of the profiles of a file, by id; absent: nothing.

    Raises: as `read`.
    """
    tables, _ = _tables(data)
    found = {
        _profile(table).id: {name: table[name] for name in _BOUNDS if name in table}
        for table in tables
    }
    return {id: bounds for id, bounds in found.items() if bounds}


def _tables(data: bytes) -> tuple[list[dict[str, Any]], str]:
    if len(data) > MOST_BYTES:
        raise TooLarge(f"A file of profiles has at most {MOST_BYTES:,} bytes, not {len(data):,}")
    try:
        content = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
        raise MalformedMessage(f"The file of profiles is not TOML: {broken}") from broken
    unknown = sorted(set(content) - {"name", "profile"})
    if unknown:
        raise MalformedMessage(
            f"The file of profiles has no use for {', '.join(unknown)}; {_FORM}", field=unknown[0]
        )
    tables = content.get("profile", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise MalformedMessage(f"The file of profiles cannot be read: {_FORM}", field="profile")
    return tables, str(content.get("name", "profiles"))


def write(
    profiles: Sequence[Profile], name: str, bounds: Mapping[str, Mapping[str, int]] | None = None
) -> bytes:
    """Return profiles as a file that `read` takes back unchanged."""
    lines = [f"name = {_quoted(name)}"]
    for each in profiles:
        lines += [
            "",
            "[[profile]]",
            *(f"{field} = {_quoted(str(getattr(each, field)))}" for field in _WRITTEN),
            f"mandatory = {str(each.mandatory).lower()}",
            f"valid_from = {each.period.start.isoformat()}",
        ]
        if each.period.end is not None:
            lines.append(f"valid_until = {each.period.end.isoformat()}")
        lines += [f"{field} = {value}" for field, value in (bounds or {}).get(each.id, {}).items()]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    # A JSON text is a TOML text, but for one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def sample() -> Profiles:
    """Return the sample profiles that come with the package: examples, of no authority."""
    return read(resources.files("clearway.risk").joinpath("profiles/sample.toml").read_bytes())


def _profile(table: dict[str, Any]) -> Profile:
    shown = table.get("id", "without id")
    for field, wanted in (_FIELDS | _OPTIONAL).items():
        if field not in table and field in _OPTIONAL:
            continue
        if not isinstance(table.get(field), wanted):
            raise MalformedMessage(
                f"Profile {shown}: {field} must be given, as {_NAMES[wanted]}", field=field
            )
    unknown = sorted(set(table) - set(_FIELDS) - set(_OPTIONAL))
    if unknown:
        raise MalformedMessage(f"Profile {shown}: there is no field {', '.join(unknown)}")
    if table["lane"] not in _LANES:
        raise MalformedMessage(
            f"Profile {shown}: lane {table['lane']!r} must be one of {', '.join(_LANES)}"
        )
    until = table.get("valid_until")
    return Profile(
        id=table["id"],
        text=table["text"],
        expression=table["expression"],
        lane=Channel(table["lane"]),
        agency=table["agency"],
        mandatory=table["mandatory"],
        period=Period(_utc(table["valid_from"]), None if until is None else _utc(until)),
        owner=table.get("owner", ""),
    )


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


_LANES = ("red", "yellow", "blue")
_NAMES = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    datetime: "a time such as 2026-01-01T00:00:00Z",
}
