"""Batches as columns: how they travel from the message to the fact without one object a reading.

    sheet = sheet_of(batch)     # or `formats.json_columns.read(data)`, which never makes them
    sheet.seqs, sheet.instants, sheet.sensors["supply_c"]
    sheet.readings              # made now, equal in every bit

A thousand readings are a few lists; what is stored of them is those lists one behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, Final

import msgspec

from clearway.coldchain.model import Batch, Reading
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.terms.transport import ContainerNumber

DEFAULTS: Final[Mapping[str, Any]] = {field.name: field.default for field in fields(Reading)}
"""What a reading has where nothing was measured, by the names of its fields."""

SENSORS: Final = tuple(DEFAULTS)[2:]
"""The names behind `seq` and `at`."""

_LISTED = frozenset(name for name in SENSORS if DEFAULTS[name] == ())
_values = attrgetter(*DEFAULTS)

Columns = Mapping[str, Sequence[Any]]


class Sheet(msgspec.Struct, frozen=True, gc=False):
    """A batch of which the readings stand as columns.

    A struct, as it is made for each message: an eighth of the time of a dataclass.

    Args:
        device, container, boot_id: as of `Batch`.
        seqs: the readings' numbers; never empty.
        instants: microseconds since 1970 UTC.
        sensors: by name, what was measured; a column without any value is left out.
    """

    device: str
    container: ContainerNumber
    boot_id: str
    seqs: Sequence[int]
    instants: Sequence[int]
    sensors: Columns

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The readings themselves, made anew at each asking."""
        return tuple(readings_of({"seq": self.seqs, "at": self.instants, **self.sensors}))

    @property
    def batch(self) -> Batch:
        """The batch itself, made anew at each asking."""
        return Batch(self.device, self.container, self.boot_id, self.readings)


def sheet_of(batch: Batch | Sheet) -> Sheet:
    """Return a batch as columns. Its instants are aware."""
    if isinstance(batch, Sheet):
        return batch
    return sheet_with(batch, batch.readings)


def batch_of(batch: Batch | Sheet) -> Batch:
    """Return a batch with its readings."""
    return batch.batch if isinstance(batch, Sheet) else batch


def sheet_with(batch: Batch | Sheet, readings: Sequence[Reading]) -> Sheet:
    """Return these readings of a batch as columns."""
    columns = columns_of(readings)
    seqs, instants = columns.pop("seq"), columns.pop("at")
    return Sheet(batch.device, batch.container, batch.boot_id, seqs, instants, columns)


def columns_of(readings: Iterable[Reading]) -> dict[str, Sequence[Any]]:
    """Return readings as columns; those without any value are left out."""
    seqs, instants, *sensors = zip(*map(_values, readings), strict=True)
    columns: dict[str, Sequence[Any]] = {"seq": seqs, "at": tuple(map(to_microseconds, instants))}
    for name, column in zip(SENSORS, sensors, strict=True):
        if column.count(DEFAULTS[name]) < len(column):
            columns[name] = column
    return columns


def together(sheets: Sequence[Sheet]) -> dict[str, Sequence[Any]]:
    """Return the columns of several batches, one behind the other."""
    columns: dict[str, Sequence[Any]] = {
        "seq": list(chain.from_iterable([sheet.seqs for sheet in sheets])),
        "at": list(chain.from_iterable([sheet.instants for sheet in sheets])),
    }
    present = set().union(*[sheet.sensors for sheet in sheets])
    for name in filter(present.__contains__, SENSORS):
        columns[name] = list(chain.from_iterable(_parts(sheets, name)))
    return columns


def _parts(sheets: Sequence[Sheet], name: str) -> Iterator[Iterable[Any]]:
    default = DEFAULTS[name]
    for sheet in sheets:
        column = sheet.sensors.get(name)
        yield repeat(default, len(sheet.seqs)) if column is None else column


def readings_of(columns: Columns) -> Iterator[Reading]:
    """Yield the readings of columns; one that an older version did not have is empty."""
    sensors = (_column(columns, name) for name in SENSORS)
    return map(Reading, columns["seq"], map(from_microseconds, columns["at"]), *sensors)


def _column(columns: Columns, name: str) -> Iterable[Any]:
    column = columns.get(name)
    if column is None:
        return repeat(DEFAULTS[name])
    return map(tuple, column) if name in _LISTED else column
