"""How the room's tables follow the facts: one function for each fact type.

Readings in order of time move the unit's state on. Late ones go back to the latest snapshot before
them and advance again through everything known since, so that the result is the same as if they
had come in time. Alarms that come out have no fact yet: they wait in `unannounced` for the action
(`actions/announce.py`), whose fact then puts them on record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from clearway.coldchain import commodities, rules, standing, stored
from clearway.coldchain.advice import word
from clearway.coldchain.facts import JourneyStarted, ReadingsRecorded
from clearway.coldchain.model import Alarm, Commodity, Journey, Reading, ShelfLife
from clearway.coldchain.spoilage import shelf_life
from clearway.coldchain.standing import Kinds
from clearway.coldchain.state import UnitState, begin
from clearway.coldchain.watch import trace
from clearway.ledger.fact import Fact, decode, encode
from clearway.terms.transport import ContainerNumber

SNAPSHOT_EVERY = timedelta(hours=12)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Measured = tuple[str, str, Reading]
"""A reading with its device and boot_id: what orders two readings of one instant."""

_UNIT = select(
    stored.unit.c.commodity,
    stored.unit.c.journey,
    stored.unit.c.loaded_at,
    stored.unit.c.readings,
    stored.unit.c.state,
    stored.unit.c.snapshot_at,
    stored.unit.c.standing,
).where(stored.unit.c.container == bindparam("container"))

_SAVE_UNIT = (
    update(stored.unit)
    .where(stored.unit.c.container == bindparam("the_container"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "at",
                "readings",
                "urgency",
                "life",
                "state",
                "snapshot_at",
                "standing",
                "unannounced",
            )
        }
    )
)

_NOTHING_NEW = (
    update(stored.unit)
    .where(stored.unit.c.container == bindparam("the_container"))
    .values(unannounced=None)
)

_BATCHES_SINCE = (
    select(stored.batch.c.device, stored.batch.c.boot_id, stored.batch.c.readings)
    .where(
        stored.batch.c.container == bindparam("container"),
        stored.batch.c.last_at >= bindparam("since"),
    )
    .order_by(stored.batch.c.seq)
)

_SNAPSHOT_BEFORE = (
    select(stored.snapshot.c.at, stored.snapshot.c.state)
    .where(
        stored.snapshot.c.container == bindparam("container"),
        stored.snapshot.c.at < bindparam("before"),
    )
    .order_by(stored.snapshot.c.at.desc())
    .limit(1)
)

_ADD_BATCH, _ADD_SNAPSHOT = insert(stored.batch), insert(stored.snapshot)


_NO_KINDS: Kinds = frozenset()


@dataclass(slots=True)
class _Course:
    """A unit on its way through readings, with what it leaves behind.

    Args:
        since: instant from which its past is written anew.
    """

    state: UnitState
    since: datetime
    snapshot_at: datetime | None = None
    snapshots: list[UnitState] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


def start_journey(connection: Connection, fact: Fact) -> None:
    """Begin anew: earlier alarms end, and readings since loading that came first are taken in."""
    journey = decode(fact.body, JourneyStarted).journey
    container, commodity = journey.container, commodities.find(journey.commodity)
    before = connection.execute(_UNIT, {"container": container}).first()
    if before is not None and _is_overtaken(journey, before.loaded_at):
        connection.execute(_NOTHING_NEW, {"the_container": container})
        return
    stood = _NO_KINDS if before is None else standing.read(before.standing)
    for table in (stored.unit, stored.snapshot):
        connection.execute(delete(table).where(table.c.container == container))
    standing.clear(connection, container, stood, journey.loaded_at)
    _add_unit(connection, container, journey)
    start = begin(container, journey)
    stand, new = rules.judge(start, commodity)
    course = _Course(replace(start, open=stand), journey.loaded_at)
    course.alarms += [word(kind, course.state, commodity) for kind in new]
    _go(course, known(connection, container, journey.loaded_at), commodity)
    _save(connection, course, commodity, _NO_KINDS, 0 if before is None else before.readings)


def _is_overtaken(journey: Journey, loaded_at: datetime | None) -> bool:
    """Return whether a journey that began later is on record: this one is told late."""
    return loaded_at is not None and loaded_at > journey.loaded_at


def take_in(connection: Connection, fact: Fact) -> None:
    """Keep the batch, and move the unit's state through it."""
    body = decode(fact.body, ReadingsRecorded)
    readings = sorted(body.readings, key=_by_time)
    _add_batch(connection, fact.seq, body, readings)
    row = connection.execute(_UNIT, {"container": body.container}).first()
    if row is None:
        _add_unit(connection, body.container, None)
        row = connection.execute(_UNIT, {"container": body.container}).one()
    commodity, first = commodities.find(row.commodity), readings[0].at
    state = decode(row.state, UnitState)
    course = _Course(state, first, row.snapshot_at)
    if state.at is None or first > state.at:
        _go(course, [(body.device, body.boot_id, r) for r in readings], commodity)
    elif state.loaded_at is None or readings[-1].at >= state.loaded_at:
        course = _go_back(connection, row, state, first)
        again = course.snapshot_at is None
        _go(course, known(connection, body.container, course.state.at, again=again), commodity)
    _save(connection, course, commodity, standing.read(row.standing), row.readings + len(readings))


def _by_time(reading: Reading) -> tuple[datetime, int]:
    return reading.at, reading.seq


def _go_back(connection: Connection, row: Any, state: UnitState, first: datetime) -> _Course:
    """Return the unit as it was before `first`; snapshots from then on are void."""
    container = state.container
    connection.execute(
        delete(stored.snapshot).where(
            stored.snapshot.c.container == container, stored.snapshot.c.at >= first
        )
    )
    kept = connection.execute(_SNAPSHOT_BEFORE, {"container": container, "before": first}).first()
    if kept is not None:
        return _Course(decode(kept.state, UnitState), first, kept.at)
    journey = None if row.journey is None else decode(row.journey, Journey)
    return _Course(begin(container, journey), first)


def known(
    connection: Connection, container: str, since: datetime | None, *, again: bool = True
) -> list[Measured]:
    """Return the readings on record from `since` on (`again`) or after it, in order of time."""
    start = _LONG_AGO if since is None else since
    found: list[Measured] = []
    for row in connection.execute(_BATCHES_SINCE, {"container": container, "since": start}):
        for reading in stored.unpack(row.readings):
            if reading.at > start or (again and reading.at == start):
                found.append((row.device, row.boot_id, reading))
    found.sort(key=lambda m: (m[2].at, m[0], m[1], m[2].seq))
    return found


def _go(course: _Course, measured: list[Measured], commodity: Commodity | None) -> None:
    """Move the state through readings, leaving a snapshot behind every `SNAPSHOT_EVERY`."""
    before = course.state
    for after, raised in trace(before, once(measured), commodity):
        if course.snapshot_at is None:
            course.snapshot_at = after.at
        elif _is_due(before, after, course.snapshot_at):
            course.snapshots.append(before)
            course.snapshot_at = before.at
        course.alarms.extend(raised)
        before = after
    course.state = before


def _is_due(before: UnitState, after: UnitState, last: datetime) -> bool:
    """Return whether `before` is complete (nothing more at its instant) and old enough to keep."""
    if before.at is None or before.at == after.at:
        return False
    return before.at - last >= SNAPSHOT_EVERY


def once(measured: list[Measured]) -> Iterator[Reading]:
    """Yield one reading for each device and instant: a file sent twice counts once."""
    at, devices = None, set[str]()
    for device, _, reading in measured:
        if reading.at != at:
            at, devices = reading.at, set()
        if device not in devices:
            devices.add(device)
            yield reading


def _add_unit(connection: Connection, container: ContainerNumber, journey: Journey | None) -> None:
    connection.execute(
        insert(stored.unit).values(
            container=container,
            commodity=None if journey is None else journey.commodity,
            journey=None if journey is None else encode(journey),
            loaded_at=None if journey is None else journey.loaded_at,
            state=encode(begin(container, journey)),
            readings=0,
            standing="",
        )
    )


def _add_batch(
    connection: Connection, seq: int, body: ReadingsRecorded, readings: list[Reading]
) -> None:
    connection.execute(
        _ADD_BATCH,
        {
            "seq": seq,
            "container": body.container,
            "device": body.device,
            "boot_id": body.boot_id,
            "first_seq": body.readings[0].seq,
            "last_seq": body.readings[-1].seq,
            "first_at": readings[0].at,
            "last_at": readings[-1].at,
            "readings": stored.pack(readings),
        },
    )


def _save(
    connection: Connection,
    course: _Course,
    commodity: Commodity | None,
    stood: Kinds,
    readings: int,
) -> None:
    """Store the unit, its snapshots, and what became of its alarms."""
    state = course.state
    stand, fresh = standing.settle(connection, state, course.since, course.alarms, stood)
    life = None if commodity is None else shelf_life(state, commodity)
    if course.snapshots:
        rows = [
            {"container": s.container, "at": s.at, "state": encode(s)} for s in course.snapshots
        ]
        connection.execute(_ADD_SNAPSHOT, rows)
    connection.execute(
        _SAVE_UNIT,
        {
            "the_container": state.container,
            "at": state.at,
            "readings": readings,
            "urgency": None if life is None else urgency(life),
            "life": None if life is None else encode(life),
            "state": encode(state),
            "snapshot_at": course.snapshot_at,
            "standing": standing.write(stand),
            "unannounced": encode(fresh) if fresh else None,
        },
    )


def urgency(life: ShelfLife) -> int:
    """Return the minutes until the careful end of life if the air stays as it is now."""
    return round(life.as_now_days_q10 * 1440)


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
