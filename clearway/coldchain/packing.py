"""Readings in few bytes: as columns, since neighbours in a column are alike.

    pack(readings)            MessagePack {"seq": [...], "at": [...], "supply_c": [...], ...}
    pack_group(arrivals)      zlib(MessagePack [[batch, ...], {column: [...], ...}])

In a group a batch is `[device, container, boot_id, arrived_at, count, envelope]`, and the columns
hold the readings of all its batches one after another. Instants are microseconds since 1970 UTC;
`envelope` is the signed message as it came, empty for one that nobody signed. A column of which no
reading has a value is left out. docs/design/telemetry.md is the specification.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from clearway.coldchain.chain import Proof
from clearway.coldchain.model import Batch, Reading
from clearway.coldchain.sheets import Sheet, columns_of, readings_of, sheet_of, together
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.terms.transport import ContainerNumber

_container = lru_cache(20_000)(ContainerNumber)  # its check digit is worked out but once
_arrival = lru_cache(64)(to_microseconds)  # messages of one reading of the broker have one instant
_LEVEL = 1  # of zlib: half the time of the usual 6, a tenth more bytes (measured)

_encode = msgspec.msgpack.Encoder().encode
_columns = msgspec.msgpack.Decoder(dict[str, list[Any]])
_groups = msgspec.msgpack.Decoder(
    tuple[list[tuple[str, str, str, int, int, bytes]], dict[str, list[Any]]]
)


class _Numbers(msgspec.Struct, gc=False):
    """Of a group's columns those that say which readings it holds; the others are passed over."""

    seq: list[int]
    at: list[int]


_numbers = msgspec.msgpack.Decoder(tuple[list[tuple[str, str, str, int, int, bytes]], _Numbers])


class Arrival(NamedTuple):
    """A batch as it came in.

    Args:
        arrived_at: when we got it, aware UTC; the readings hold the device's own times.
        envelope: the signed message, byte for byte; empty when it was not signed.
        proof: what was verified of it; not kept, as the message itself is.
    """

    batch: Batch | Sheet
    arrived_at: datetime
    envelope: bytes = b""
    proof: Proof | None = None


def pack(readings: Iterable[Reading]) -> bytes:
    """Return readings in their stored form."""
    return _encode(columns_of(readings))


def unpack(packed: bytes) -> tuple[Reading, ...]:
    """Return the readings of `pack`, equal in every bit."""
    return tuple(readings_of(_columns.decode(packed)))


def pack_group(arrivals: Sequence[Arrival]) -> bytes:
    """Return batches in the form in which a fact keeps them."""
    sheets = [sheet_of(one.batch) for one in arrivals]
    heads = [
        (
            one.batch.device,
            str(one.batch.container),
            one.batch.boot_id,
            _arrival(one.arrived_at),
            len(sheet.seqs),
            one.envelope,
        )
        for one, sheet in zip(arrivals, sheets, strict=True)
    ]
    return zlib.compress(_encode((heads, together(sheets))), _LEVEL)


def unpack_group(packed: bytes) -> Iterator[Arrival]:
    """Yield the batches of `pack_group`, equal in every bit."""
    heads, columns = _groups.decode(zlib.decompress(packed))
    left = readings_of(columns)
    for device, container, boot_id, arrived_at, count, envelope in heads:
        readings = tuple(islice(left, count))
        batch = Batch(device, _container(container), boot_id, readings)
        yield Arrival(batch, from_microseconds(arrived_at), envelope)


class Head(NamedTuple):
    """What a group says of one batch, without its values; instants in microseconds."""

    device: str
    container: str
    boot_id: str
    numbers: list[int]
    last_at: int
    arrived_at: int
    envelope: bytes


def heads_of(packed: bytes) -> Iterator[Head]:
    """Yield which readings a group holds, at a tenth of the cost of `unpack_group`."""
    heads, columns = _numbers.decode(zlib.decompress(packed))
    seqs, instants = columns.seq, columns.at
    low = 0
    for device, container, boot_id, arrived_at, count, envelope in heads:
        numbers = seqs[low : low + count]
        low += count
        last_at = instants[low - 1]
        yield Head(device, container, boot_id, numbers, last_at, arrived_at, envelope)


class Group:
    """A packed group in which single readings are looked for; the others are never made."""

    def __init__(self, packed: bytes) -> None:
        heads, self._columns = _groups.decode(zlib.decompress(packed))
        self._places: dict[tuple[str, str], list[int]] = {}
        self._boxes: dict[str, list[tuple[str, str, range]]] = {}
        low = 0
        for device, container, boot_id, _, count, _ in heads:
            places = range(low, low + count)
            self._places.setdefault((device, boot_id), []).extend(places)
            self._boxes.setdefault(container, []).append((device, boot_id, places))
            low += count

    def find(self, device: str, boot_id: str, first: int, last: int) -> list[Reading]:
        """Return the readings of a counter that have these numbers, both included."""
        seqs = self._columns["seq"]
        places = self._places.get((device, boot_id), ())
        return self._at([place for place in places if first <= seqs[place] <= last])

    def of_container(self, container: str) -> Iterator[tuple[str, str, Reading]]:
        """Yield the readings of a container, each with its device and boot_id."""
        for device, boot_id, places in self._boxes.get(container, ()):
            for reading in self._at(places):
                yield device, boot_id, reading

    def _at(self, places: Sequence[int]) -> list[Reading]:
        if not places:
            return []
        columns = {name: [column[p] for p in places] for name, column in self._columns.items()}
        return list(readings_of(columns))


def columns_of_group(packed: bytes) -> dict[str, list[Any]]:
    """Return a group as columns: those of its readings, and of each reading its batch's words.

    The columns `device`, `container`, `boot_id` and `arrived_at` (microseconds) are added to those
    of `pack_group`; columns without any value are absent.
    """
    heads, columns = _groups.decode(zlib.decompress(packed))
    for place, name in enumerate(("device", "container", "boot_id", "arrived_at")):
        columns[name] = [head[place] for head in heads for _ in range(head[4])]
    return columns
