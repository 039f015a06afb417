"""Risk's tables, the facts they follow, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, desc, select

from clearway.errors import NotFound
from clearway.ledger.fact import decode
from clearway.ledger.statement import run
from clearway.ledger.transaction import Projection
from clearway.risk import projections, schema
from clearway.risk.card import Metric
from clearway.risk.exploration import PARTS
from clearway.risk.facts import Assessed, ModelActivated
from clearway.risk.keys import UNKNOWN
from clearway.risk.model import Assessment, Channel, Day, Past
from clearway.risk.network import tables as network
from clearway.risk.schema import assessment, day, declaration, history, model, taken

TABLES: tuple[Table, ...] = (
    history,
    declaration,
    assessment,
    day,
    taken,
    model,
    *network.TABLES,
)

PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    "declaration.accepted/1": (projections.count_accepted,),
    "clearance.examined/1": (projections.learn_result,),
    "clearance.audited/1": (projections.learn_result,),
    Assessed.TYPE: (projections.put_assessment,),
    "clearance.rerouted/1": (projections.count_rerouted,),
    ModelActivated.TYPE: (projections.put_model,),
    **network.PROJECTIONS,
}

oldest_cut_off_day = projections.oldest_cut_off_day

_USUAL_DAYS = 7
_MOST_KEYS = 8_000  # of one query; engines take 32,766 parameters or more


@dataclass(frozen=True, slots=True)
class StoredAssessment:
    """An assessment and the fact that states it."""

    mrn: str
    seq: int
    at: datetime
    office: str
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class StoredModel:
    """An activation of a model.

    Args:
        seq: of the fact.
        id: of the model.
        activated_by: actor.
        metrics: as measured in its training.
        reason: in the officer's words.
    """

    seq: int
    id: str
    activated_at: datetime
    activated_by: str
    trained_at: datetime
    cut_off: datetime
    metrics: tuple[Metric, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class OfficeDay:
    """What an office did on a day, as shown."""

    office: str
    day: int
    so_far: Day


def read_pasts(
    connection: Connection, keys: Iterable[int], *, since: int, today: int
) -> dict[int, Past]:
    """Return what `risk_history` knows of these keys, in one query; absent keys are absent.

    Args:
        keys: of `keys.keys_of`, of all items of a declaration.
        since: first day counted: the cut-off of the model whose snapshot goes before.
        today: day of the reader; the last day with an item is one before it.
    """
    wanted = [key for key in keys if key != UNKNOWN]
    found: dict[int, Past] = {}
    for start in range(0, len(wanted), _MOST_KEYS):
        page = wanted[start : start + _MOST_KEYS]
        # The same few lengths of the list, so that the driver knows the statement.
        page += page[-1:] * (-len(page) % 16)
        rows = run(connection, schema.read_pasts(len(page)), (today, today, today, *page, since))
        for row in rows:
            found[row[0]] = Past._make(row[1:])
    return found


def read_day(connection: Connection, office: str, today: int, *, keys: Collection[str] = ()) -> Day:
    """Return what an office has assessed today, and what its last days brought.

    Args:
        keys: of what profiles selected and of whom, as far as they are limited.
    """
    days = {
        at: dict(zip(schema.DAY_COUNTS, counts, strict=True))
        for at, *counts in run(connection, schema.READ_DAY, (office, today - _USUAL_DAYS, today))
    }
    seen = sum(counts["arrivals"] for counts in days.values())
    curiosity = sum(counts["curiosity"] for counts in days.values())
    now = days.pop(today, dict.fromkeys(schema.DAY_COUNTS, 0))
    del now["curiosity"]
    return Day(
        **now,
        usual_arrivals=sum(counts["arrivals"] for counts in days.values()) / len(days)
        if days
        else None,
        usual_curiosity=curiosity / seen / PARTS if seen else None,
        taken=dict(run(connection, schema.read_taken(len(keys)), (office, today, *keys)).fetchall())
        if keys
        else {},
    )


def get_assessment(connection: Connection, mrn: str) -> StoredAssessment:
    """Return the last assessment of a declaration. Raises: NotFound: it has none."""
    row = connection.execute(select(assessment).where(assessment.c.mrn == mrn)).first()
    if row is None:
        raise NotFound(f"Declaration {mrn} has not been assessed", mrn=mrn)
    return _stored(row)


def list_assessments(
    connection: Connection,
    *,
    channel: Channel | None = None,
    before: int | None = None,
    limit: int = 100,
) -> tuple[StoredAssessment, ...]:
    """Return the newest assessments first.

    Args:
        channel: only these.
        before: the `seq` of the last one of the page before.
        limit: at most so many.
    """
    query = select(assessment).order_by(desc(assessment.c.seq)).limit(limit)
    if channel is not None:
        query = query.where(assessment.c.channel == channel.value)
    if before is not None:
        query = query.where(assessment.c.seq < before)
    return tuple(_stored(row) for row in connection.execute(query))


def list_days(connection: Connection, today: int, *, limit: int = 100) -> tuple[OfficeDay, ...]:
    """Return what each office has assessed on a day, in the order of their codes."""
    offices = connection.execute(
        select(day.c.office).where(day.c.day == today).order_by(day.c.office).limit(limit)
    ).scalars()
    return tuple(OfficeDay(each, today, read_day(connection, each, today)) for each in offices)


def active_model(connection: Connection) -> StoredModel | None:
    """Return the model activated last; None before the first."""
    return next(iter(list_models(connection, limit=1)), None)


def list_models(
    connection: Connection, *, before: int | None = None, limit: int = 100
) -> tuple[StoredModel, ...]:
    """Return activations of models, newest first; `before` is the last `seq` of the page before."""
    query = select(model).order_by(desc(model.c.seq)).limit(limit)
    if before is not None:
        query = query.where(model.c.seq < before)
    return tuple(_model(row) for row in connection.execute(query))


def _stored(row: Any) -> StoredAssessment:
    return StoredAssessment(row.mrn, row.seq, row.at, row.office, decode(row.body, Assessment))


def _model(row: Any) -> StoredModel:
    stated = decode(row.body, ModelActivated)
    return StoredModel(
        seq=row.seq,
        id=row.id,
        activated_at=row.activated_at,
        activated_by=row.activated_by,
        trained_at=row.trained_at,
        cut_off=row.cut_off,
        metrics=stated.metrics,
        reason=stated.reason,
    )
