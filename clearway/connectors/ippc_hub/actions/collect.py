"""Hand letters to their receiver, and tell a sender how far its letters came. Nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from clearway.connectors.ippc_hub import letterbox, rules
from clearway.connectors.ippc_hub.actions.desk import Desk
from clearway.connectors.ippc_hub.model import Envelope, Header, Tracking
from clearway.errors import NotFound

# A country that has more waiting gets the next ones when these are acknowledged.
MOST_HEADERS: Final = 1_000
MOST_ENVELOPES: Final = 20
MOST_CONTENT: Final = 8 << 20


def list_headers(desk: Desk, country: str) -> tuple[Header, ...]:
    """Return headers of what waits for the caller, oldest first, at most 1,000.

    Args:
        country: only what this country sent; "", or the caller's own: whoever sent it.
    """
    wanted = rules.code(country)
    senders = () if wanted in ("", desk.caller.country) else (wanted,)
    return tuple(letterbox.incoming(desk.connection, desk.caller.country, MOST_HEADERS, senders))


def pull(desk: Desk, number: str) -> Envelope:
    """Return one letter; its receiver may have it again and again. Raises: NotFound."""
    letter = letterbox.find(desk.connection, number.strip())
    if letter is None or letter.header.to != desk.caller.country:
        raise NotFound(f"There is no envelope {number[:60]!r} for {desk.caller.country}")
    content = letterbox.content(desk.connection, letter.number)
    if not content:
        raise NotFound(f"The content of {letter.number} was taken, and has been deleted since")
    return letterbox.envelope(letter.header, content)


def pull_all(desk: Desk) -> tuple[Envelope, ...]:
    """Return the oldest letters, whole: at most 20, and not much over 8 MiB.

    Take headers and pull one by one instead: there a letter too large harms no other.
    """
    found: list[Envelope] = []
    size = 0
    for header in letterbox.incoming(desk.connection, desk.caller.country, MOST_ENVELOPES):
        content = letterbox.content(desk.connection, header.hub_number)
        size += len(content)
        if found and size > MOST_CONTENT:
            break
        found.append(letterbox.envelope(header, content))
    return tuple(found)


def track(desk: Desk, number: str) -> Header:
    """Return how far a letter of the caller, or to it, came."""
    letter = letterbox.find(desk.connection, number.strip())
    ours = desk.caller.country
    if letter is None or ours not in (letter.header.from_, letter.header.to):
        return replace(_NOBODY, hub_number=number, tracking=str(Tracking.NOT_EXISTS))
    return letter.header


def list_under_delivery(desk: Desk) -> tuple[Header, ...]:
    """Return headers of the caller's letters that no receiver has answered yet, oldest first."""
    return tuple(letterbox.under_delivery(desk.connection, desk.caller.country, MOST_HEADERS))


_NOBODY: Final = Header("", "", 0, 0, "")
