"""One success envelope: `{"data": ..., "receipt": ..., "next": ...}`, and cursors for pages."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from fastapi.responses import Response

from clearway.errors import BadTerm
from clearway.ledger.fact import encode


def answer(
    data: Any,
    *,
    status: int = 200,
    receipt: bytes | None = None,
    following: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the envelope around `data` (frozen dataclasses or plain values).

    Args:
        receipt: JSON text of the receipt that proves what `data` says.
        following: cursor of the next page, None at the end.
    """
    body = {
        "data": data,
        "receipt": msgspec.Raw(receipt) if receipt is not None else None,
        "next": following,
    }
    return Response(encode(body), status, headers, "application/json")


def cursor_of(*position: str | int) -> str:
    """Return an opaque cursor that points after `position`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def position_of(cursor: str | None) -> list[str | int] | None:
    """Return the position of a cursor, None without one.

    Raises: BadTerm: the cursor is not one of ours.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=list[str | int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadTerm("cursor", cursor, "take it from the `next` of the page before") from error
