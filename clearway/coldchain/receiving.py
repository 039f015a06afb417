"""Readings against what is on record: what is new, and where each device's counter stands now.

    desk = Desk(connection, [batch, ...])
    found = desk.sort_out(sheet)    # of each in turn; it counts from then on

Nothing is written here but by `receive`, the projection of `coldchain.readings_received/1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from clearway.coldchain import intake, links, positions, stored
from clearway.coldchain.facts import ReadingsReceived
from clearway.coldchain.model import Batch, Reading
from clearway.coldchain.packing import Group, heads_of, unpack
from clearway.coldchain.positions import Position, Run, runs_of
from clearway.coldchain.sheets import Sheet, sheet_with
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.statement import Rows, run

Counter = tuple[str, str]
"""Device and boot_id: what numbers readings."""

Known = tuple[dict[int, Reading], set[int]]
"""Readings on record by `seq`, and the places in the log of the facts that hold them."""

_POSITIONS, _WAITING = Rows(stored.position), Rows(stored.waiting)
_PUT_POSITION = _POSITIONS.put(
    ("device", "boot_id"), ("contiguous", "highest", "beyond", "waiting")
)
_AT_ONCE = 200  # devices asked for by one statement
_OF_DEVICES = {
    count: f"SELECT device, boot_id, contiguous, highest, beyond, waiting"
    f" FROM {stored.position.name} WHERE device IN ({', '.join('?' * count)})"
    for count in (1, 25, _AT_ONCE)
}
_GROUPS = f"SELECT seq FROM {stored.waiting.name} WHERE seq BETWEEN ? AND ? ORDER BY seq"
_GROUP = f"SELECT packed FROM {stored.waiting.name} WHERE seq = ?"
_OLDEST = f"SELECT min(seq) FROM {stored.waiting.name}"
_OVERLAPPING = (
    f"SELECT seq, readings FROM {stored.batch.name}"
    " WHERE device = ? AND boot_id = ? AND last_seq >= ? AND first_seq <= ?"
)


class Found(NamedTuple):
    """A batch against what is on record.

    Args:
        position: of the device's counter, after it.
        fresh: what was not known; None when all was.
        repeated: how many were known with the same values.
        differing: readings that are known with other values.
        facts: places in the log of the facts that hold what is not new.
    """

    position: Position
    fresh: Sheet | None
    repeated: int = 0
    differing: tuple[Reading, ...] = ()
    facts: tuple[int, ...] = ()


class Desk:
    """Sorts out batches that come together, each against all before it."""

    def __init__(self, connection: Connection, batches: Sequence[Batch | Sheet]) -> None:
        self._connection = connection
        self._positions = load(connection, {batch.device for batch in batches})
        self._taken: dict[Counter, list[Sheet]] = {}
        self._groups: dict[int, Group] = {}

    def sort_out(self, batch: Sheet) -> Found:
        """Return what of a batch is new."""
        counter = batch.device, batch.boot_id
        stands = self._positions.get(counter) or Position(*counter)
        reached = self._positions[counter] = positions.reach(stands, runs_of(batch.seqs))
        if batch.seqs[0] > stands.highest:
            found = Found(reached, batch)
        else:
            found = self._compared(batch, stands, reached)
        if found.fresh is not None:
            self._taken.setdefault(counter, []).append(found.fresh)
        return found

    def position(self, batch: Batch | Sheet) -> Position:
        """Return where the counter of this batch stands."""
        counter = batch.device, batch.boot_id
        return self._positions.get(counter) or Position(*counter)

    def _compared(self, sheet: Sheet, stands: Position, reached: Position) -> Found:
        known, places = self._known(sheet, stands)
        found = intake.sort_out(sheet.batch, known, is_on_record=partial(positions.holds, stands))
        fresh = sheet_with(sheet, found.fresh) if found.fresh else None
        return Found(reached, fresh, found.repeated, found.differing, tuple(sorted(places)))

    def _known(self, batch: Sheet, stands: Position) -> Known:
        counter, first, last = (batch.device, batch.boot_id), batch.seqs[0], batch.seqs[-1]
        known: dict[int, Reading] = {}
        facts: set[int] = set()
        for row in run(self._connection, _OVERLAPPING, (*counter, first, last)):
            known.update((reading.seq, reading) for reading in unpack(row[1]))
            facts.add(row[0])
        for begin, end, lowest, highest in positions.spans_of(stands):
            if lowest <= last and first <= highest:
                for (place,) in run(self._connection, _GROUPS, (begin, end)).fetchall():
                    found = self._group(place).find(*counter, first, last)
                    known.update((reading.seq, reading) for reading in found)
                    facts.update((place,) if found else ())
        for taken in self._taken.get(counter, ()):
            known.update((reading.seq, reading) for reading in taken.readings)
        return known, facts

    def _group(self, place: int) -> Group:
        """Return a fact that waits."""
        group = self._groups.get(place)
        if group is None:
            row = run(self._connection, _GROUP, (place,)).fetchone()
            group = self._groups[place] = Group(row[0])
        return group


def load(connection: Connection, devices: Iterable[str]) -> dict[Counter, Position]:
    """Return the positions of these devices, of all their starts."""
    wanted = list(devices)
    found: dict[Counter, Position] = {}
    for low in range(0, len(wanted), _AT_ONCE):
        some = wanted[low : low + _AT_ONCE]
        count = next(count for count in _OF_DEVICES if count >= len(some))
        rows = run(connection, _OF_DEVICES[count], (*some, *some[:1] * (count - len(some))))
        for device, boot_id, contiguous, highest, beyond, waiting in rows:
            found[device, boot_id] = Position(
                device,
                boot_id,
                contiguous,
                highest,
                _NONE if beyond == b"[]" else decode(beyond, tuple[Run, ...]),
                waiting,
            )
    return found


_NONE: tuple[()] = ()


def receive(connection: Connection, fact: Fact) -> None:
    """Keep a group of readings until they are followed, and move the devices' positions on."""
    body = decode(fact.body, ReadingsReceived)
    heads = tuple(heads_of(body.packed))
    oldest = run(connection, _OLDEST).fetchone()
    first = fact.seq if oldest is None or oldest[0] is None else oldest[0]
    row = {
        "seq": fact.seq,
        "readings": body.readings,
        "containers": " ".join(dict.fromkeys(head.container for head in heads)),
        "packed": body.packed,
    }
    _WAITING.add(connection, [row])
    numbers: dict[Counter, list[int]] = {}
    for head in heads:
        numbers.setdefault((head.device, head.boot_id), []).extend(head.numbers)
    move_on(connection, numbers, waits=(fact.seq, first))
    links.keep(connection, heads)


def move_on(
    connection: Connection,
    reached: Mapping[Counter, list[int]],
    *,
    waits: tuple[int, int] | None = None,
) -> None:
    """Write the positions after these numbers came on record.

    Args:
        waits: place of their fact when they wait to be followed, and of the oldest that does.
    """
    known = load(connection, {device for device, _ in reached})
    moved = []
    for counter, numbers in reached.items():
        runs = runs_of(sorted(set(numbers)))
        position = positions.reach(known.get(counter) or Position(*counter), runs)
        if waits is not None:
            position = positions.wait(position, waits[0], runs, waits[1])
        moved.append(_row(position))
    run(connection, _PUT_POSITION, moved)


def _row(position: Position) -> tuple[str, str, int, int, bytearray, bytearray]:
    """Return a row; its bytes as SQLite's driver takes them fastest, see `ledger.stored`."""
    return (
        position.device,
        position.boot_id,
        position.contiguous,
        position.highest,
        bytearray(encode(position.beyond) if position.beyond else b"[]"),
        bytearray(position.waiting),
    )


def waiting_of(connection: Connection, container: str) -> Iterator[tuple[str, str, Reading]]:
    """Yield the readings of a container that wait to be followed, with device and boot_id."""
    if not container.isalnum():
        return  # no container; and what a pattern would mean by it, nobody asks
    asked = f"SELECT packed FROM {stored.waiting.name} WHERE containers LIKE ? ORDER BY seq"
    for row in run(connection, asked, (f"%{container}%",)).fetchall():
        yield from Group(row[0]).of_container(container)
