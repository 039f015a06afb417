"""Which alarms stand: what readings raise and end, held against what is on record.

A unit's state says which alarms its readings would raise. On record are those that have a fact.
Late readings can change the past, so the two are settled after each batch: one alarm of a kind
stands at a time, none is told twice, and one that ended by mistake stands again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from clearway.coldchain import stored
from clearway.coldchain.facts import AlarmAcknowledged, AlarmRaised
from clearway.coldchain.model import Alarm, AlarmKind
from clearway.coldchain.state import UnitState
from clearway.ledger.fact import Fact, decode, encode

Kinds = frozenset[AlarmKind]

_ENDED_BY_PEOPLE: Kinds = frozenset({AlarmKind.READINGS_DIFFER})

_SINCE = select(stored.alarm.c.kind).where(
    stored.alarm.c.container == bindparam("container"), stored.alarm.c.at >= bindparam("since")
)
_STANDING = select(stored.unit.c.standing).where(stored.unit.c.container == bindparam("container"))


def read(text: str | None) -> Kinds:
    """Return the kinds that a unit's row names."""
    return frozenset(map(AlarmKind, text.split())) if text else frozenset()


def write(kinds: Kinds) -> str:
    """Return kinds as a unit's row names them."""
    return " ".join(sorted(kinds)) if kinds else ""


def settle(
    connection: Connection,
    state: UnitState,
    since: datetime,
    alarms: Iterable[Alarm],
    stood: Kinds,
) -> tuple[Kinds, list[AlarmRaised]]:
    """Return the kinds on record that stand after these readings, and the alarms to announce.

    Args:
        state: after the readings.
        since: instant from which the past was written anew.
        alarms: raised on the way from `since` to `state`.
        stood: kinds that stood on record before.
    """
    fresh = _fresh(connection, state, since, alarms, stood) if alarms else []
    stand = frozenset(state.open)
    gone = stood - stand - _ENDED_BY_PEOPLE
    if gone and state.at is not None:
        clear(connection, state.container, gone, state.at)
    lost = stand - stood - {body.kind for body in fresh}
    for kind in lost:
        _reopen(connection, state.container, kind)
    return (stood - gone) | lost, fresh


def _fresh(
    connection: Connection,
    state: UnitState,
    since: datetime,
    alarms: Iterable[Alarm],
    stood: Kinds,
) -> list[AlarmRaised]:
    """Return the alarms that are not on record: one a kind, the standing one before a past one."""
    found: dict[AlarmKind, AlarmRaised] = {}
    rows = connection.execute(_SINCE, {"container": state.container, "since": since})
    past = {AlarmKind(kind) for kind in rows.scalars()}
    for alarm in alarms:
        if alarm.kind in stood:
            continue
        if alarm.kind in state.open:
            found[alarm.kind] = AlarmRaised.of(alarm)
        elif alarm.kind not in past:
            found.setdefault(alarm.kind, AlarmRaised.of(alarm, cleared_at=state.at))
    return list(found.values())


def clear(
    connection: Connection, container: str, kinds: Collection[AlarmKind], at: datetime
) -> None:
    """End the standing alarms of these kinds."""
    if kinds:
        connection.execute(
            update(stored.alarm)
            .where(
                stored.alarm.c.container == container,
                stored.alarm.c.kind.in_([kind.value for kind in kinds]),
                stored.alarm.c.cleared_at.is_(None),
            )
            .values(cleared_at=at)
        )


def _reopen(connection: Connection, container: str, kind: AlarmKind) -> None:
    """Let an alarm stand again: late readings showed that it never ended."""
    table = stored.alarm
    latest = (
        select(func.max(table.c.seq))
        .where(table.c.container == container, table.c.kind == kind.value)
        .scalar_subquery()
    )
    connection.execute(update(table).where(table.c.seq == latest).values(cleared_at=None))


def raise_alarm(connection: Connection, fact: Fact) -> None:
    """Put an alarm on record (`coldchain.alarm_raised/1`)."""
    body = decode(fact.body, AlarmRaised)
    connection.execute(
        insert(stored.alarm).values(
            seq=fact.seq,
            container=body.container,
            kind=body.kind.value,
            at=body.at,
            body=encode(body.alarm),
            cleared_at=body.cleared_at,
            acknowledged_by="",
            note="",
        )
    )
    if body.cleared_at is None:
        _set(connection, body.container, _of(connection, body.container) | {body.kind})


def acknowledge_alarm(connection: Connection, fact: Fact) -> None:
    """Note who took the alarm on; what no reading can end, ends with that."""
    body = decode(fact.body, AlarmAcknowledged)
    connection.execute(
        update(stored.alarm)
        .where(stored.alarm.c.seq == body.alarm)
        .values(acknowledged_at=fact.occurred_at, acknowledged_by=fact.actor, note=body.note)
    )
    if body.kind in _ENDED_BY_PEOPLE:
        clear(connection, body.container, {body.kind}, fact.occurred_at)
        _set(connection, body.container, _of(connection, body.container) - {body.kind})


def _of(connection: Connection, container: str) -> Kinds:
    return read(connection.execute(_STANDING, {"container": container}).scalar())


def _set(connection: Connection, container: str, kinds: Kinds) -> None:
    connection.execute(
        update(stored.unit)
        .where(stored.unit.c.container == container)
        .values(standing=write(kinds))
    )
