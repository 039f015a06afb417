"""Our JSON form of a declaration: strict, and each refusal names its field.

The form is specified in docs/design/json-declaration.md. `read` gives every refusal at once, as
findings; what is not JSON at all, or over a limit, raises.

    message = read(b'{"format": "clearway.declaration/1", ...}')
    message.declaration or message.findings
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clearway.declarations.formats.json_form import FORMAT, DeclarationForm
from clearway.declarations.message import Form, Function, Message
from clearway.declarations.model import Declaration
from clearway.terms.finding import Area, Finding, Level
from clearway.wire import json
from clearway.wire.limits import STANDARD, Limits

_MOST_FINDINGS = 100

# What each kind of refusal says behind "the value ...".
_SENTENCES = {
    "bool_type": "must be true or false",
    "greater_than_equal": "must be {ge} or more",
    "int_type": "must be a whole number, without quotes",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "model_type": "must be an object",
    "rule": "{rule}",
    "string_pattern_mismatch": "must follow the pattern {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty; leave the field out instead",
    "string_type": "must be text in quotes",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entry",
    "tuple_type": "must be a list",
}


def read(data: bytes, *, limits: Limits = STANDARD) -> Message:
    """Return what a JSON message says, or why it is refused.

    Raises:
        MalformedMessage: not JSON, not UTF-8, or a name stands twice in one object.
        TooLarge: over one of `limits`.
    """
    value = json.parse(data, limits=limits)
    try:
        declaration = _declaration(value)
    except ValidationError as error:
        details = error.errors(include_url=False)[:_MOST_FINDINGS]
        findings = tuple(_finding(each) for each in details)
        return Message(Function.ORIGINAL, Form.JSON, None, None, findings, data)
    return Message(Function.ORIGINAL, Form.JSON, declaration, None, (), data)


def write(declaration: Declaration) -> bytes:
    """Return the declaration in our JSON form; fields at their default are left out."""
    return msgspec.json.encode({"format": FORMAT, **_plain(declaration)})


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the form (2020-12), for OpenAPI."""
    return DeclarationForm.model_json_schema()


def _declaration(value: Any) -> Declaration:
    form = DeclarationForm.model_validate(value)
    values = dict(form.__dict__)
    del values["format"]
    return Declaration(**values)


def _finding(error: ErrorDetails) -> Finding:
    """Return a refusal of pydantic as a finding in plain words."""
    field = _path(error["loc"])
    if error["type"] == "missing":
        message = f"{field} is absent; add it"
        return Finding("DEC_F01", Area.MANDATORY, Level.SEVERE, field, message)
    if error["type"] == "extra_forbidden":
        message = f"{field} is no field of this form; remove it, or mend its name"
        return Finding("DEC_F04", Area.SCHEMA, Level.SEVERE, field, message)
    sentence = _SENTENCES.get(error["type"])
    rule = sentence.format(**error.get("ctx", {})) if sentence else error["msg"]
    message = f"{field}: the value {_shown(error['input'])} {rule}"
    return Finding("DEC_F02", Area.MAPPING, Level.SEVERE, field, message)


def _path(steps: tuple[int | str, ...]) -> str:
    """Return `items[1].net_mass_kg` for the steps to a field."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.lstrip(".")[:200] or "(the whole message)"


def _shown(value: Any) -> str:
    """Return a value for a message, never more than a few words of it."""
    if isinstance(value, dict | list | tuple):
        return "of an object or list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _plain(value: Any) -> Any:
    """Return the JSON value of a part of the model."""
    if is_dataclass(value):
        return {
            field.name: _plain(inner)
            for field in fields(value)
            if (inner := getattr(value, field.name)) != field.default or field.default is MISSING
        }
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, str) else value
