"""One success envelope: `{"data": ..., "receipt": ..., "next": ...}`, and cursors for pages."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Path
from fastapi.responses import Response

from clearway.errors import BadTerm
from clearway.ledger.fact import encode

Position = TypeVar("Position", bound=tuple[Any, ...])
FARTHEST = (1 << 63) - 1
"""The last place that a log can have: what the store holds as a whole number."""

Place = Annotated[int, Path(ge=0, le=FARTHEST)]


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


def position_of(cursor: str | None, shape: type[Position]) -> Position | None:
    """Return the position of a cursor in its shape, None without one.

    Raises: BadTerm: the cursor is not one of ours, or of another list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position: Position = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=shape)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _not_ours(cursor) from error
    if any(isinstance(part, int) and abs(part) > FARTHEST for part in position):
        raise _not_ours(cursor)
    return position


def place_of(cursor: str | None) -> int | None:
    """Return the place in the log at which a cursor stands, None without one.

    Raises: BadTerm: the cursor is not one of ours, or of another list.
    """
    position = position_of(cursor, tuple[int])
    return None if position is None else position[0]


def _not_ours(cursor: str) -> BadTerm:
    return BadTerm("cursor", cursor, "take it from the `next` of the page before", field="cursor")
