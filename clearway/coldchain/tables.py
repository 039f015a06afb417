"""The cold chain's tables: what keeps them up to date, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, bindparam, func, select, tuple_

from clearway.coldchain import commodities, course, follow, links, receiving, standing, stored
from clearway.coldchain.facts import (
    AlarmAcknowledged,
    AlarmRaised,
    JourneyStarted,
    ReadingsArchived,
    ReadingsFollowed,
    ReadingsReceived,
    ReadingsRecorded,
)
from clearway.coldchain.history import points_of
from clearway.coldchain.model import (
    Alarm,
    AlarmKind,
    HistoryPoint,
    Journey,
    RaisedAlarm,
    Reading,
    ShelfLife,
)
from clearway.coldchain.state import Unit, UnitState, begin
from clearway.coldchain.watch import trace
from clearway.errors import NotFound
from clearway.ledger.fact import decode
from clearway.ledger.transaction import Projection
from clearway.terms.transport import ContainerNumber

TABLES: tuple[Table, ...] = (
    stored.unit,
    stored.batch,
    stored.waiting,
    stored.position,
    stored.snapshot,
    stored.alarm,
    stored.aside,
    links.link,
)

PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    JourneyStarted.TYPE: (follow.start_journey,),
    ReadingsReceived.TYPE: (receiving.receive,),
    ReadingsFollowed.TYPE: (follow.follow_up,),
    ReadingsRecorded.TYPE: (follow.take_in,),
    ReadingsArchived.TYPE: (follow.archive,),
    AlarmRaised.TYPE: (standing.raise_alarm,),
    AlarmAcknowledged.TYPE: (standing.acknowledge_alarm,),
    "movement.arrived/1": (follow.arrive,),
    "movement.departed/1": (follow.depart,),
}

MOST_LISTED = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)

_UNIT = select(stored.unit).where(stored.unit.c.container == bindparam("container"))

_UNANNOUNCED = select(stored.unit.c.container, stored.unit.c.unannounced).where(
    stored.unit.c.container.in_(bindparam("containers", expanding=True)),
    stored.unit.c.unannounced.is_not(None),
)
_FACTS_AT_ONCE = 512
_WAITING = (
    select(stored.waiting.c.seq, stored.waiting.c.readings, stored.waiting.c.containers)
    .order_by(stored.waiting.c.seq)
    .limit(bindparam("most"))
)


def find_unit(connection: Connection, container: str) -> Unit | None:
    """Return the unit of this container, or None when nothing cold is known of it."""
    row = connection.execute(_UNIT, {"container": container}).first()
    return None if row is None else _unit(row)


def get_unit(connection: Connection, container: str) -> Unit:
    """Return the unit of this container. Raises: NotFound: nothing cold is known of it."""
    found = find_unit(connection, container)
    if found is None:
        raise NotFound(
            f"No readings and no journey of container {container} are on record",
            container=container,
        )
    return found


def list_units(
    connection: Connection, *, after: tuple[int, str] | None = None, limit: int = 100
) -> tuple[Unit, ...]:
    """Return units at the border whose shelf life is counted, the most urgent first.

    Args:
        after: `urgency_of` the last unit of the page before.
        limit: at most `MOST_LISTED`.
    """
    table = stored.unit
    query = (
        select(table)
        .where(table.c.departed_at.is_(None), table.c.urgency.is_not(None))
        .order_by(table.c.urgency, table.c.container)
        .limit(min(limit, MOST_LISTED))
    )
    if after is not None:
        query = query.where(tuple_(table.c.urgency, table.c.container) > after)
    return tuple(map(_unit, connection.execute(query)))


def urgency_of(unit: Unit) -> tuple[int, str]:
    """Return the place of a unit in `list_units`: minutes of life left in this air, number."""
    minutes = 0 if unit.life is None else course.urgency(unit.life)
    return minutes, str(unit.container)


def list_silent(connection: Connection, before: datetime, *, limit: int = 100) -> tuple[Unit, ...]:
    """Return units at the border that sent nothing since `before`, the longest silent first.

    Those whose silence stands as an alarm already are left out.
    """
    table = stored.unit
    query = (
        select(table)
        .where(
            table.c.departed_at.is_(None),
            table.c.journey.is_not(None),
            table.c.at < before,
            table.c.standing.not_like(f"%{AlarmKind.READINGS_MISSING}%"),
        )
        .order_by(table.c.at)
        .limit(min(limit, MOST_LISTED))
    )
    return tuple(map(_unit, connection.execute(query)))


def _unit(row: Any) -> Unit:
    return Unit(
        ContainerNumber(row.container),
        None if row.journey is None else decode(row.journey, Journey),
        decode(row.state, UnitState),
        None if row.life is None else decode(row.life, ShelfLife),
        row.readings,
        tuple(sorted(standing.read(row.standing))),
        row.departed_at,
    )


def get_readings(
    connection: Connection,
    container: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Reading, ...]:
    """Return the readings of a container in order of time, as its state took them in.

    Args:
        since, until: aware UTC, both included; None: from the first, to the last.
    """
    until = _EVER[1] if until is None else until
    known = follow.known(connection, container, since)
    return tuple(reading for reading in course.once(known) if reading.at <= until)


def get_history(
    connection: Connection, container: str, *, points: int = 400
) -> tuple[HistoryPoint, ...]:
    """Return the journey of a container for a chart, thinned out to about `points`.

    The states are made again from the readings, so each point shows what is known today.

    Raises: NotFound: nothing cold is known of this container.
    """
    unit = get_unit(connection, container)
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    start = begin(unit.container, unit.journey)
    readings = get_readings(connection, container, since=start.at)
    states = [state for state, _ in trace(start, readings, commodity)]
    return points_of(states, commodity, max(2, points))


def get_alarm(connection: Connection, seq: int) -> RaisedAlarm:
    """Return the alarm of the fact at `seq`. Raises: NotFound: that fact is no alarm."""
    row = connection.execute(select(stored.alarm).where(stored.alarm.c.seq == seq)).first()
    if row is None:
        raise NotFound(f"There is no alarm {seq}", alarm=seq)
    return _alarm(row)


_STANDING = (
    select(stored.alarm)
    .where(stored.alarm.c.container == bindparam("of"), stored.alarm.c.cleared_at.is_(None))
    .order_by(stored.alarm.c.seq.desc())
    .limit(bindparam("most"))
)


def list_alarms(
    connection: Connection,
    *,
    container: str | None = None,
    standing_only: bool = True,
    before: int | None = None,
    limit: int = 100,
) -> tuple[RaisedAlarm, ...]:
    """Return alarms, the newest first.

    Args:
        container: of this one only.
        standing_only: leave out those that ended.
        before: `seq` of the last alarm of the page before.
    """
    table = stored.alarm
    if container is not None and standing_only and before is None:  # asked for every declaration
        asked = {"of": container, "most": min(limit, MOST_LISTED)}
        return tuple(map(_alarm, connection.execute(_STANDING, asked)))
    query: Select[Any] = select(table).order_by(table.c.seq.desc()).limit(min(limit, MOST_LISTED))
    if container is not None:
        query = query.where(table.c.container == container)
    if standing_only:
        query = query.where(table.c.cleared_at.is_(None))
    if before is not None:
        query = query.where(table.c.seq < before)
    return tuple(map(_alarm, connection.execute(query)))


def _alarm(row: Any) -> RaisedAlarm:
    return RaisedAlarm(
        row.seq,
        decode(row.body, Alarm),
        row.cleared_at,
        row.acknowledged_at,
        row.acknowledged_by,
        row.note,
    )


def unannounced(
    connection: Connection, containers: Iterable[str]
) -> dict[str, tuple[AlarmRaised, ...]]:
    """Return the alarms that the latest readings or journeys raised, and that have no fact yet.

    Args:
        containers: whose; those without such alarms are left out of the answer.
    """
    wanted = list(containers)
    found: dict[str, tuple[AlarmRaised, ...]] = {}
    for low in range(0, len(wanted), MOST_LISTED):
        for container, packed in connection.execute(
            _UNANNOUNCED, {"containers": wanted[low : low + MOST_LISTED]}
        ):
            found[container] = decode(packed, tuple[AlarmRaised, ...])
    return found


class Waiting(NamedTuple):
    """Received readings that wait to be followed: facts by their place, and the containers."""

    facts: tuple[int, ...]
    containers: tuple[str, ...]
    readings: int


def oldest_waiting(connection: Connection, most: int) -> Waiting:
    """Return the oldest facts that wait, one at least, further ones up to `most` readings."""
    facts: list[int] = []
    containers: dict[str, None] = {}
    readings = 0
    for row in connection.execute(_WAITING, {"most": _FACTS_AT_ONCE}):
        if facts and readings + row.readings > most:
            break
        facts.append(row.seq)
        readings += row.readings
        containers.update(dict.fromkeys(row.containers.split()))
    return Waiting(tuple(facts), tuple(containers), readings)


def count_waiting(connection: Connection) -> int:
    """Return how many readings wait to be followed."""
    query = select(func.coalesce(func.sum(stored.waiting.c.readings), 0))
    return int(connection.execute(query).scalar_one())


def list_aside(connection: Connection) -> dict[str, str]:
    """Return the containers whose readings could not be judged, and why."""
    table = stored.aside
    query = select(table.c.container, table.c.reason).order_by(table.c.container)
    return {row.container: row.reason for row in connection.execute(query.limit(MOST_LISTED))}


def may_leave(connection: Connection, until: datetime, upto: int) -> bool:
    """Return whether any readings before `until` of facts up to `upto` lie in the tables."""
    table = stored.batch
    query = select(table.c.seq).where(table.c.last_at < until, table.c.seq <= upto).limit(1)
    return connection.execute(query).first() is not None
