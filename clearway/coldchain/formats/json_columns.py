"""Batches of readings as JSON, read into columns without making the readings.

    sheet = read(data) or sheet_of(json.read(data)[0])

Only what has no oddity is read here; `json` reads all, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from operator import attrgetter, floordiv, is_not, sub
from typing import Any, Final, get_type_hints

import msgspec

from clearway.coldchain.formats import json
from clearway.coldchain.model import Reading
from clearway.coldchain.sheets import DEFAULTS, Sheet
from clearway.errors import BadTerm
from clearway.ledger.columns import to_microseconds

# As `json.read` decodes, with rows that cost a seventh of a `Reading` and live no longer than it
# takes to turn them into columns. They hold nothing that could hold them, so the collector of
# cycles need not know them.
_HINTS = get_type_hints(Reading)
_Row = msgspec.defstruct(
    "_Row",
    [
        (name, _HINTS[name]) if name in ("seq", "at") else (name, _HINTS[name], default)
        for name, default in DEFAULTS.items()
    ],
    frozen=True,
    gc=False,
)
_Rows = msgspec.defstruct(
    "_Rows",
    [("device", str), ("container", str), ("boot_id", str), ("readings", tuple[_Row, ...])],  # type: ignore[valid-type]
    frozen=True,
    gc=False,
)
_row_batches = msgspec.json.Decoder(_Rows)
_row_values = attrgetter(*DEFAULTS)
_zone, _IN_UTC = attrgetter("tzinfo"), frozenset([UTC])
_EMPTY: Final = tuple(DEFAULTS.values())
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def read(data: bytes) -> Sheet | None:
    """Return the batch of a JSON message as columns, without remarks.

    None: something is unusual about it, such as an unknown name, an instant in another zone or a
    mistake; `json.read` then says what, or reads it.
    """
    if len(data) > json.LIMITS.size_bytes:
        return None
    try:
        found: Any = _row_batches.decode(data)
        container = json.container_of(found.container)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BadTerm):
        return None
    rows = found.readings
    columns = _columns(rows)
    if columns is None or not json.is_exact(data, len(rows), _given(columns, len(rows))):
        return None
    seqs, instants = columns.pop("seq"), columns.pop("at")
    if not (_are_utc(instants) and _has_pulp(columns)):
        return None
    return Sheet(found.device, container, found.boot_id, seqs, _microseconds(instants), columns)


def _columns(rows: tuple[Any, ...]) -> dict[str, tuple[Any, ...]] | None:
    """Return the columns of what the first row has; None: there are no rows, or no values."""
    if not rows:
        return None
    first = _row_values(rows[0])
    if len(rows) == 1:
        found = {
            name: (value,)
            for name, value, default in zip(DEFAULTS, first, _EMPTY, strict=True)
            if value is not default
        }
        return found if len(found) > 2 else None
    names, getter = _taking(tuple(map(is_not, first, _EMPTY)))
    if len(names) == 2:
        return None
    return dict(zip(names, zip(*map(getter, rows), strict=True), strict=True))


@lru_cache(512)  # as many as there are
def _taking(mask: tuple[bool, ...]) -> tuple[tuple[str, ...], attrgetter[tuple[Any, ...]]]:
    names = tuple(name for name, is_there in zip(DEFAULTS, mask, strict=True) if is_there)
    return names, attrgetter(*names)


def _given(columns: dict[str, tuple[Any, ...]], count: int) -> int:
    """Return how many values there are behind `seq` and `at`."""
    whole = (len(columns) - 2) * count
    if count == 1:
        return whole  # the first row has them all
    return whole - sum(
        column.count(DEFAULTS[name])
        for name, column in columns.items()
        if name not in ("seq", "at")
    )


def _are_utc(instants: tuple[datetime, ...]) -> bool:
    if len(instants) == 1:
        return instants[0].tzinfo is UTC
    return set(map(_zone, instants)) == _IN_UTC


def _microseconds(instants: tuple[datetime, ...]) -> Sequence[int]:
    if len(instants) == 1:
        return (to_microseconds(instants[0]),)
    elapsed = map(sub, instants, repeat(_EPOCH))
    return tuple(map(floordiv, elapsed, repeat(_MICROSECOND)))


def _has_pulp(columns: dict[str, tuple[Any, ...]]) -> bool:
    """Return whether the pulp is told wherever probes are, and no more of these than we take."""
    probes, pulps = columns.get("probes_c"), columns.get("pulp_c")
    if probes is None:
        return True
    return pulps is not None and None not in pulps and max(map(len, probes)) <= json.MOST_PROBES
