"""Texts of the console in the user's language; the source texts are English.

A catalogue is `texts/<language>.json`: {source text: translation}, placeholders in braces. A text
without a translation is shown as it stands, so that a new page works before it is translated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "texts"
SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

Translate = Callable[..., str]


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that can be chosen, the source first."""
    return (SOURCE, *sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language; none for the source or an unknown one."""
    if language == SOURCE or language not in languages():
        return {}
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


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
