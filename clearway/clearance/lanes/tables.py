"""Lanes' tables, how they follow facts, and what can be asked of them.

`clearance_lane`      what happened to a lane: only of declarations held, stopped or rerouted
`clearance_to_audit`  goods released to be audited, and what the audit found
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Table,
    Text,
    select,
)

from clearway.clearance import schema
from clearway.clearance.facts import Audited
from clearway.clearance.lanes.facts import Rerouted, Stopped
from clearway.clearance.model import Conformity, Scope
from clearway.clearance.record import State
from clearway.ledger.columns import Instant, from_microseconds, to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.risk.model import CUSTOMS, Channel, Stratum
from clearway.terms.identifiers import Mrn

lane = Table(
    "clearance_lane",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("held_until", Instant),
    Column("is_held", Boolean, nullable=False),
    Column("stop_scope", Text, nullable=False),
    Column("stop_reason", Text, nullable=False),
    Column("is_rerouted", Boolean, nullable=False),
    Index("clearance_lane_held", "is_held", "held_until"),
    sqlite_with_rowid=False,
)

to_audit = Table(
    "clearance_to_audit",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("office", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("is_rerouted", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("audited_at", Instant),
    Index("clearance_to_audit_by_seq", "seq"),
)

TABLES: tuple[Table, ...] = (lane, to_audit)
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Lane:
    """What happened to a lane.

    Args:
        held_until: until when an officer may stop it, aware UTC; None: it was never held.
        is_held: whether the last decision holds it for that alone.
        stop_scope: what the officer who stopped it wants to see; None: nobody did.
        stop_reason: in the officer's words.
        is_rerouted: whether a documentary check became an audit.
    """

    held_until: datetime | None = None
    is_held: bool = False
    stop_scope: Scope | None = None
    stop_reason: str = ""
    is_rerouted: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A green declaration that an officer may still stop."""

    mrn: Mrn
    office: str
    until: datetime
    goods: str
    score: float


@dataclass(frozen=True, slots=True)
class Unattended:
    """A documentary check that waits to be begun."""

    mrn: Mrn
    examination: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Goods on the audit list.

    Args:
        seq: fact of the release; the place in lists.
        since: of the release, aware UTC.
        is_rerouted: whether a documentary check was due, which nobody began.
        score: of risk.
        outcome: what customs found; None: it has not audited it yet.
        audited_at: when it had, aware UTC; None: it has not.
    """

    mrn: Mrn
    seq: int
    office: str
    since: datetime
    is_rerouted: bool
    score: float
    outcome: Conformity | None
    audited_at: datetime | None


def lane_of(connection: Connection, mrn: str) -> Lane:
    """Return what happened to the lane of a declaration."""
    row = run(connection, _GET, (mrn,)).fetchone()
    if row is None:
        return Lane()
    until, is_held, scope, reason, is_rerouted = row
    return Lane(
        held_until=None if until is None else from_microseconds(until),
        is_held=bool(is_held),
        stop_scope=Scope(scope) if scope else None,
        stop_reason=reason,
        is_rerouted=bool(is_rerouted),
    )


def list_held(
    connection: Connection, *, until: datetime | None = None, limit: int = 100
) -> tuple[Held, ...]:
    """Return green declarations that are held, the next to go first.

    Args:
        until: only those whose time is over at this instant; None: all.
    """
    query = (
        select(lane.c.mrn, lane.c.held_until, _C.office, _C.goods, _C.score)
        .join(schema.consignment, _C.mrn == lane.c.mrn)
        .where(lane.c.is_held.is_(True), _C.state == State.HELD.value)
        .order_by(lane.c.held_until, lane.c.mrn)
        .limit(min(limit, MOST_LISTED))
    )
    if until is not None:
        query = query.where(lane.c.held_until <= until)
    return tuple(
        Held(Mrn(row.mrn), row.office, row.held_until, row.goods, row.score)
        for row in connection.execute(query)
    )


def offices_unattended(connection: Connection) -> tuple[str, ...]:
    """Return the offices in which a documentary check waits to be begun."""
    query = select(_C.office).join(schema.examination, _E.mrn == _C.mrn).where(*_UNATTENDED)
    return tuple(connection.execute(query.distinct().order_by(_C.office)).scalars())


def list_unattended(
    connection: Connection, office: str, before: datetime, limit: int
) -> tuple[Unattended, ...]:
    """Return documentary checks ordered before an instant that nobody began, oldest first."""
    query = (
        select(_E.mrn, _E.id, _E.ordered_at)
        .join(schema.consignment, _C.mrn == _E.mrn)
        .where(*_UNATTENDED, _C.office == office, _E.ordered_at <= before)
        .order_by(_E.ordered_at, _E.id)
        .limit(limit)
    )
    return tuple(
        Unattended(Mrn(row.mrn), row.id, row.ordered_at) for row in connection.execute(query)
    )


def list_audits(
    connection: Connection,
    *,
    open_only: bool = True,
    office: str = "",
    before: int | None = None,
    limit: int = 100,
) -> tuple[AuditEntry, ...]:
    """Return the audit list, the latest released first.

    Args:
        before: `seq` of the last one of the page before.
    """
    query = select(to_audit).order_by(to_audit.c.seq.desc()).limit(min(limit, MOST_LISTED))
    if open_only:
        query = query.where(to_audit.c.outcome == "")
    if office:
        query = query.where(to_audit.c.office == office)
    if before is not None:
        query = query.where(to_audit.c.seq < before)
    return tuple(_entry(**row) for row in connection.execute(query).mappings())


def _entry(mrn: str, outcome: str, **rest: Any) -> AuditEntry:
    return AuditEntry(Mrn(mrn), outcome=Conformity(outcome) if outcome else None, **rest)


@dataclass(frozen=True, slots=True)
class _Assessment:
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Assessed:
    """What lanes read of `risk.assessed/1`."""

    mrn: str
    assessment: _Assessment


def _assess(connection: Connection, fact: Fact) -> None:
    # Few are held: the common body is not worth decoding twice.
    if b'"held_until":null' in fact.body or b'"held_until":' not in fact.body:
        run(connection, _FORGET, (decode(fact.body, _Assessed).mrn,))
        return
    stated = decode(fact.body, _Assessed)
    until = stated.assessment.held_until
    run(connection, _HOLD, (stated.mrn, None if until is None else to_microseconds(until)))


def _decide(connection: Connection, fact: Fact) -> None:
    # The code stands in the body only as that of a reason.
    is_held = b'"CLR_R15"' in fact.body
    mrn = fact.subject.partition(":")[2]
    run(connection, _MARK_HELD, (is_held, mrn, is_held))


def _stop(connection: Connection, fact: Fact) -> None:
    stated = decode(fact.body, Stopped)
    run(connection, _STOP, (stated.scope.value, stated.reason, stated.mrn))


def _reroute(connection: Connection, fact: Fact) -> None:
    run(connection, _REROUTE, (decode(fact.body, Rerouted).mrn,))


def _release(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    run(connection, _LIST, (fact.seq, to_microseconds(fact.occurred_at), mrn))


def _audit(connection: Connection, fact: Fact) -> None:
    stated = decode(fact.body, Audited)
    if stated.agency == CUSTOMS:
        values = (stated.outcome.value, to_microseconds(stated.ended_at), stated.mrn)
        run(connection, _AUDIT, values)


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    "risk.assessed/1": (_assess,),
    "clearance.decided/1": (_decide,),
    "declaration.released/1": (_release,),
    Stopped.TYPE: (_stop,),
    Rerouted.TYPE: (_reroute,),
    Audited.TYPE: (_audit,),
}

_C, _E = schema.consignment.c, schema.examination.c
_UNATTENDED = (
    _C.channel == Channel.YELLOW.value,
    _C.stratum != Stratum.MANDATORY.value,
    _C.state == State.TO_EXAMINE.value,
    _E.started_at.is_(None),
    _E.closed_at.is_(None),
    _E.is_mandatory.is_(False),
    _C.mrn.not_in(select(lane.c.mrn).where(lane.c.is_rerouted.is_(True))),
)
_COLUMNS = "held_until, is_held, stop_scope, stop_reason, is_rerouted"
_GET = f"SELECT {_COLUMNS} FROM clearance_lane WHERE mrn = ?"
_FORGET = "DELETE FROM clearance_lane WHERE mrn = ?"
_HOLD = (
    f"INSERT INTO clearance_lane (mrn, {_COLUMNS}) VALUES (?, ?, FALSE, '', '', FALSE)"
    " ON CONFLICT (mrn) DO UPDATE SET held_until = excluded.held_until, is_held = FALSE,"
    " stop_scope = '', stop_reason = '', is_rerouted = FALSE"
)
_MARK_HELD = "UPDATE clearance_lane SET is_held = ? WHERE mrn = ? AND is_held <> ?"
_STOP = "UPDATE clearance_lane SET stop_scope = ?, stop_reason = ? WHERE mrn = ?"
_REROUTE = (
    f"INSERT INTO clearance_lane (mrn, {_COLUMNS}) VALUES (?, NULL, FALSE, '', '', TRUE)"
    " ON CONFLICT (mrn) DO UPDATE SET is_rerouted = TRUE"
)
_LIST = (
    "INSERT INTO clearance_to_audit (mrn, seq, office, since, is_rerouted, score, outcome)"
    " SELECT c.mrn, ?, c.office, ?, COALESCE(l.is_rerouted, FALSE), c.score, ''"
    f" FROM {schema.consignment.name} c LEFT JOIN clearance_lane l ON l.mrn = c.mrn"
    f" WHERE c.mrn = ? AND (c.channel = '{Channel.BLUE.value}' OR l.is_rerouted)"
    " ON CONFLICT (mrn) DO NOTHING"
)
_AUDIT = "UPDATE clearance_to_audit SET outcome = ?, audited_at = ? WHERE mrn = ?"
