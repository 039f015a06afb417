"""Times as loggers write them, and the guess whether the day or the month stands first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise

from clearway.terms.finding import Area, Finding, Level

_TIME = re.compile(
    r"(?P<a>\d{1,4})(?P<by>[./-]| )(?P<b>\d{1,2}|[A-Za-z]{3,9})\.?(?:[./-]| )(?P<c>\d{1,4})"
    r"(?:[ T,]+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_SECONDS = re.compile(r"[12]\d{9}(?:\d{3})?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SURE = 12  # a number above it is a day


@dataclass(frozen=True, slots=True)
class Instants:
    """How one file writes its times.

    Args:
        day_first: whether the day stands before the month, where the year does not come first.
        zone: for times that name none.
        findings: what was guessed.
    """

    day_first: bool
    zone: tzinfo
    findings: tuple[Finding, ...]

    def read(self, text: str) -> datetime | None:
        """Return the instant in UTC, or None when the text is no time."""
        return _read(text.strip(), self.day_first, self.zone)


def reader_of(texts: Sequence[str], zone: tzinfo | None) -> Instants:
    """Return how to read these times, all of one file.

    Args:
        zone: for times that name none; None: UTC, and a finding says so.
    """
    matches = [match for text in texts if (match := _TIME.fullmatch(text.strip())) is not None]
    day_first, findings = _day_first(matches, texts)
    if zone is None and any(match["zone"] is None for match in matches):
        message = "The times name no zone and were taken for UTC; say the zone if they are local"
        findings = (*findings, _remark("CC_C06", message))
    return Instants(day_first, zone or UTC, findings)


def _day_first(
    matches: list[re.Match[str]], texts: Sequence[str]
) -> tuple[bool, tuple[Finding, ...]]:
    """Decide by dots, names and numbers above 12; else by which order gives the shorter journey."""
    unclear = [m for m in matches if len(m["a"]) < 3 and m["b"].isdigit() and m["by"] != "."]
    if not unclear or any(int(m["a"]) > _SURE for m in unclear):
        return True, ()
    if any(int(m["b"]) > _SURE for m in unclear):
        return False, ()
    day_first = _jumps(texts, True) <= _jumps(texts, False)
    order = "day" if day_first else "month"
    message = (
        f"{unclear[0][0][:30]!r} may have the day or the month first; the {order} was taken to be"
        " first. Check the dates, and prefer 2026-03-02T12:00:00Z"
    )
    return day_first, (_remark("CC_C05", message),)


def _jumps(texts: Sequence[str], day_first: bool) -> tuple[int, timedelta]:
    """Return how often time runs backward, and the length of the whole."""
    read = [at for text in texts if (at := _read(text.strip(), day_first, UTC)) is not None]
    back = sum(later < earlier for earlier, later in pairwise(read))
    return back, (max(read) - min(read)) if read else timedelta(0)


def _remark(code: str, message: str) -> Finding:
    return Finding(code, Area.MAPPING, Level.WARNING, "time", message)


def _read(text: str, day_first: bool, zone: tzinfo) -> datetime | None:
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return _made(match, day_first, zone)
    except (ValueError, OverflowError):  # such as 31 February, or the year 0
        return None


def _made(match: re.Match[str], day_first: bool, zone: tzinfo) -> datetime:
    """Build the instant. Raises: ValueError: there is no such date."""
    a, b, c = match["a"], match["b"], match["c"]
    if len(a) > 2:
        year, month, day = int(a), _month(b), int(c)
    elif day_first or not b.isdigit() or match["by"] == ".":
        year, month, day = _year(c), _month(b), int(a)
    else:
        year, month, day = _year(c), int(a), int(b)
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour on a twelve-hour clock")
        hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    at = datetime(
        year,
        month,
        day,
        hour,
        int(match["minute"] or 0),
        int(match["second"] or 0),
        tzinfo=_zone(match["zone"]) or zone,
    )
    return at.astimezone(UTC)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else 2000 + int(text)


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))
