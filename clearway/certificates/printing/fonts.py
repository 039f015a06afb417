"""The fonts of printed certificates: pinned Python packages, never what a machine happens to have.

| package | for | licence |
|---|---|---|
| `fontpkg-noto-sans` | Latin, Greek, Cyrillic | OFL-1.1 |
| `fontpkg-noto-sans-arabic` | Arabic | OFL-1.1 |
| `noto-cjk-sans-otc` (extra `cjk`) | Chinese, Japanese, Korean | OFL-1.1 |

Other `fontpkg-noto-sans-*` packages are taken where installed. Without any, typst's own Libertinus
Serif shows Latin, Greek and Cyrillic. What no font shows is printed by its number, such as
`[U+82F9]`, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from clearway.certificates.printing.coverage import characters

# Package of Python -> family that typst knows its files by; the order is that of preference.
PACKAGES: Final = {
    "fontpkg_noto_sans": "Noto Sans",
    "fontpkg_noto_sans_arabic": "Noto Sans Arabic",
    "fontpkg_noto_sans_devanagari": "Noto Sans Devanagari",
    "fontpkg_noto_sans_thai": "Noto Sans Thai",
    "fontpkg_noto_sans_khmer": "Noto Sans Khmer",
    "fontpkg_noto_sans_tamil": "Noto Sans Tamil",
    "fontpkg_noto_sans_telugu": "Noto Sans Telugu",
    "noto_cjk_sans_otc": "Noto Sans CJK SC",
}
BUILT_IN: Final = "Libertinus Serif"

# What typst's Libertinus Serif shows for certain (a test prints them all): Latin with its
# diacritics, Greek, Cyrillic, punctuation, a few signs.
_BUILT_IN_POINTS: Final = frozenset(
    [
        *range(0x20, 0x7F),
        *range(0xA0, 0x180),
        *range(0x391, 0x3A2),
        *range(0x3A3, 0x3CA),
        *range(0x410, 0x450),
        *(0x200B, 0x2010, 0x2011, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022),
        *(0x2026, 0x20AC, 0x2122, 0x2192, 0x2212, 0x2264, 0x2265),
    ]
)

# An Arabic letter and digits of Arabic, Chinese and Thai scripts need no more than their presence.
_ARABIC_SAMPLE: Final = 0x0639


@dataclass(frozen=True, slots=True)
class Fonts:
    """Fonts to print with.

    Args:
        families: in the order in which a glyph is looked for.
        folders: where their files are.
        points: code points that at least one of them shows.
    """

    families: tuple[str, ...]
    folders: tuple[Path, ...]
    points: frozenset[int]

    @property
    def show_arabic(self) -> bool:
        """Whether labels in Arabic can be set."""
        return _ARABIC_SAMPLE in self.points

    def missing(self, text: str) -> set[str]:
        """Return the characters of `text` that no font shows."""
        return {each for each in text if ord(each) not in self.points}


@cache
def installed() -> Fonts:
    """Return what the installed packages of fonts give; their files are read once."""
    found = [(family, folder) for name, family in PACKAGES.items() for folder in _folders(name)]
    return of_folders([family for family, _ in found], [folder for _, folder in found])


def of_folders(families: Sequence[str], folders: Sequence[Path]) -> Fonts:
    """Return the fonts in these folders, and typst's own as the last resort."""
    points: set[int] = set()
    for file in _files(folders):
        points |= characters(file.read_bytes())
    return Fonts((*families, BUILT_IN), tuple(folders), _BUILT_IN_POINTS | points)


def _files(folders: Iterable[Path]) -> list[Path]:
    kinds = {".ttf", ".otf", ".ttc"}
    return sorted(each for folder in folders for each in folder.iterdir() if each.suffix in kinds)


def _folders(package: str) -> list[Path]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    home = Path(next(iter(spec.submodule_search_locations)))
    return [folder for folder in (home / "files", home) if folder.is_dir() and _files([folder])]
