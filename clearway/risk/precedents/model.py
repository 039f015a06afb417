"""A past case, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Likeness:
    """What goods are compared by; "" unknown.

    Args:
        importer, exporter: party ids or names.
        hs: 6 to 10 digits.
        origin: ISO 3166-1 alpha-2.
        day: of acceptance, days since 1970.
    """

    importer: str
    exporter: str
    hs: str
    origin: str
    day: int


@dataclass(frozen=True, slots=True)
class Precedent:
    """One examined item.

    Args:
        mrn, item: which; "" and 0 where that is not disclosed.
        goods: what it was; importer and exporter "" where they are not disclosed.
        examined_day: when the result was stated, days since 1970.
        found: whether it did not conform.
        kinds: codes of what was found.
    """

    mrn: str
    item: int
    goods: Likeness
    examined_day: int
    found: bool
    kinds: tuple[str, ...]
