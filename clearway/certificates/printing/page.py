"""What stands on a printed certificate, before anything is drawn: values, boxes, tables, blocks.

The template gets this as JSON. A text from a certificate is never more than a string to it: nothing
here is markup. Before that `Inscription.value` makes a text fit to print.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from clearway.certificates.printing.fonts import Fonts

# No field of a paper is longer; the whole stands in the XML that goes with it.
_LONGEST: Final = 8_000

# A run that a line of a narrow column may break; a number of a certificate or container is shorter.
_UNBROKEN: Final = re.compile(r"[^\s\u200b]{22}(?=[^\s\u200b]{4})")
_BREAK: Final = "\u200b"

# Marks, embeddings and isolates of direction (UAX 9): with them a stranger could turn digits round.
_TURNS: Final = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C}


@dataclass(frozen=True, slots=True)
class Value:
    """One text.

    Args:
        text: as it is shown.
        rtl: it runs from right to left.
        style: "", `strong`, `em` (scientific names), `muted`, `on` and `off` (a box with and
            without a cross).
    """

    text: str
    rtl: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A label and the values under it.

    Args:
        wide: it takes the whole width.
        number: as the model certificate counts its boxes; None: not counted.
    """

    label: str
    values: tuple[Value, ...]
    wide: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header that is repeated on each page.

    Args:
        label: what the table shows.
        columns: labels of its columns.
        widths: of the columns, in shares of the width.
        rows: for each column its values.
        number: as for a box.
    """

    label: str
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[tuple[Value, ...], ...], ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a section: exactly one of its members is there."""

    boxes: tuple[Box, ...] = ()
    table: Table | None = None
    statement: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its blocks; of the one for issue the template draws the signature."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Signing:
    """What the block of the signature says."""

    place: tuple[Value, ...] = ()
    officer: tuple[Value, ...] = ()
    date: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole certificate, ready for the template.

    Args:
        language: ISO 639-1.
        rtl: lines run from right to left.
        fonts: families, in the order in which a glyph is looked for.
        labels: fixed texts of the template, by their names there.
        title: of the document.
        warning: printed across each page and at its head; "" for a valid certificate.
        warning_text: the same as a sentence.
        digest: SHA-256 of the content, or "".
        date: of the document: year, month, day.
        notices: remarks on the print itself.
    """

    language: str
    rtl: bool
    fonts: tuple[str, ...]
    labels: dict[str, str]
    title: str
    subtitle: tuple[Value, ...]
    country: str
    authority: tuple[Value, ...]
    recipient: tuple[Value, ...]
    number: Value
    warning: str
    warning_text: str
    sections: tuple[Section, ...]
    signing: tuple[Signing, ...]
    digest: str
    date: tuple[int, int, int]
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Inscription:
    """Makes texts fit to print, and remembers what could not be shown.

    Args:
        fonts: what can be shown.
        lost: characters that no font shows.
    """

    fonts: Fonts
    lost: set[str] = field(default_factory=set)
    shortened: bool = False

    def value(self, text: str, style: str = "") -> Value:
        """Return a text as it can be printed: what no font shows by its number, `[U+82F9]`."""
        shown = self.text(text)
        return Value(shown, _runs_right_to_left(shown), style)

    def values(self, texts: Iterable[str], style: str = "") -> tuple[Value, ...]:
        """Return the texts that are not empty, each once."""
        return tuple(self.value(each, style) for each in dict.fromkeys(texts) if each.strip())

    def text(self, text: str) -> str:
        """Return the characters of a text as they can be printed."""
        if len(text) > _LONGEST:
            text, self.shortened = f"{text[:_LONGEST]} …", True
        composed = unicodedata.normalize("NFC", text)
        lost = self.fonts.missing(composed)
        if lost:
            composed = "".join(self._shown(each) if each in lost else each for each in composed)
        turned = "".join(each for each in composed if ord(each) not in _TURNS)
        return _UNBROKEN.sub(lambda run: run.group() + _BREAK, " ".join(turned.split()))

    def _shown(self, character: str) -> str:
        kind = unicodedata.category(character)
        if kind in {"Zs", "Zl", "Zp", "Cc"}:
            return " "
        if kind == "Cf":  # joiners and the like have no picture
            return ""
        self.lost.add(character)
        return f"[U+{ord(character):04X}]"


def _runs_right_to_left(text: str) -> bool:
    for each in text:
        direction = unicodedata.bidirectional(each)
        if direction in {"R", "AL"}:
            return True
        if direction == "L":
            return False
    return False
