"""Texts of the console in the user's language; the source texts are English.

A catalogue is `texts/<language>.json`: {source text: translation}, placeholders in braces. A text
without a translation is shown as it stands, so that a new page works before it is translated; the
tests do not let such a page through. To add a language, add its file: it can be chosen at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "texts"
SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
OWN_NAME = "(name of this language in itself)"
# Thousands and decimals as each language writes them; others write as the source does.
_MARKS = {"fr": ("\u202f", ","), "es": ("\u202f", ",")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Translate = Callable[..., str]


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that can be chosen, the source first."""
    return (SOURCE, *sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def language_names() -> dict[str, str]:
    """Return each language by its code, in its own words."""
    return {code: catalogue(code).get(OWN_NAME, "English") for code in languages()}


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language; none for the source or an unknown one."""
    if language == SOURCE or language not in languages():
        return {}
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


@cache
def translator(language: str) -> Translate:
    """Return `t(text, **values)` for a language."""
    texts = catalogue(language)

    def translate(text: str, **values: object) -> str:
        found = texts.get(text, text)
        return found.format(**values) if values else found

    return translate


def preferred(accepted: str) -> str:
    """Return the best language for an Accept-Language header."""
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in languages():
            return code
    return SOURCE


def number(language: str, value: float, digits: int = 0) -> str:
    """Return a number as the language writes it: `1,234.5`, `1 234,5`."""
    thousands, decimals = _MARKS.get(language, (",", "."))
    text = f"{value:,.{digits}f}".replace("-", "\u2212")
    return text.replace(",", "\0").replace(".", decimals).replace("\0", thousands)


def moment(language: str, instant: datetime, *, with_year: bool = False) -> str:
    """Return an instant (UTC) to the minute: `02 Mar 14:05`."""
    month = translator(language)(MONTHS[instant.month - 1])
    year = f" {instant.year}" if with_year else ""
    return f"{instant.day:02d} {month}{year} {instant.hour:02d}:{instant.minute:02d}"


def day(language: str, number: int) -> str:
    """Return a day, given in days since 1970 UTC: `14 Jul 2026`."""
    at = date(1970, 1, 1) + timedelta(days=number)
    return f"{at.day:02d} {translator(language)(MONTHS[at.month - 1])} {at.year}"
