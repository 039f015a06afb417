"""Readings as columns of small differences: the inside of a signed batch.

    [[1772452800, 600],      times: seconds since 1970, the step, then changes of the step
     [1320, 10, -5],         supply air: hundredths of a degree, then differences
     [1400, 10], null, null, return, pulp, ambient; null: nobody measured it
     [1], [], [1350], null,  powered, door open (1 or 0), set point, humidity
     null]                   probes by number: null, or an array of such columns

A column that ends early stays as it is: zeros at its end are left out, so a set point costs four
bytes for a thousand readings. A null inside a column is one value that was not measured; the next
difference is to the last one that was. There is one way only to write a batch, so that equal
readings are equal bytes. A batch of fifty readings has about 250 bytes here, 7,000 as JSON.

Source: differences of differences for time as in Pelkonen et al., "Gorilla" (VLDB 2015), section
4.1.1; encoding by RFC 8949, section 4.2.1. docs/design/device.md is the specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Any

import cbor2

from clearway.coldchain.model import Reading, warmest
from clearway.errors import BadTerm, MalformedMessage

MOST_PROBES = 8
HIGHEST_TIME = 2**32 - 1
HIGHEST_VALUE = 2**15 - 1
"""Of hundredths: beyond any air, and what a small device keeps in two bytes."""

_NUMBERS = ("supply_c", "return_c", "pulp_c", "ambient_c", "set_point_c", "humidity_pct")
_COUNT = 10

# Only these may stand in the bytes: integers in their shortest form, null, and few enough arrays
# that nothing nests deep. A change of step between two instants needs 33 bits. What passes can be
# given to any CBOR reader without danger.
_INTEGER = rb"""(?:[\x00-\x17\x20-\x37]|[\x18\x38][\x18-\xff]|[\x19\x39][\x01-\xff][\x00-\xff]
    |[\x1a\x3a](?:[\x01-\xff][\x00-\xff]|\x00[\x01-\xff])[\x00-\xff]{2}
    |[\x1b\x3b]\x00{3}\x01[\x00-\xff]{4})"""
_ARRAY = rb"""(?:[\x80-\x97]|\x98[\x18-\xff]|\x99[\x01-\x03][\x00-\xff])"""
_ONLY = re.compile(
    rb"(?:%b(?:%b|\xf6)*+){1,%d}" % (_ARRAY, _INTEGER, _COUNT + 1 + MOST_PROBES), re.VERBOSE
)

_FLAT = frozenset({int, type(None)})

Column = list[int | None]


def write(readings: Sequence[Reading]) -> bytes:
    """Return the columns of readings; their numbers and the device stand outside.

    Raises: BadTerm: an instant is not a whole second, or a value is outside what can be written.
    """
    times = [_seconds(reading.at) for reading in readings]
    supply, back, pulp, ambient, set_point, humidity = (
        _emit(_hundredths(readings, name)) for name in _NUMBERS
    )
    powered, door = (
        _emit([None if (one := value(each)) is None else int(one) for each in readings])
        for value in (attrgetter("powered"), attrgetter("door_open"))
    )
    probes = _emit_probes(readings)
    columns = [_emit_times(times), supply, back, pulp, ambient, powered, door, set_point, humidity]
    return cbor2.dumps([*columns, probes])


def read(data: bytes, first_seq: int, count: int) -> tuple[Reading, ...]:
    """Return the readings of these columns.

    Args:
        data: of bounded length; the caller sees to that.
        first_seq: number of the first reading; the others follow it.
        count: of readings, 1 to the most of a batch; the caller sees to that.

    Raises: MalformedMessage: not in the one form of `write`.
    """
    if _ONLY.fullmatch(data) is None:
        raise MalformedMessage(
            "The columns of a signed batch hold only integers in their shortest form, null and at"
            f" most {_COUNT + 1 + MOST_PROBES} arrays"
        )
    columns = _load(data)
    times, supply, back, pulp, ambient, powered, door, set_point, humidity, probes = columns
    each_probe = _read_probes(probes, count)
    columns_read = (
        range(first_seq, first_seq + count),
        _read_times(times, count),
        _read_hundredths("supply_c", supply, count),
        _read_hundredths("return_c", back, count),
        _read_pulp(pulp, each_probe, count),
        _read_hundredths("ambient_c", ambient, count),
        _read_flags("powered", powered, count),
        _read_flags("door_open", door, count),
        _read_hundredths("set_point_c", set_point, count),
        each_probe,
        _read_hundredths("humidity_pct", humidity, count),
    )
    return tuple(map(Reading, *columns_read))


def _load(data: bytes) -> list[Any]:
    """Return the one value of these bytes; `true`, which none of them is, shows where it ends."""
    try:
        columns, end = cbor2.loads(b"\x82" + data + b"\xf5")
    except (cbor2.CBORDecodeError, RecursionError) as error:
        raise MalformedMessage("The columns of a signed batch end too early") from error
    if end is not True or not isinstance(columns, list) or len(columns) != _COUNT:
        raise MalformedMessage(f"A signed batch has {_COUNT} columns, and nothing after them")
    return columns


def _seconds(at: datetime) -> int:
    seconds = at.timestamp()
    if at.tzinfo is None or at.microsecond or not 0 <= seconds <= HIGHEST_TIME:
        raise BadTerm("at", at.isoformat(), "must be a whole second of UTC after 1970", field="at")
    return int(seconds)


def _hundredths(readings: Sequence[Reading], name: str) -> Column:
    values: Iterable[float | None] = map(attrgetter(name), readings)
    if name == "pulp_c":  # with probes it is the warmest of them, and need not be said twice
        values = (None if _has_probes(each) else each.pulp_c for each in readings)
    return [_hundredth(name, value) for value in values]


def _has_probes(reading: Reading) -> bool:
    return any(value is not None for value in reading.probes_c)


def _hundredth(name: str, value: float | None) -> int | None:
    if value is None:
        return None
    if not abs(value) * 100 <= HIGHEST_VALUE:  # also for not-a-number
        rule = f"must lie between -{HIGHEST_VALUE / 100} and {HIGHEST_VALUE / 100}"
        raise BadTerm(name, value, rule, field=name)
    return round(value * 100)


def _emit_probes(readings: Sequence[Reading]) -> list[Column | None] | None:
    most = max((len(each.probes_c) for each in readings), default=0)
    if most > MOST_PROBES:
        raise BadTerm("probes_c", most, f"at most {MOST_PROBES} probes", field="probes_c")
    columns = [
        _emit(
            [
                _hundredth("probes_c", each.probes_c[i] if i < len(each.probes_c) else None)
                for each in readings
            ]
        )
        for i in range(most)
    ]
    while columns and columns[-1] is None:
        columns.pop()
    return columns or None


def _emit(values: Column) -> Column | None:
    """Return a column as differences, None where there is no value at all."""
    if all(value is None for value in values):
        return None
    column: Column = []
    last = 0
    for value in values:
        if value is None:
            column.append(None)
        else:
            column.append(value - last)
            last = value
    return _shortened(column)


def _emit_times(times: list[int]) -> Column:
    steps = [b - a for a, b in pairwise(times)]
    changes = [b - a for a, b in pairwise([0, *steps])]
    return _shortened([*times[:1], *changes])


def _shortened(column: Column) -> Column:
    while column and column[-1] == 0:
        column.pop()
    return column


def _values(name: str, column: Any, count: int, lowest: int, highest: int) -> tuple[Column, int]:
    """Return the values of a column as far as it goes, and what holds after its end."""
    _require_column(name, column, count)
    has_gaps = None in column
    values: Column = _with_gaps(column) if has_gaps else list(accumulate(column))
    measured: Any = [value for value in values if value is not None] if has_gaps else values
    last = measured[-1] if measured else 0
    if measured and not (lowest <= min(measured) and max(measured) <= highest):
        raise MalformedMessage(f"{name} lies outside {lowest} to {highest}")
    return values, last


def _with_gaps(column: Column) -> Column:
    values: Column = []
    last = 0
    for difference in column:
        if difference is None:
            values.append(None)
        else:
            last += difference
            values.append(last)
    return values


def _require_column(name: str, column: Any, count: int) -> None:
    if (
        not isinstance(column, list)
        or len(column) > count
        or not _FLAT.issuperset(map(type, column))
    ):
        raise MalformedMessage(f"The column {name} must be null or at most {count} integers")
    if not column:
        return
    if column[-1] == 0:
        raise MalformedMessage(f"The column {name} ends in zeros, which must be left out")
    if column[-1] is None and column.count(None) == count:
        raise MalformedMessage(f"The column {name} has no value, so it must be null")


def _read_times(column: Any, count: int) -> list[datetime]:
    _require_column("of times", column, count)
    if None in column:
        raise MalformedMessage("The column of times must have every instant")
    padded = column + [0] * (count - len(column))
    times = list(accumulate([padded[0], *accumulate(padded[1:])]))
    if not (min(times) >= 0 and max(times) <= HIGHEST_TIME):
        raise MalformedMessage(f"A time lies outside 0 to {HIGHEST_TIME} seconds since 1970")
    return [datetime.fromtimestamp(seconds, UTC) for seconds in times]


def _read_hundredths(name: str, column: Any, count: int) -> list[float | None]:
    if column is None:
        return [None] * count
    values, last = _values(name, column, count, -HIGHEST_VALUE, HIGHEST_VALUE)
    found = [None if value is None else value / 100 for value in values]
    return found + [last / 100] * (count - len(found))


def _read_flags(name: str, column: Any, count: int) -> list[bool | None]:
    if column is None:
        return [None] * count
    values, last = _values(name, column, count, 0, 1)
    found = [None if value is None else value == 1 for value in values]
    return found + [last == 1] * (count - len(found))


def _read_probes(columns: Any, count: int) -> list[tuple[float | None, ...]]:
    if columns is None:
        return [()] * count
    if not isinstance(columns, list) or not 0 < len(columns) <= MOST_PROBES or columns[-1] is None:
        raise MalformedMessage(f"probes is null or 1 to {MOST_PROBES} columns, the last not null")
    each = [_read_hundredths(f"probe {i + 1}", one, count) for i, one in enumerate(columns)]
    nothing = (None,) * len(each)
    return [() if row == nothing else row for row in zip(*each, strict=True)]


def _read_pulp(
    column: Any, probes: Sequence[tuple[float | None, ...]], count: int
) -> list[float | None]:
    """Return what the goods' probe says; of several probes the warmest."""
    single = _read_hundredths("pulp_c", column, count)
    if any(probes) and column is not None:
        for alone, row in zip(single, probes, strict=True):
            if row and alone is not None:
                raise MalformedMessage("A reading has pulp_c beside probes, whose warmest it is")
    return [
        (warmest(row) if None in row else max(row)) if row else alone  # type: ignore[type-var]
        for alone, row in zip(single, probes, strict=True)
    ]
