"""The table of what watching stated, and what can be asked of it.

`risk_watch`   drift noticed, models trained, trainings that failed, contests: the newest last
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, Table, Text, desc, select

from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.risk import schema
from clearway.risk.monitor.contest import Verdict
from clearway.risk.monitor.facts import (
    ChallengerJudged,
    ChallengerTrained,
    DriftNoticed,
    TrainingFailed,
)
from clearway.risk.monitor.retraining import Standing

watch = Table(
    "risk_watch",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("risk_watch_by_type", "type", "seq"),
)

TABLES: tuple[Table, ...] = (watch,)
MOST_LISTED = 500

Stated: TypeAlias = DriftNoticed | ChallengerTrained | TrainingFailed | ChallengerJudged
_KINDS: dict[str, Any] = {
    each.TYPE: each for each in (DriftNoticed, ChallengerTrained, TrainingFailed, ChallengerJudged)
}
_ROWS = Rows(watch)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that watching stated: the fact and what it says."""

    seq: int
    at: datetime
    type: str
    stated: Stated


@dataclass(frozen=True, slots=True)
class Challenger:
    """The model in shadow.

    Args:
        model: its id.
        since: when it began to score.
        looks: how often it was judged.
        verdict: of the last look; None: not judged yet.
        judged_at: when that was; None: never.
    """

    model: str
    since: datetime
    looks: int
    verdict: Verdict | None
    judged_at: datetime | None


def _put(connection: Connection, fact: Fact) -> None:
    row = {
        "seq": fact.seq,
        "type": fact.type,
        "model": fact.subject.partition(":")[2],
        "at": fact.recorded_at,
        "body": fact.body,
    }
    _ROWS.add(connection, [row])


PROJECTIONS: dict[str, tuple[Projection, ...]] = dict.fromkeys(_KINDS, (_put,))


def list_events(
    connection: Connection,
    type_: str | None = None,
    *,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Event, ...]:
    """Return what was stated, newest first.

    Args:
        type_: only facts of this type.
        before: the `seq` of the last one of the page before.
    """
    query = select(watch).order_by(desc(watch.c.seq)).limit(min(limit, MOST_LISTED))
    if type_ is not None:
        query = query.where(watch.c.type == type_)
    if before is not None:
        query = query.where(watch.c.seq < before)
    return tuple(
        Event(row.seq, row.at, row.type, decode(row.body, _KINDS[row.type]))
        for row in connection.execute(query)
    )


def challenger(connection: Connection) -> Challenger | None:
    """Return the model in shadow; None: none, or it was promoted, judged worse, or outdated.

    A model that was activated after the challenger began ends its contest: it was trained to
    follow another champion.
    """
    query = select(watch.c.seq).where(watch.c.type == ChallengerTrained.TYPE)
    last = connection.execute(query.order_by(desc(watch.c.seq)).limit(1)).scalar()
    if last is None:
        return None
    row = connection.execute(select(watch).where(watch.c.seq == last)).one()
    active = connection.execute(
        select(schema.model.c.seq).order_by(desc(schema.model.c.seq)).limit(1)
    ).scalar()
    if active is not None and active > last:
        return None
    judged = [
        each
        for each in list_events(connection, ChallengerJudged.TYPE, limit=MOST_LISTED)
        if isinstance(each.stated, ChallengerJudged) and each.stated.challenger == row.model
    ]
    verdict = judged[0].stated.judgement.verdict if judged else None  # type: ignore[union-attr]
    if verdict is Verdict.WORSE:
        return None
    at = judged[0].at if judged else None
    return Challenger(row.model, row.at, len(judged), verdict, at)


def standing(connection: Connection) -> Standing:
    """Return what is known of training, as far as it decides when to train next."""
    trained = list_events(connection, ChallengerTrained.TYPE, limit=1)
    active = connection.execute(
        select(schema.model.c.trained_at).order_by(desc(schema.model.c.seq)).limit(1)
    ).scalar()
    times = [each.stated.trained_at for each in trained]  # type: ignore[union-attr]
    times += [active] if active is not None else []
    drifts = list_events(connection, DriftNoticed.TYPE, limit=1)
    failed = list_events(connection, TrainingFailed.TYPE, limit=10)
    since = trained[0].seq if trained else -1
    in_a_row = [each for each in failed if each.seq > since]
    return Standing(
        trained_at=max(times, default=None),
        drift_at=drifts[0].at if drifts else None,
        failed_at=in_a_row[0].at if in_a_row else None,
        failures=len(in_a_row),
    )
