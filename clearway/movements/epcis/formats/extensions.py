"""Fields that are not of the standard: their names in full, their values kept as they were.

A JSON list becomes as many fields of one name, which is how XML writes it. Inside an extension,
names without a namespace are kept too.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from clearway.movements.epcis import names
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.formats.values import Reading, kind_of
from clearway.movements.epcis.model import Extension, Form

# Deeper than anything published; the limits of the parsers are wider, for the standard's own part.
MOST_LEVELS = 16
# Characters of names and texts in the extensions of one field.
MOST_CHARACTERS = 65_536
_by_name = attrgetter("name")


def is_extension(reading: Reading, name: str) -> bool:
    """Return whether a name is one of another namespace."""
    return ":" in name or name in reading.terms


def sorted_by_name(extensions: Iterable[Extension]) -> tuple[Extension, ...]:
    """Return fields in one order, so that XML and JSON give the same value.

    Fields of one name stay in the order in which they stood.
    """
    return tuple(sorted(extensions, key=_by_name))


def take_extension(reading: Reading, name: str, value: Any, place: Place) -> list[Extension]:
    """Return the fields that a name and its value make; [] after a finding."""
    before = reading.broken
    if isinstance(value, list) and value and type(value[0]) is Extension:
        found = value
    else:
        found = _take(reading, name, value, place, 1)
    if reading.broken == before and size(found) > MOST_CHARACTERS:
        reading.wrong(
            "EPC_R28", place, f"the extension has more than {MOST_CHARACTERS:,} characters"
        )
    return found


def size(extensions: Iterable[Extension]) -> int:
    """Return how many characters the names and texts of these fields have."""
    return sum(len(each.name) + len(each.text) + size(each.children) for each in extensions)


def full_name(reading: Reading, name: str, *, is_inner: bool = False) -> str | None:
    """Return `{namespace}local`; a bare name stays bare inside an extension.

    Returns: None: its prefix is not declared.
    """
    if name.startswith("{") or (is_inner and (":" not in name or name.startswith("@"))):
        return reading.terms.get(name, name)
    term = reading.terms.get(name)
    if term is not None:
        return term
    prefix, _, local = name.partition(":")
    namespace = reading.prefixes.get(prefix) or names.PREFIXES.get(prefix)
    if namespace is not None and not local.startswith("//"):
        return f"{{{namespace}}}{local}"
    return names.split_uri(name)


def _take(reading: Reading, name: str, value: Any, place: Place, level: int) -> list[Extension]:
    full = full_name(reading, name, is_inner=level > 1)
    if full is None:
        prefix = name.partition(":")[0][:60]
        reading.wrong("EPC_R26", place, f"the prefix {prefix!r} is not declared in @context")
        return []
    if not isinstance(value, list):
        return _one(reading, full, value, place, level, is_listed=False)
    found: list[Extension] = []
    for at, each in enumerate(value):
        within = (*place, at)
        if isinstance(each, list):
            reading.wrong("EPC_R3", within, "a list in a list has no form in XML; name the inner")
        else:
            found += _one(reading, full, each, within, level, is_listed=True)
    return found


def _one(
    reading: Reading, name: str, value: Any, place: Place, level: int, *, is_listed: bool
) -> list[Extension]:
    if not isinstance(value, dict):
        text, form = _scalar(reading, value, place)
        return [Extension(name, text, (), form, is_listed)]
    if level >= MOST_LEVELS:
        reading.wrong("EPC_R28", place, f"extensions go at most {MOST_LEVELS} levels deep")
        return []
    children: list[Extension] = []
    text = ""
    for inner, each in value.items():
        if inner == "#text" and isinstance(each, str):
            text = each
        else:
            children += _take(reading, inner, each, (*place, inner), level + 1)
    return [Extension(name, text, sorted_by_name(children), Form.TEXT, is_listed)]


def _scalar(reading: Reading, value: Any, place: Place) -> tuple[str, Form]:
    if isinstance(value, str):
        return value, Form.TEXT
    if isinstance(value, bool):
        return ("true" if value else "false"), Form.BOOLEAN
    if isinstance(value, int | Decimal):
        return str(value), Form.NUMBER
    if value is None:
        return "", Form.NULL
    reading.wrong("EPC_R3", place, f"cannot keep {kind_of(value)}")
    return "", Form.NULL
