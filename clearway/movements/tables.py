"""Where each container is now, who held it, and which of its alarms stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, select, tuple_

from clearway.errors import NotFound
from clearway.ledger.columns import Instant
from clearway.ledger.fact import decode
from clearway.movements.alarm import MovementAlarm, MovementAlarmKind, RaisedMovementAlarm
from clearway.movements.model import CustodySpan, Link, Whereabouts
from clearway.movements.places import AuthorisedPlace
from clearway.movements.projections import PROJECTIONS as PROJECTIONS
from clearway.movements.projections import find as find
from clearway.movements.projections import read_row
from clearway.movements.schema import TABLES as TABLES
from clearway.movements.schema import alarm, device_link, handover, place, seal
from clearway.movements.schema import whereabouts as whereabouts
from clearway.terms.transport import ContainerNumber, SealNumber

MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class SealOnRecord:
    """The last word of one seal, from whoever looked or from the seal itself; `seq` is its fact."""

    container: ContainerNumber
    seal: SealNumber
    at: datetime
    is_intact: bool
    is_electronic: bool
    seq: int


def get(connection: Connection, container: str) -> Whereabouts:
    """Return what is known of this container. Raises: NotFound: nothing is."""
    found = find(connection, container)
    if found is None:
        raise NotFound(f"No movement of container {container} is on record", container=container)
    return found


def list_here(
    connection: Connection,
    office: str,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> tuple[Whereabouts, ...]:
    """Return the containers that are at an office's place, the longest waiting first.

    Args:
        after: `since` and `container` of the last one of the page before.
        limit: at most `MOST_LISTED`.
    """
    table = whereabouts
    query = (
        select(table)
        .where(table.c.office == office, table.c.is_here)
        .order_by(table.c.since, table.c.container)
        .limit(min(limit, MOST_LISTED))
    )
    if after is not None:
        position = tuple_(
            bindparam("since", after[0], Instant), bindparam("number", after[1], Text)
        )
        query = query.where(tuple_(table.c.since, table.c.container) > position)
    return tuple(map(read_row, connection.execute(query)))


def custody_spans(
    connection: Connection,
    container: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[CustodySpan, ...]:
    """Return who held a container, in order, without gap from the first handover on.

    The giver of the first handover held it before; when from is not on record, so no span says it.

    Args:
        since, until: cut the spans to this window (aware UTC); None: all.
    """
    query = (
        select(handover)
        .where(handover.c.container == container)
        .order_by(handover.c.at, handover.c.seq)
    )
    rows = connection.execute(query).all()
    spans = [
        CustodySpan(row.taker, row.at, following.at if following else None, row.place)
        for row, following in pairwise([*rows, None])
        if row is not None
    ]
    return tuple(cut for span in spans if (cut := _cut(span, since, until)) is not None)


def _cut(span: CustodySpan, since: datetime | None, until: datetime | None) -> CustodySpan | None:
    start = span.since if since is None else max(span.since, since)
    end = span.until
    if until is not None:
        end = until if end is None else min(end, until)
    if end is not None and end <= start:
        return None
    return CustodySpan(span.holder, start, end, span.place)


def devices_on(connection: Connection, container: str) -> tuple[tuple[str, datetime], ...]:
    """Return the devices that are fixed to a container now, and since when."""
    query = (
        select(device_link.c.device, device_link.c.at, device_link.c.link)
        .where(device_link.c.container == container)
        .order_by(device_link.c.at, device_link.c.seq)
    )
    on: dict[str, datetime] = {}
    for device, at, link in connection.execute(query):
        if link == Link.ADD:
            on.setdefault(device, at)
        else:
            on.pop(device, None)
    return tuple(sorted(on.items()))


def seals_on(connection: Connection, container: str) -> tuple[SealOnRecord, ...]:
    """Return the last word of each seal of a container, the latest last."""
    query = select(seal).where(seal.c.container == container).order_by(seal.c.at, seal.c.seal)
    return tuple(
        SealOnRecord(
            ContainerNumber(row.container),
            SealNumber(row.seal),
            row.at,
            row.is_intact,
            row.is_electronic,
            row.seq,
        )
        for row in connection.execute(query)
    )


def list_places(connection: Connection, office: str = "") -> tuple[AuthorisedPlace, ...]:
    """Return the authorised places, of one office or of all, by their codes."""
    query = select(place.c.body).order_by(place.c.code)
    if office:
        query = query.where(place.c.office == office)
    return tuple(decode(row.body, AuthorisedPlace) for row in connection.execute(query))


def find_place(connection: Connection, code: str) -> AuthorisedPlace | None:
    """Return an authorised place, or None."""
    body = connection.execute(select(place.c.body).where(place.c.code == code)).scalar()
    return None if body is None else decode(body, AuthorisedPlace)


def get_alarm(connection: Connection, seq: int) -> RaisedMovementAlarm:
    """Return the alarm of the fact at `seq`. Raises: NotFound: that fact is no movement's alarm."""
    row = connection.execute(select(alarm).where(alarm.c.seq == seq)).first()
    if row is None:
        raise NotFound(f"There is no movement alarm {seq}", alarm=seq)
    return _alarm(row)


def find_alarm(
    connection: Connection, container: str, kind: MovementAlarmKind, mark: str, at: datetime
) -> RaisedMovementAlarm | None:
    """Return the alarm of a kind about one thing that stands, or that told of the same instant."""
    query = (
        select(alarm)
        .where(
            alarm.c.container == container,
            alarm.c.kind == kind.value,
            alarm.c.mark == mark,
            alarm.c.settled_at.is_(None) | (alarm.c.at == at),
        )
        .order_by(alarm.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _alarm(row)


def list_alarms(
    connection: Connection,
    *,
    container: str | None = None,
    standing_only: bool = True,
    before: int | None = None,
    limit: int = 100,
) -> tuple[RaisedMovementAlarm, ...]:
    """Return alarms, the newest first.

    Args:
        container: of this one only.
        standing_only: leave out those that were settled.
        before: `seq` of the last alarm of the page before.
        limit: at most `MOST_LISTED`.
    """
    query: Select[Any] = select(alarm).order_by(alarm.c.seq.desc()).limit(min(limit, MOST_LISTED))
    if container is not None:
        query = query.where(alarm.c.container == container)
    if standing_only:
        query = query.where(alarm.c.settled_at.is_(None))
    if before is not None:
        query = query.where(alarm.c.seq < before)
    return tuple(map(_alarm, connection.execute(query)))


def standing_kinds(connection: Connection, containers: Collection[str]) -> tuple[str, ...]:
    """Return the kinds of alarm that stand of any of these containers, each once, in order."""
    if not containers:
        return ()
    query = (
        select(alarm.c.kind)
        .where(alarm.c.container.in_(list(containers)), alarm.c.settled_at.is_(None))
        .distinct()
        .order_by(alarm.c.kind)
    )
    return tuple(connection.execute(query).scalars())


def _alarm(row: Any) -> RaisedMovementAlarm:
    return RaisedMovementAlarm(
        row.seq,
        decode(row.body, MovementAlarm),
        row.acknowledged_at,
        row.acknowledged_by,
        row.note,
        row.settled_at,
        row.settled_by,
        row.outcome,
    )
