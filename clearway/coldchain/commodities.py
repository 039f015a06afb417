"""The library of commodities: how goods want to be kept and how they spoil.

The figures stand in `data/commodities.csv`, one commodity a row, with the source of each row, its
status (`seen` in the source, `derived` from it, or `assumed` by the house) and, in `assumed`, the
columns that the house filled in itself. They are a start for officers, not a standard.

A country adds its own: a file with the same columns (setting `commodities_file`), of which a row
with a known code replaces ours and an HS prefix of its own wins over the same prefix of ours. Goods
that share an HS code with others, such as limes with lemons, have no prefix: they are chosen by
code when the journey is told.

    of_hs("080390").code    # "banana"
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from clearway.coldchain import commodity_rows
from clearway.coldchain.kinetic_rows import PRODUCE_Q10
from clearway.coldchain.model import Commodity
from clearway.errors import NotFound

__all__ = ["PRODUCE_Q10", "Library", "find", "get", "library", "of_hs", "shipped", "use"]


@dataclass(frozen=True, slots=True)
class Library:
    """Commodities by code, and by HS prefix."""

    by_code: Mapping[str, Commodity]
    by_prefix: Mapping[str, Commodity]

    @classmethod
    def of(cls, commodities: Iterable[Commodity]) -> Library:
        """Return the library of some commodities; of an equal prefix the later one wins."""
        by_code = {found.code: found for found in commodities}
        by_prefix = {prefix: found for found in by_code.values() for prefix in found.hs}
        return cls(by_code, by_prefix)

    def merged(self, own: Iterable[Commodity]) -> Library:
        """Return this library with a country's own commodities over it."""
        mine = {found.code: found for found in own}
        kept = [found for found in self.by_code.values() if found.code not in mine]
        return Library.of([*kept, *mine.values()])

    def of_hs(self, hs: str) -> Commodity | None:
        """Return the commodity with the longest prefix of an HS code, or None for other goods."""
        for length in range(min(len(hs), 10), 3, -1):
            found = self.by_prefix.get(hs[:length])
            if found is not None:
                return found
        return None


@cache
def shipped() -> Library:
    """Return what ships with the package; the file is read once."""
    path = resources.files("clearway.coldchain") / "data" / "commodities.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return Library.of(commodity_rows.read(rows))


@dataclass(slots=True)
class _Shelf:
    """What this process uses. One node runs in a process, and sets it once, when it opens."""

    own: tuple[Commodity, ...] = ()
    merged: Library | None = field(default=None)

    def library(self) -> Library:
        if self.merged is None:
            self.merged = shipped().merged(self.own)
        return self.merged


_SHELF = _Shelf()


def use(own: Iterable[Commodity]) -> None:
    """Lay a country's own commodities over the library, in this process; none takes them away.

    A state follows the figures it began with: after a change, `clearway rebuild` makes the states
    again.
    """
    _SHELF.own, _SHELF.merged = tuple(own), None


def library() -> Mapping[str, Commodity]:
    """Return all commodities by code, the country's own among them."""
    return _SHELF.library().by_code


def get(code: str) -> Commodity:
    """Return the commodity of this code. Raises: NotFound: the library has none."""
    found = library().get(code)
    if found is None:
        raise NotFound(
            f"No commodity {code!r} in the library; it knows {', '.join(sorted(library()))}",
            code=code,
        )
    return found


def find(code: str | None) -> Commodity | None:
    """Return the commodity of this code, or None."""
    return None if code is None else library().get(code)


def of_hs(hs: str) -> Commodity | None:
    """Return the commodity with the longest prefix of an HS code, or None for other goods."""
    return _SHELF.library().of_hs(hs)
