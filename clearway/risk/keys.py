"""Keys of what is counted: an importer, an HS code, a pair of both ..., as 63-bit numbers.

Each item is counted under some forty keys, one for each of `SLOTS`. A key mixes 64-bit hashes of
its parts; the mix is written once for whole columns (`mixed_columns`) and once for one item
(`mixed`), and a test holds them equal. Its upper bits come from the anchor (the importer, the
chapter ...), so that what one declaration touches lies together in an index. No name of a trader
can be read back from a key, but who knows a name can find its key.

Source of the mix: SplitMix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from clearway.risk.model import Goods
from clearway.risk.words import digits_of, telling, written

UNKNOWN = 0  # key of what is not known: never stored, its past is NEVER

_ANCHOR_BITS = 20
_REST_BITS = 43
_MASK = (1 << 64) - 1
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

Bits = npt.NDArray[np.uint64]
Keys = npt.NDArray[np.int64]

WORDS = 3
"""Telling words of a description that are counted."""

# Parts of goods that keys are made of, and of which of them each slot is made, the anchor first.
PARTS: tuple[str, ...] = (
    "importer", "declarant", "exporter", "office", "origin", "dispatch", "hs2", "hs4", "hs6", "hs",
    "preference", "address", "phone", "kin", "mass",
    *(f"word_{place}" for place in range(1, WORDS + 1)),
)  # fmt: skip
_MADE: dict[str, tuple[str, ...]] = {
    "all": (),
    "importer": ("importer",),
    "declarant": ("declarant",),
    "exporter": ("exporter",),
    "office": ("office",),
    "origin": ("origin",),
    "hs6": ("hs2", "hs6"),
    "hs4": ("hs2", "hs4"),
    "hs2": ("hs2",),
    "hs": ("hs2", "hs"),
    "importer_hs6": ("importer", "hs6"),
    "importer_hs2": ("importer", "hs2"),
    "importer_origin": ("importer", "origin"),
    "importer_exporter": ("importer", "exporter"),
    "importer_declarant": ("importer", "declarant"),
    "importer_office": ("importer", "office"),
    "declarant_hs4": ("declarant", "hs4"),
    "declarant_origin": ("declarant", "origin"),
    "exporter_hs4": ("exporter", "hs4"),
    "hs6_origin": ("hs2", "hs6", "origin"),
    "hs4_origin": ("hs2", "hs4", "origin"),
    "hs6_preference": ("hs2", "hs6", "preference"),
    "origin_dispatch": ("origin", "dispatch"),
    "office_hs2": ("hs2", "office"),
    "address": ("address",),
    "phone": ("phone",),
    "kin": ("kin",),
    "twin": ("hs2", "hs", "origin", "dispatch", "mass"),
    "package": ("hs2", "hs6"),
    **{f"word_{place}": (f"word_{place}",) for place in range(1, WORDS + 1)},
    **{f"word_{place}_hs4": (f"word_{place}", "hs4") for place in range(1, WORDS + 1)},
}
SLOTS: tuple[str, ...] = tuple(_MADE)
"""Slots in the order of `keys_of`."""
PLACE: Mapping[str, int] = {name: place for place, name in enumerate(SLOTS)}

# Slots of one space count together: a word is the same word in whichever place it stands.
SPACES: tuple[tuple[int, ...], ...] = (
    *((PLACE[name],) for name in SLOTS if not name.startswith("word_")),
    tuple(PLACE[f"word_{place}"] for place in range(1, WORDS + 1)),
    tuple(PLACE[f"word_{place}_hs4"] for place in range(1, WORDS + 1)),
)


@lru_cache(maxsize=262_144)
def bits_of(text: str) -> int:
    """Return the 64-bit hash of a part; 0 for an empty text."""
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


def _salt(slot: str) -> int:
    """Return where the mix of a slot begins: words in any place begin alike."""
    space = next(space for space in SPACES if PLACE[slot] in space)
    return bits_of("slot:" + SLOTS[space[0]])


_SALTS = tuple(_salt(slot) for slot in SLOTS)
_AT = {name: place for place, name in enumerate(PARTS)}
_PARTS_OF = tuple(tuple(_AT[part] for part in parts) for parts in _MADE.values())


@lru_cache(maxsize=262_144)
def mixed(salt: int, parts: tuple[int, ...]) -> int:
    """Return a key of the hashes of its parts, the anchor first; UNKNOWN when one is 0."""
    state = salt
    for part in parts:
        if not part:
            return UNKNOWN
        state = mixed_once((state + part + _STEP) & _MASK)
    anchor = parts[0] if parts else salt
    return (anchor >> (64 - _ANCHOR_BITS)) << _REST_BITS | state >> (64 - _REST_BITS)


def mixed_columns(salt: int, parts: tuple[Bits, ...], rows: int) -> Keys:
    """Return the same keys for whole columns of hashes, shape (rows,)."""
    if not parts:
        return np.full(rows, mixed(salt, ()), dtype=np.int64)
    state, room = np.full(rows, salt, dtype=np.uint64), np.empty(rows, dtype=np.uint64)
    for part in parts:
        state += part
        state += np.uint64(_STEP)
        _mix(state, room)
    state >>= np.uint64(64 - _REST_BITS)
    np.right_shift(parts[0], np.uint64(64 - _ANCHOR_BITS), out=room)
    room <<= np.uint64(_REST_BITS)
    state |= room
    for part in parts:
        if np.count_nonzero(part) < rows:
            state[part == 0] = UNKNOWN
    return state.view(np.int64)


def known_of(slot: int, parts: Mapping[str, Bits], rows: int) -> npt.NDArray[np.bool_]:
    """Return whether the keys of a slot are known, without making them."""
    known = np.ones(rows, dtype=np.bool_)
    for at in _PARTS_OF[slot]:
        known &= parts[PARTS[at]] != 0
    return known


def column_of(slot: int, parts: Mapping[str, Bits], rows: int) -> Keys:
    """Return the keys of a slot for whole columns.

    Args:
        slot: place in `SLOTS`.
        parts: hashes of each of `PARTS`, shape (rows,).
        rows: how many.
    """
    made = tuple(parts[PARTS[at]] for at in _PARTS_OF[slot])
    return mixed_columns(_SALTS[slot], made, rows)


def keys_of(goods: Goods) -> tuple[int, ...]:
    """Return the keys of an item, one for each of `SLOTS`."""
    hashes = [bits_of(text) for text in texts_of(goods)]
    hashes[_AT["mass"]] = mass_bits(goods.net_mass_kg)
    return tuple(
        mixed(salt, tuple(hashes[at] for at in parts))
        for salt, parts in zip(_SALTS, _PARTS_OF, strict=True)
    )


def texts_of(goods: Goods) -> tuple[str, ...]:
    """Return the texts of `PARTS` of an item; "" for what is unknown."""
    words = telling(goods.description)
    return (
        goods.importer,
        goods.declarant,
        goods.exporter,
        goods.office,
        goods.origin,
        goods.dispatch,
        goods.hs[:2],
        goods.hs[:4],
        goods.hs[:6],
        goods.hs,
        goods.preference,
        written(goods.address),
        digits_of(goods.phone),
        goods.kin,
        "",  # the mass is a number: see `mass_bits`
        *(words[place] if place < len(words) else "" for place in range(WORDS)),
    )


def mass_bits(kg: float) -> int:
    """Return a net mass as part of a key, to the gram; 0 unknown or beyond any ship."""
    if not 0.0 < kg < _MOST_KG:
        return 0
    return mixed_once((round(kg * 1000) + 1) & _MASK)


def mass_column(kg: npt.NDArray[np.float64]) -> Bits:
    """Return the same for a whole column."""
    usable = (kg > 0.0) & (kg < _MOST_KG)
    grams = np.rint(np.where(usable, kg, 0.0) * 1000).astype(np.uint64) + np.uint64(1)
    _mix(grams, np.empty_like(grams))
    return np.where(usable, grams, np.uint64(0))


_MOST_KG = 1e12


def mixed_once(state: int) -> int:
    """Return one step of the mix."""
    state = ((state ^ (state >> 30)) * _FIRST) & _MASK
    state = ((state ^ (state >> 27)) * _SECOND) & _MASK
    return state ^ (state >> 31)


def _mix(state: Bits, room: Bits) -> None:
    """Do one step of the mix in place; `room` is of the same shape."""
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        np.right_shift(state, np.uint64(shift), out=room)
        state ^= room
        state *= np.uint64(factor)
    np.right_shift(state, np.uint64(31), out=room)
    state ^= room
