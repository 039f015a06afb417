"""The memory of risk: what is counted under which key, and how pasts are added up.

Each item is counted under about twenty keys: importer, declarant, exporter, office, origin, HS
levels, and pairs of them. One function says what an item adds (`counted`), one what a result of an
examination adds (`resulted`); training walks over years of history with them, and the projection
of `declaration.accepted/1` uses the same two. Everything is a whole number, so that the order of
adding does not matter.

A key is a 63-bit number. Its upper bits come from the anchor (the importer, the chapter ...), so
that what one declaration touches lies together in an index: a declaration dirties about ten pages
of `risk_history`, not forty. No name of a trader can be read back from a key.

Median and MAD would be more robust than the mean and variance of logarithms kept here, but they
cannot be added up. Robustness comes from three sides instead: logarithms, a prior on the spread,
and prices of consignments found not conform are taken out again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from clearway.risk.model import NEVER, Goods, Past
from clearway.risk.words import is_vague

SCALE = 10_000  # steps of a natural logarithm: 0.0001, a hundredth of a percent of a price
_MOST = 12 * SCALE  # e^12 EUR/kg; beyond, something is wrong with the mass, not with the price

_ANCHOR_BITS = 20
_REST_BITS = 43

UNKNOWN = 0  # key of what is not known: never stored, its past is NEVER

# Slots in the order of `keys_of`.
SLOTS: tuple[str, ...] = (
    "all",
    "importer",
    "declarant",
    "exporter",
    "office",
    "origin",
    "hs6",
    "hs4",
    "hs2",
    "importer_hs6",
    "importer_origin",
    "importer_exporter",
    "importer_declarant",
    "declarant_hs4",
    "declarant_origin",
    "exporter_hs4",
    "hs6_origin",
    "hs4_origin",
    "origin_dispatch",
    "package",
)
_PLACE = {name: place for place, name in enumerate(SLOTS)}
_PRICED = tuple(_PLACE[name] for name in ("hs6", "hs4", "hs6_origin", "importer_hs6"))
_PACKAGE = _PLACE["package"]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(instant: datetime) -> int:
    """Return whole days since 1970 UTC of an aware instant."""
    return (instant - _EPOCH).days


class Change(NamedTuple):
    """What one event adds to one key; the fields are those of `Past`."""

    n: int = 0
    examined: int = 0
    found: int = 0
    logs: int = 0
    log_sum: int = 0
    log_squares: int = 0
    vague: int = 0


Changes = dict[int, Change]


@lru_cache(maxsize=262_144)
def _bits(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=262_144)
def key_of(slot: str, anchor: str, *parts: str) -> int:
    """Return the key of a slot; UNKNOWN when a part is.

    Args:
        slot: one of `SLOTS`.
        anchor: what its keys lie together by; part of the key.
        parts: the rest of what is counted.
    """
    if not anchor or not all(parts):
        return UNKNOWN
    whole = _bits("\x1f".join((slot, anchor, *parts)))
    return (_bits(anchor) >> (64 - _ANCHOR_BITS)) << _REST_BITS | whole >> (64 - _REST_BITS)


def keys_of(goods: Goods) -> tuple[int, ...]:
    """Return the keys of an item, one for each of `SLOTS`."""
    hs6, hs4, hs2 = goods.hs[:6], goods.hs[:4], goods.hs[:2]
    importer, declarant, exporter = goods.importer, goods.declarant, goods.exporter
    origin, dispatch = goods.origin, goods.dispatch
    return (
        key_of("all", "border"),
        key_of("importer", importer),
        key_of("declarant", declarant),
        key_of("exporter", exporter),
        key_of("office", "border", goods.office),
        key_of("origin", "border", origin),
        key_of("hs6", hs2, hs6),
        key_of("hs4", hs2, hs4),
        key_of("hs2", hs2),
        key_of("importer_hs6", importer, hs6),
        key_of("importer_origin", importer, origin),
        key_of("importer_exporter", importer, exporter),
        key_of("importer_declarant", importer, declarant),
        key_of("declarant_hs4", declarant, hs4),
        key_of("declarant_origin", declarant, origin),
        key_of("exporter_hs4", exporter, hs4),
        key_of("hs6_origin", hs2, hs6, origin),
        key_of("hs4_origin", hs2, hs4, origin),
        key_of("origin_dispatch", "border", origin, dispatch),
        key_of("package", hs2, hs6),
    )


def log_steps(quotient: float) -> int | None:
    """Return the natural logarithm in `SCALE`-ths; None when there is none (zero, NaN ...)."""
    if not 0.0 < quotient < math.inf:
        return None
    return max(-_MOST, min(_MOST, round(math.log(quotient) * SCALE)))


class Trace(NamedTuple):
    """What an item leaves in the memory, worked out once.

    Args:
        goods: the item.
        keys: one for each of `SLOTS`.
        price: logarithm of EUR per kg in `SCALE`-ths; None when value or mass is unknown.
        package: logarithm of kg per package; None when either is unknown.
        is_vague: the description names no goods.
    """

    goods: Goods
    keys: tuple[int, ...]
    price: int | None
    package: int | None
    is_vague: bool


def trace(goods: Goods) -> Trace:
    """Return the trace of an item."""
    mass, packages = goods.net_mass_kg, goods.packages
    price = log_steps(goods.value_eur / mass) if mass > 0.0 else None
    package = log_steps(mass / packages) if packages > 0 else None
    return Trace(goods, keys_of(goods), price, package, is_vague(goods.description))


def counted(declaration: Iterable[Trace]) -> Changes:
    """Return what the acceptance of a declaration's items adds, by key."""
    changes: Changes = {}
    for each in declaration:
        vague = int(each.is_vague)
        bare = Change(1, 0, 0, 0, 0, 0, vague)
        price, heft = each.price, each.package
        priced = bare if price is None else Change(1, 0, 0, 1, price, price * price, vague)
        packed = bare if heft is None else Change(1, 0, 0, 1, heft, heft * heft, vague)
        _add(changes, each.keys, bare, priced, packed)
    return changes


def resulted(examined: Iterable[tuple[Trace, bool]]) -> Changes:
    """Return what results of examinations add, by key.

    Args:
        examined: items, each with whether it was found not conform. The price of such an item
            no longer counts as usual.
    """
    changes: Changes = {}
    for each, illicit in examined:
        bare = Change(0, 1, int(illicit))
        price = each.price if illicit else None
        heft = each.package if illicit else None
        priced = bare if price is None else Change(0, 1, 1, -1, -price, -price * price)
        packed = bare if heft is None else Change(0, 1, 1, -1, -heft, -heft * heft)
        _add(changes, each.keys, bare, priced, packed)
    return changes


def _add(
    changes: Changes, keys: tuple[int, ...], bare: Change, priced: Change, packed: Change
) -> None:
    for place, key in enumerate(keys):
        if key == UNKNOWN:
            continue
        change = priced if place in _PRICED else packed if place == _PACKAGE else bare
        known = changes.get(key)
        if known is not None:
            change = Change(*map(int.__add__, known, change))
        changes[key] = change


def merge(older: Past, newer: Past) -> Past:
    """Return a past and what came after it as one past."""
    n, examined, found, logs, log_sum, log_squares, vague, first, last = older
    return Past(
        n + newer[0],
        examined + newer[1],
        found + newer[2],
        logs + newer[3],
        log_sum + newer[4],
        log_squares + newer[5],
        vague + newer[6],
        first if first >= 0 else newer[7],
        newer[8] if newer[8] >= 0 else last,
    )


def without(past: Past, change: Change) -> Past:
    """Return the past as if this change had never been added.

    Days stay: an item of today is no earlier day, and a first day of today reads as new.
    """
    n, examined, found, logs, log_sum, log_squares, vague, first, last = past
    return Past(
        n - change[0],
        examined - change[1],
        found - change[2],
        logs - change[3],
        log_sum - change[4],
        log_squares - change[5],
        vague - change[6],
        first,
        last,
    )


class Memory:
    """Pasts of all keys in one process: training walks through years with it.

    A past is a list of the ten numbers here: those of `Past`, and the last day but one, since
    readers ask for the last day before theirs.
    """

    __slots__ = ("pasts",)

    def __init__(self) -> None:
        self.pasts: dict[int, list[int]] = {}

    def read(self, keys: Iterable[int], day: int) -> dict[int, Past]:
        """Return what is known of the keys to a reader on that day; absent keys are absent."""
        found: dict[int, Past] = {}
        pasts = self.pasts
        for key in keys:
            past = pasts.get(key)
            if past is not None:
                *sums, first, last, before = past
                found[key] = Past._make((*sums, first, last if last < day else before))
        return found

    def count(self, changes: Mapping[int, Change], day: int) -> None:
        """Add what was accepted on a day; days must not go back."""
        for key, (n, _, _, logs, log_sum, log_squares, vague) in changes.items():
            past = self._past(key)
            past[0] += n
            past[6] += vague
            if logs:
                past[3] += logs
                past[4] += log_sum
                past[5] += log_squares
            if past[7] < 0:
                past[7] = day
            if day > past[8]:
                past[9], past[8] = past[8], day

    def learn(self, changes: Mapping[int, Change]) -> None:
        """Add results of examinations."""
        for key, (_, examined, found, logs, log_sum, log_squares, _) in changes.items():
            past = self._past(key)
            past[1] += examined
            past[2] += found
            if logs:
                past[3] += logs
                past[4] += log_sum
                past[5] += log_squares

    def _past(self, key: int) -> list[int]:
        past = self.pasts.get(key)
        if past is None:
            past = self.pasts[key] = [*NEVER, -1]
        return past
