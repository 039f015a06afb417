"""What bodies a door takes, and what OpenAPI says of them."""

from __future__ import annotations

from typing import Any

from clearway.errors import MalformedMessage

_TYPES = ("application/xml", "text/xml", "application/json")

DECLARATION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "title": "Declaration"}},
            "application/xml": {"schema": {"type": "string", "title": "WCO Data Model 3.6"}},
        },
    }
}


def require_body(body: bytes, media_type: str) -> bytes:
    """Return the body. Raises: MalformedMessage: it is empty, or of a type not read here."""
    kind = media_type.split(";")[0].strip().lower()
    if kind not in _TYPES:
        raise MalformedMessage(
            f"A body of type {kind or 'unknown'!r} is not read here; send application/xml (WCO"
            " Data Model 3.6) or application/json (docs/design/json-declaration.md)"
        )
    if not body.strip():
        raise MalformedMessage("The body is empty; send one declaration, as XML or JSON")
    return body
