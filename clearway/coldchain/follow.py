"""How the room's tables follow the facts: one function for each fact type.

Received readings wait in packed groups (`receiving.receive`), so that taking them in costs little.
`follow_up` then moves them to their containers and moves the units' states through them. Alarms
that come out have no fact yet: they wait in `unannounced` for the action (`actions/announce.py`),
whose fact then puts them on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, or_, update

from clearway.coldchain import commodities, course, receiving, rules, standing, stored
from clearway.coldchain.advice import word
from clearway.coldchain.course import Measured
from clearway.coldchain.facts import (
    JourneyStarted,
    ReadingsArchived,
    ReadingsFollowed,
    ReadingsRecorded,
)
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.coldchain.packing import Arrival, pack, unpack_group
from clearway.coldchain.sheets import batch_of
from clearway.coldchain.state import begin
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.terms.transport import ContainerNumber

_BATCHES = Rows(stored.batch)
_GROUP = f"SELECT packed FROM {stored.waiting.name} WHERE seq = ?"
_NO_LONGER = f"DELETE FROM {stored.waiting.name} WHERE seq = ?"
_ARCHIVED_UNTIL = f"SELECT archived_until FROM {stored.unit.name} WHERE container = ?"
_SET_ARCHIVED = (
    f"UPDATE {stored.unit.name} SET archived_until = ?"
    " WHERE at < ? AND (archived_until IS NULL OR archived_until < ?)"
)
_SET_ARCHIVED_JOURNEYS = (
    f"UPDATE {stored.unit.name}"
    " SET archived_until = CASE WHEN loaded_at < ? THEN loaded_at ELSE ? END"
    " WHERE at >= ? AND loaded_at IS NOT NULL"
    " AND (archived_until IS NULL OR archived_until < loaded_at)"
)
_LEAVE = (
    f"DELETE FROM {stored.batch.name} WHERE seq <= ? AND last_at < (SELECT u.archived_until"
    f" FROM {stored.unit.name} u WHERE u.container = {stored.batch.name}.container)"
)
_NOTHING_NEW = f"UPDATE {stored.unit.name} SET unannounced = NULL WHERE container = ?"


def start_journey(connection: Connection, fact: Fact) -> None:
    """Begin anew: earlier alarms end, and readings since loading that came first are taken in."""
    journey = decode(fact.body, JourneyStarted).journey
    container, commodity = journey.container, commodities.find(journey.commodity)
    before = course.load(connection, [container]).get(container)
    if before is not None and _is_overtaken(journey, before.loaded_at):
        run(connection, _NOTHING_NEW, (str(container),))
        return
    stood = standing.read(None if before is None else before.standing)
    for table in (stored.unit, stored.snapshot, stored.aside):
        connection.execute(delete(table).where(table.c.container == container))
    standing.clear(connection, container, stood, journey.loaded_at)
    left = None if before is None else before.archived_until
    unit = course.add_unit(connection, container, journey, archived_until=left)
    start = begin(container, journey)
    stand, new = rules.judge(start, commodity)
    readings = 0 if before is None else before.readings
    way = course.course_of(unit, replace(start, open=stand), journey.loaded_at, readings)
    way.alarms += [word(kind, way.state, commodity) for kind in new]
    course.go(way, course.followed(connection, container, journey.loaded_at))
    course.save(connection, [way])


def _is_overtaken(journey: Journey, loaded_at: datetime | None) -> bool:
    """Return whether a journey that began later is on record: this one is told late."""
    return loaded_at is not None and loaded_at > journey.loaded_at


def follow_up(connection: Connection, fact: Fact) -> None:
    """Take received readings to their containers, and move the units through them."""
    arrivals: list[tuple[int, Arrival]] = []
    for place in decode(fact.body, ReadingsFollowed).facts:
        row = run(connection, _GROUP, (place,)).fetchone()
        if row is not None:  # an erased fact waits for nobody
            arrivals += [(place, one) for one in unpack_group(row[0])]
            run(connection, _NO_LONGER, (place,))
    batches = [(place, batch_of(one.batch)) for place, one in arrivals]
    _keep(connection, batches)
    course.move(connection, _by_container(batch for _, batch in batches), fact.seq)


def take_in(connection: Connection, fact: Fact) -> None:
    """Keep a batch of the former kind, and move its unit through it."""
    body = decode(fact.body, ReadingsRecorded)
    batch = Batch(body.device, body.container, body.boot_id, body.readings)
    _keep(connection, [(fact.seq, batch)])
    numbers = [reading.seq for reading in batch.readings]
    receiving.move_on(connection, {(batch.device, batch.boot_id): numbers})
    course.move(connection, _by_container([batch]), fact.seq)


def _keep(connection: Connection, batches: Iterable[tuple[int, Batch]]) -> None:
    """Write readings as rows: one for each fact, container, device and start of it."""
    together: dict[tuple[int, str, str, str], list[Reading]] = {}
    for place, batch in batches:
        key = place, str(batch.container), batch.device, batch.boot_id
        together.setdefault(key, []).extend(batch.readings)
    run(connection, _BATCHES.insert, list(_rows(together)))


def _rows(together: dict[tuple[int, str, str, str], list[Reading]]) -> Iterator[tuple[object, ...]]:
    last, number = -1, 0
    for (place, container, device, boot_id), readings in together.items():
        number = number + 1 if place == last else 0
        last = place
        seqs, instants = [r.seq for r in readings], [r.at for r in readings]
        row = {
            "seq": place,
            "place": number,
            "container": container,
            "device": device,
            "boot_id": boot_id,
            "first_seq": min(seqs),
            "last_seq": max(seqs),
            "first_at": min(instants),
            "last_at": max(instants),
            "readings": pack(readings),
        }
        yield _BATCHES.values(row)


def _by_container(batches: Iterable[Batch]) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {}
    for batch in batches:
        measured = found.setdefault(str(batch.container), [])
        measured += [(batch.device, batch.boot_id, reading) for reading in batch.readings]
    return found


def known(connection: Connection, container: str, since: datetime | None) -> list[Measured]:
    """Return all readings on record from `since` on, those that wait among them, by time."""
    found = course.followed(connection, container, since)
    start = course.LONG_AGO if since is None else since
    count = len(found)
    waiting = receiving.waiting_of(connection, container)
    found += (measured for measured in waiting if measured[2].at >= start)
    if len(found) > count:
        found.sort(key=course.order)
    return found


def archive(connection: Connection, fact: Fact) -> None:
    """Take readings out of the tables that no unit needs any more.

    A unit needs those of its present journey while it sends; of one that fell silent for so long
    the states are enough.
    """
    body = decode(fact.body, ReadingsArchived)
    until = to_microseconds(body.until)
    run(connection, _SET_ARCHIVED, (until, until, until))
    run(connection, _SET_ARCHIVED_JOURNEYS, (until, until, until))
    run(connection, _LEAVE, (body.upto,))


def archived_until(connection: Connection, container: str) -> datetime | None:
    """Return before when readings of a container may have left the tables; None: none has."""
    row = run(connection, _ARCHIVED_UNTIL, (container,)).fetchone()
    return None if row is None or row[0] is None else from_microseconds(row[0])


@dataclass(frozen=True, slots=True)
class _Moved:
    """What this room reads of the movements' facts."""

    container: ContainerNumber


def depart(connection: Connection, fact: Fact) -> None:
    """Take a unit that left the border out of the lists (`movement.departed/1`)."""
    loaded_at = stored.unit.c.loaded_at
    _set_departed(
        connection,
        fact,
        fact.occurred_at,
        or_(loaded_at.is_(None), loaded_at <= fact.occurred_at),
    )


def arrive(connection: Connection, fact: Fact) -> None:
    """Bring a unit that came back into the lists again (`movement.arrived/1`)."""
    _set_departed(connection, fact, None, stored.unit.c.departed_at <= fact.occurred_at)


def _set_departed(
    connection: Connection, fact: Fact, at: datetime | None, when: ColumnElement[bool]
) -> None:
    container = decode(fact.body, _Moved).container
    connection.execute(
        update(stored.unit).where(stored.unit.c.container == container, when).values(departed_at=at)
    )
