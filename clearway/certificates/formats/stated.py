"""Times as senders write them: read what can be read one way only, and keep the words.

read("2026-03-14T10:12:00-05:00")    # an instant
read("20260314")                     # a day (UNECE 2379, code 102)
read("May 1,2,5,10 2020")            # no single date: only the text
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from clearway.certificates.parts import Precision, Stated

_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:Z|[+-]\d{2}:?\d{2})?")
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_DIGITS: Final = re.compile(r"(\d{8})(\d{2})(\d{2})(\d{2})?")
_SLASHED: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


def read(text: str) -> Stated:
    """Return the time that `text` states; its precision says how far it could be read."""
    return (_day(text) or _clock(text) or _packed(text) or _slashed(text)) or Stated(
        text, None, Precision.TEXT
    )


def _day(text: str) -> Stated | None:
    found = _DAY.fullmatch(text)
    return _midnight(text, *found.groups()) if found else None


def _clock(text: str) -> Stated | None:
    return _instant(text, text) if _LOCAL.fullmatch(text) else None


def _packed(text: str) -> Stated | None:
    """Read 202603141012 and 20260314101200 (UNECE 2379 codes 203 and 204)."""
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second = found.groups()
    return _instant(text, f"{day}T{hour}{minute}{second or '00'}")


def _slashed(text: str) -> Stated | None:
    """Read 14/03/2026 and 03/14/2026, but not 03/04/2026, which may be two days."""
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    one, other, year = int(found[1]), int(found[2]), found[3]
    if one == other or one > 12 >= other:
        return _midnight(text, year, str(other), str(one))
    return _midnight(text, year, str(one), str(other)) if other > 12 >= one else None


def _midnight(text: str, year: str, month: str, day: str) -> Stated | None:
    try:
        return Stated(text, datetime(int(year), int(month), int(day), tzinfo=UTC), Precision.DAY)
    except ValueError:
        return None


def _instant(text: str, written: str) -> Stated | None:
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            return Stated(text, moment.replace(tzinfo=UTC), Precision.LOCAL)
        return Stated(text, moment.astimezone(UTC), Precision.INSTANT)
    except (ValueError, OverflowError):
        return None
