"""Units on their way through readings: what is loaded, moved on, and written back.

Readings in order of time move a unit's state on. Late ones go back to the latest snapshot before
them and advance again through everything followed since, so that the result is the same as if they
had come in time. What cannot be judged is set aside, so that one unit never holds up the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from clearway.coldchain import commodities, standing, stored
from clearway.coldchain.model import Alarm, Commodity, Journey, Reading, ShelfLife
from clearway.coldchain.packing import unpack
from clearway.coldchain.spoilage import shelf_life
from clearway.coldchain.state import UnitState, begin
from clearway.coldchain.watch import trace
from clearway.errors import MustStop
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.ledger.fact import decode, encode
from clearway.ledger.statement import Rows, run
from clearway.terms.transport import ContainerNumber

SNAPSHOT_EVERY = timedelta(hours=12)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Measured = tuple[str, str, Reading]
"""A reading with its device and boot_id: what orders two readings of one instant."""

_UNITS, _SNAPSHOTS, _ASIDES = Rows(stored.unit), Rows(stored.snapshot), Rows(stored.aside)
_AT_ONCE = 200  # units asked for by one statement
_COLUMNS = (
    "container, commodity, journey, loaded_at, readings, state, snapshot_at, standing,"
    " archived_until"
)
_OF_CONTAINERS = (
    f"SELECT {_COLUMNS} FROM {stored.unit.name} WHERE container IN ({', '.join('?' * _AT_ONCE)})"
)
_OF_CONTAINER = f"SELECT {_COLUMNS} FROM {stored.unit.name} WHERE container = ?"
_SAVE = (
    f"UPDATE {stored.unit.name} SET at = ?, readings = ?, urgency = ?, life = ?, state = ?,"
    " snapshot_at = ?, standing = ?, unannounced = ? WHERE container = ?"
)
_NOTHING_NEW = f"UPDATE {stored.unit.name} SET unannounced = NULL WHERE container = ?"
_PUT_ASIDE = _ASIDES.put(("container",), ("seq", "reason"))
_TAKE_BACK = f"DELETE FROM {stored.aside.name} WHERE container = ?"
_ANY_ASIDE = f"SELECT container FROM {stored.aside.name}"
_FOLLOWED_SINCE = (
    f"SELECT device, boot_id, readings FROM {stored.batch.name}"
    " WHERE container = ? AND last_at >= ? ORDER BY seq, place"
)
_FORGET_SNAPSHOTS = f"DELETE FROM {stored.snapshot.name} WHERE container = ? AND at >= ?"
_SNAPSHOT_BEFORE = (
    f"SELECT at, state FROM {stored.snapshot.name} WHERE container = ? AND at < ?"
    " ORDER BY at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A unit as its row has it."""

    container: str
    commodity: Commodity | None
    journey: bytes | None
    loaded_at: datetime | None
    readings: int
    state: bytes
    snapshot_at: datetime | None
    standing: str
    archived_until: datetime | None


@dataclass(slots=True)
class Course:
    """A unit on its way through readings, with what it leaves behind.

    Args:
        since: instant from which its past is written anew.
        stood: kinds of the alarms that stood on record before.
        readings: how many are on record with these.
    """

    state: UnitState
    since: datetime
    snapshot_at: datetime | None
    commodity: Commodity | None
    stood: standing.Kinds
    readings: int
    snapshots: list[UnitState] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


def load(connection: Connection, containers: Iterable[str]) -> dict[str, Stored]:
    """Return the units of these containers that are on record."""
    wanted = list(containers)
    found: dict[str, Stored] = {}
    for low in range(0, len(wanted), _AT_ONCE):
        some = wanted[low : low + _AT_ONCE]
        if len(some) == 1:
            rows = run(connection, _OF_CONTAINER, (some[0],))
        else:
            rows = run(connection, _OF_CONTAINERS, (*some, *some[:1] * (_AT_ONCE - len(some))))
        for container, commodity, journey, loaded_at, readings, state, at, stood, left in rows:
            found[container] = Stored(
                container,
                None if commodity is None else commodities.find(commodity),
                journey,
                _read(loaded_at),
                readings,
                state,
                _read(at),
                stood,
                _read(left),
            )
    return found


def _read(at: int | None) -> datetime | None:
    return None if at is None else from_microseconds(at)


def add_unit(
    connection: Connection,
    container: str,
    journey: Journey | None,
    *,
    archived_until: datetime | None = None,
) -> Stored:
    """Put a unit on record that was not there."""
    number = ContainerNumber(container)
    row = {
        "container": number,
        "commodity": None if journey is None else journey.commodity,
        "journey": None if journey is None else encode(journey),
        "loaded_at": None if journey is None else journey.loaded_at,
        "state": encode(begin(number, journey)),
        "readings": 0,
        "standing": "",
        "archived_until": archived_until,
    }
    _UNITS.add(connection, [row])
    return load(connection, [container])[container]


def move(connection: Connection, new: Mapping[str, list[Measured]], fact: int) -> None:
    """Move units through readings that were just kept, and write them back.

    Args:
        new: readings by container.
        fact: place in the log of the fact that has it done.
    """
    failing = {row[0] for row in run(connection, _ANY_ASIDE)}
    run(connection, "SAVEPOINT moved")
    try:
        _move(connection, new)
    except (DBAPIError, MustStop):
        raise
    except Exception:  # noqa: BLE001 (found again below, one by one)
        run(connection, "ROLLBACK TO moved")
        for container, measured in new.items():
            _move_or_set_aside(connection, container, measured, fact)
    else:
        _take_back(connection, failing & new.keys())
    run(connection, "RELEASE moved")


def _move(connection: Connection, new: Mapping[str, list[Measured]]) -> None:
    units = load(connection, new)
    courses = []
    for container, measured in new.items():
        unit = units.get(container) or add_unit(connection, container, None)
        courses.append(_advance(connection, unit, measured))
    save(connection, courses)


def _move_or_set_aside(
    connection: Connection, container: str, measured: list[Measured], fact: int
) -> None:
    run(connection, "SAVEPOINT one")
    try:
        _move(connection, {container: measured})
        _take_back(connection, {container})
    except (DBAPIError, MustStop):
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, it is kept and told)
        run(connection, "ROLLBACK TO one")
        run(connection, _NOTHING_NEW, (container,))
        reason = f"{type(error).__name__}: {error}"[:500].replace("\0", "")
        run(connection, _PUT_ASIDE, (container, fact, reason))
    run(connection, "RELEASE one")


def _take_back(connection: Connection, containers: Iterable[str]) -> None:
    for container in containers:
        run(connection, _TAKE_BACK, (container,))


def _advance(connection: Connection, unit: Stored, measured: list[Measured]) -> Course:
    """Return the unit after readings that were just kept."""
    state = decode(unit.state, UnitState)
    readings = unit.readings + len(measured)
    if unit.archived_until is not None:  # what lay around older ones is no longer here
        measured = [m for m in measured if m[2].at >= unit.archived_until]
    if not measured:
        return course_of(unit, state, state.at or LONG_AGO, readings)
    measured.sort(key=order)
    first, last = measured[0][2].at, measured[-1][2].at
    course = course_of(unit, state, first, readings)
    if state.at is None or first > state.at:
        go(course, measured)
    elif state.loaded_at is None or last >= state.loaded_at:
        again = _go_back(connection, unit, course)
        go(course, followed(connection, unit.container, course.state.at, again=again))
    return course


def order(measured: Measured) -> tuple[datetime, str, str, int]:
    """Return the place of a reading among all of its container."""
    device, boot_id, reading = measured
    return reading.at, device, boot_id, reading.seq


def course_of(unit: Stored, state: UnitState, since: datetime, readings: int) -> Course:
    """Return the course of a unit that stands at `state`."""
    stood = standing.read(unit.standing)
    return Course(state, since, unit.snapshot_at, unit.commodity, stood, readings)


def _go_back(connection: Connection, unit: Stored, course: Course) -> bool:
    """Set the course back to before its `since`; return whether it begins at the very start."""
    since = to_microseconds(course.since)
    run(connection, _FORGET_SNAPSHOTS, (unit.container, since))
    kept = run(connection, _SNAPSHOT_BEFORE, (unit.container, since)).fetchone()
    if kept is not None:
        course.snapshot_at, course.state = from_microseconds(kept[0]), decode(kept[1], UnitState)
        return False
    journey = None if unit.journey is None else decode(unit.journey, Journey)
    course.snapshot_at, course.state = None, begin(course.state.container, journey)
    return True


def followed(
    connection: Connection, container: str, since: datetime | None, *, again: bool = True
) -> list[Measured]:
    """Return the followed readings from `since` on (`again`) or after it, in order of time."""
    start = LONG_AGO if since is None else since
    found: list[Measured] = []
    rows = run(connection, _FOLLOWED_SINCE, (container, to_microseconds(start)))
    for device, boot_id, packed in rows.fetchall():
        for reading in unpack(packed):
            if reading.at > start or (again and reading.at == start):
                found.append((device, boot_id, reading))
    found.sort(key=order)
    return found


def go(course: Course, measured: Iterable[Measured]) -> None:
    """Move the state through readings, leaving a snapshot behind every `SNAPSHOT_EVERY`."""
    before = course.state
    for after, raised in trace(before, once(measured), course.commodity):
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


def once(measured: Iterable[Measured]) -> Iterator[Reading]:
    """Yield one reading for each device and instant: a file sent twice counts once."""
    at, devices = None, set[str]()
    for device, _, reading in measured:
        if reading.at != at:
            at, devices = reading.at, set()
        if device not in devices:
            devices.add(device)
            yield reading


def save(connection: Connection, courses: Sequence[Course]) -> None:
    """Store units, their snapshots, and what became of their alarms."""
    units, snapshots = [], []
    for course in courses:
        state = course.state
        stand, fresh = standing.settle(connection, state, course.since, course.alarms, course.stood)
        life = None if course.commodity is None else shelf_life(state, course.commodity)
        snapshots += [
            {"container": s.container, "at": s.at, "state": encode(s)} for s in course.snapshots
        ]
        units.append(
            (
                _instant(state.at),
                course.readings,
                None if life is None else urgency(life),
                None if life is None else encode(life),
                encode(state),
                _instant(course.snapshot_at),
                standing.write(stand),
                encode(fresh) if fresh else None,
                str(state.container),
            )
        )
    _SNAPSHOTS.add(connection, snapshots)
    run(connection, _SAVE, units)


def _instant(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def urgency(life: ShelfLife) -> int:
    """Return the minutes until the careful end of life if the air stays as it is now."""
    return round(life.as_now_days_q10 * 1440)
