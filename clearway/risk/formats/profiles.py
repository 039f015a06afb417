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
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from clearway.errors import MalformedMessage
from clearway.risk.model import Channel, Profile
from clearway.risk.rules import Profiles
from clearway.terms.period import Period

_FIELDS = {
    "id": str,
    "text": str,
    "expression": str,
    "lane": str,
    "agency": str,
    "mandatory": bool,
    "valid_from": datetime,
}
_OPTIONAL = {"valid_until": datetime, "owner": str}


def read(data: bytes) -> Profiles:
    """Return the profiles of a file, compiled.

    Raises:
        MalformedMessage: not TOML, or a field is missing, unknown or of another type.
        RuleViolation: an expression cannot be used, or an id comes twice.
    """
    try:
        content = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
        raise MalformedMessage(f"The file of profiles is not TOML: {broken}") from broken
    tables = content.get("profile", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise MalformedMessage("Each profile must stand under [[profile]]")
    name = content.get("name", "profiles")
    return Profiles([_profile(table) for table in tables], str(name))


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
    datetime: "a time such as 2026-01-01T00:00:00Z",
}
