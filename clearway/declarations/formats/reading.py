"""Reading a declaration in whichever form it came."""

from __future__ import annotations

from clearway.declarations.formats import json, wco
from clearway.declarations.message import Form, Message
from clearway.errors import MalformedMessage
from clearway.wire.limits import STANDARD, Limits

_HINTS = {"json": Form.JSON, "xml": Form.WCO}


def read(data: bytes, hint: str = "", *, limits: Limits = STANDARD) -> Message:
    """Return what a message says (see `wco.read`, `json.read`).

    Args:
        hint: a media type or a file name's ending, such as `application/xml` or `.json`; without
            one that says it, the first character decides.

    Raises: MalformedMessage: neither XML nor JSON, or not well-formed. TooLarge.
    """
    form = next((form for name, form in _HINTS.items() if name in hint.lower()), None)
    form = form or sniff(data)
    reader = json.read if form is Form.JSON else wco.read
    return reader(data, limits=limits)


def sniff(data: bytes) -> Form:
    """Return the form that the first character shows, whatever the encoding and its mark.

    Raises: MalformedMessage: neither.
    """
    first = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    if first == b"{":
        return Form.JSON
    if first == b"<":
        return Form.WCO
    raise MalformedMessage(
        "The message is neither XML nor JSON: it begins with neither '<' nor '{'. Send a WCO"
        " declaration (application/xml) or our JSON form (application/json)"
    )
