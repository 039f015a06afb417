"""Tokens of next pages: opaque, bounded, of one question only, for an hour.

A token says where a page ended and which events belong to the list at all, so that what is captured
meanwhile neither moves nor doubles anything. It grants nothing: who shows it is asked again what it
may see.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from clearway.errors import BadTerm
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.movements.epcis.select import Place

LIFE = timedelta(hours=1)
_START = Place(0, 0)
MOST_CHARACTERS = 4_000
_RULE = "take it from the Link of the page before, within an hour, for the same question"
_FARTHEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Token:
    """Where the next page begins.

    Args:
        question: digest of the question that it belongs to.
        place: where the page before ended; a list of names has the last name instead.
        upto: place of the log behind the last event of the list.
        left: how many events may still follow, None without a limit.
        expires: until when it holds.
    """

    question: str
    upto: int
    expires: datetime
    place: Place = _START
    name: str = ""
    left: int | None = None


def question_of(*parts: object) -> str:
    """Return the digest of a question: its path, its parameters, who asks."""
    return sha256(repr(parts).encode()).hexdigest()[:16]


def write(token: Token) -> str:
    """Return the token as text."""
    whole = (
        token.question, token.upto, to_microseconds(token.expires), token.place.value,
        token.place.seq, token.name, token.left,
    )  # fmt: skip
    return base64.urlsafe_b64encode(msgspec.json.encode(whole)).decode().rstrip("=")


def read(text: str, question: str, now: datetime) -> Token:
    """Return the token of a text.

    Raises: BadTerm: none of ours, of another question, or too old.
    """
    shape = tuple[str, int, int, int, int, str, int | None]
    try:
        if len(text) > MOST_CHARACTERS:
            raise ValueError("too long")
        padded = text + "=" * (-len(text) % 4)
        whole = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=shape)
        asked, upto, expires, value, seq, name, left = whole
        if max(abs(upto), abs(value), abs(seq)) > _FARTHEST:
            raise ValueError("too far")
        if left is not None and not 0 < left <= _FARTHEST:
            raise ValueError("nothing is left")
        from_microseconds(value)  # an event time; where it is a seq, it is far less
        token = Token(asked, upto, from_microseconds(expires), Place(value, seq), name, left)
    except (binascii.Error, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise BadTerm("nextPageToken", text, _RULE, field="nextPageToken") from error
    if token.question != question or token.expires < now:
        raise BadTerm("nextPageToken", text, _RULE, field="nextPageToken")
    return token
