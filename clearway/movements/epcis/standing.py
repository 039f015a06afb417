"""Capture jobs, named queries and subscriptions as rows: filling and asking."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from clearway.errors import NotFound
from clearway.ledger.fact import Fact, decode, encode
from clearway.movements.epcis import schema
from clearway.movements.epcis.facts import (
    Behaviour,
    CaptureEnded,
    CaptureError,
    QueryDropped,
    QueryNamed,
    Subscribed,
    Unsubscribed,
)


@dataclass(frozen=True, slots=True)
class Job:
    """One document that was taken in."""

    id: str
    seq: int
    agency: str
    actor: str
    created_at: datetime
    behaviour: Behaviour
    success: bool
    captured: int
    repeated: int
    errors: tuple[CaptureError, ...]


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query under a name; `definition` are its parameters."""

    name: str
    seq: int
    agency: str
    actor: str
    created_at: datetime
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told of what; `schedule` is None for a stream."""

    id: str
    seq: int
    query: str
    agency: str
    actor: str
    created_at: datetime
    dest: str
    stream: bool
    schedule: dict[str, Any] | None
    report_if_empty: bool
    initial_record_time: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a subscription was served; no projection: it moves without facts."""

    subscription: str
    secret: str
    after_seq: int
    next_at: datetime
    failures: int
    last_notified_at: datetime | None
    last_failure: str


def end_capture(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_capture_ended/1`."""
    body = decode(fact.body, CaptureEnded)
    row = {
        "id": body.job,
        "behaviour": body.behaviour.value,
        "success": body.success,
        "captured": body.captured,
        "repeated": body.repeated,
        "errors": encode(body.errors).decode(),
    }
    connection.execute(insert(schema.job), {**row, **_stamp(fact)})


def name_query(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_query_named/1`."""
    body = decode(fact.body, QueryNamed)
    row = {"name": body.name, "definition": body.definition}
    connection.execute(insert(schema.query), {**row, **_stamp(fact)})


def drop_query(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_query_dropped/1`; its subscriptions end with it."""
    body = decode(fact.body, QueryDropped)
    connection.execute(delete(schema.query).where(schema.query.c.name == body.name))
    table = schema.subscription
    connection.execute(delete(table).where(table.c.query == body.name))


def subscribe(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_subscribed/1`."""
    body = decode(fact.body, Subscribed)
    row = {
        "id": body.subscription,
        "query": body.query,
        "dest": body.dest,
        "stream": body.stream,
        "schedule": body.schedule,
        "report_if_empty": body.report_if_empty,
        "initial_record_time": body.initial_record_time,
    }
    connection.execute(insert(schema.subscription), {**row, **_stamp(fact)})


def unsubscribe(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_unsubscribed/1`."""
    body = decode(fact.body, Unsubscribed)
    table = schema.subscription
    connection.execute(delete(table).where(table.c.id == body.subscription))


def _stamp(fact: Fact) -> dict[str, Any]:
    return {
        "seq": fact.seq,
        "agency": fact.issuer,
        "actor": fact.actor,
        "created_at": fact.recorded_at,
    }


def get_job(connection: Connection, id: str) -> Job:
    """Return a capture job. Raises: NotFound."""
    row = connection.execute(select(schema.job).where(schema.job.c.id == id)).first()
    if row is None:
        raise NotFound(f"There is no capture job {id[:80]}, or none that you may see")
    return _job(row)


def list_jobs(
    connection: Connection,
    *,
    agency: str,
    actor: str = "",
    before: int | None = None,
    limit: int = 30,
) -> tuple[Job, ...]:
    """Return jobs of an agency, or of one actor of it, the newest first."""
    table = schema.job
    asked = select(table).where(table.c.agency == agency).order_by(table.c.seq.desc()).limit(limit)
    if actor:
        asked = asked.where(table.c.actor == actor)
    if before is not None:
        asked = asked.where(table.c.seq < before)
    return tuple(map(_job, connection.execute(asked)))


def find_query(connection: Connection, name: str) -> NamedQuery | None:
    """Return a named query, or None."""
    row = connection.execute(select(schema.query).where(schema.query.c.name == name)).first()
    return None if row is None else _query(row)


def list_queries(
    connection: Connection, *, agency: str, actor: str = "", after: str = "", limit: int = 30
) -> tuple[NamedQuery, ...]:
    """Return the queries of an agency, or of one actor of it, by name."""
    table = schema.query
    asked = (
        select(table)
        .where(table.c.agency == agency, table.c.name > after)
        .order_by(table.c.name)
        .limit(limit)
    )
    if actor:
        asked = asked.where(table.c.actor == actor)
    return tuple(map(_query, connection.execute(asked)))


def find_subscription(connection: Connection, id: str) -> Subscription | None:
    """Return a subscription, or None."""
    table = schema.subscription
    row = connection.execute(select(table).where(table.c.id == id)).first()
    return None if row is None else _subscription(row)


def list_subscriptions(
    connection: Connection,
    query: str,
    *,
    agency: str = "",
    actor: str = "",
    after: str = "",
    limit: int = 30,
) -> tuple[Subscription, ...]:
    """Return the subscriptions of a query, by id: all, or an agency's, or those of one actor."""
    table = schema.subscription
    asked = (
        select(table)
        .where(table.c.query == query, table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    )
    if agency:
        asked = asked.where(table.c.agency == agency)
    if actor:
        asked = asked.where(table.c.actor == actor)
    return tuple(map(_subscription, connection.execute(asked)))


def count_subscriptions(connection: Connection, *, agency: str = "", actor: str = "") -> int:
    """Return how many subscriptions an agency has, or one actor."""
    table = schema.subscription
    whose = table.c.actor == actor if actor else table.c.agency == agency
    return connection.execute(select(func.count()).where(whose)).scalar_one()


def count_queries(connection: Connection, actor: str) -> int:
    """Return how many named queries an actor has."""
    asked = select(func.count()).where(schema.query.c.actor == actor)
    return connection.execute(asked).scalar_one()


def begin_delivery(connection: Connection, delivery: Delivery) -> None:
    """Note how a new subscription is served."""
    _forget(connection, schema.delivery, delivery.subscription)
    row = {name: getattr(delivery, name) for name in Delivery.__slots__}
    connection.execute(insert(schema.delivery), row)


def find_delivery(connection: Connection, id: str) -> Delivery | None:
    """Return how far a subscription was served, or None."""
    table = schema.delivery
    row = connection.execute(select(table).where(table.c.subscription == id)).first()
    return None if row is None else Delivery(**row._mapping)


def list_due(connection: Connection, now: datetime, limit: int) -> tuple[Delivery, ...]:
    """Return deliveries whose time has come, the longest waiting first."""
    table = schema.delivery
    asked = select(table).where(table.c.next_at <= now).order_by(table.c.next_at).limit(limit)
    return tuple(Delivery(**row._mapping) for row in connection.execute(asked))


def move_delivery(connection: Connection, id: str, **changes: Any) -> None:
    """Note what became of a delivery."""
    table = schema.delivery
    connection.execute(update(table).where(table.c.subscription == id).values(**changes))


def wake_streams(connection: Connection, now: datetime) -> None:
    """Make every stream that has no failure due now."""
    streams = select(schema.subscription.c.id).where(schema.subscription.c.stream)
    table = schema.delivery
    connection.execute(
        update(table)
        .where(table.c.subscription.in_(streams), table.c.failures == 0, table.c.next_at > now)
        .values(next_at=now)
    )


def end_deliveries(connection: Connection, ids: Iterable[str]) -> None:
    """Forget how these subscriptions were served, and their secrets."""
    for id in ids:
        _forget(connection, schema.delivery, id)


def _forget(connection: Connection, table: Table, id: str) -> None:
    connection.execute(delete(table).where(table.c.subscription == id))


def _job(row: Any) -> Job:
    values = dict(row._mapping)
    values["behaviour"] = Behaviour(row.behaviour)
    values["errors"] = decode(row.errors.encode(), tuple[CaptureError, ...])
    return Job(**values)


def _query(row: Any) -> NamedQuery:
    return NamedQuery(**{**row._mapping, "definition": json.loads(row.definition)})


def _subscription(row: Any) -> Subscription:
    schedule = json.loads(row.schedule) if row.schedule else None
    return Subscription(**{**row._mapping, "schedule": schedule})
