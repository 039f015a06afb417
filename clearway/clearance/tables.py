"""Clearance's tables: what can be asked of them (`schema`, `projections` keep them).

Everything the console's page of a consignment shows comes from here and from the desks' own tables.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, func, select

from clearway.certificates.model import normal_number
from clearway.clearance import rows, schema
from clearway.clearance.facts import Decided
from clearway.clearance.model import Examination, QueueEntry, Result, Scope
from clearway.clearance.priority import DEFAULT, Bounds, order
from clearway.clearance.projections import PROJECTIONS
from clearway.clearance.record import Appeal, Consignment, State, StoredDecision, StoredMatch
from clearway.clearance.schema import TABLES
from clearway.clearance.waiting import list_waiting
from clearway.errors import NotFound
from clearway.ledger.columns import from_microseconds
from clearway.ledger.fact import decode
from clearway.ledger.statement import Rows, run
from clearway.terms.identifiers import Mrn

__all__ = ["PROJECTIONS", "TABLES"]

MOST_LISTED = 500
OPEN = frozenset(
    {State.WAITING, State.READY, State.HELD, State.TO_EXAMINE, State.UNDER_EXAMINATION}
)

_C, _E, _B = schema.consignment.c, schema.examination.c, schema.container.c
_MRN: BindParameter[str] = bindparam("mrn")
_ENDED = tuple(state.value for state in State if state not in OPEN)

_CONSIGNMENTS = Rows(schema.consignment)
_CONSIGNMENT = f"{_CONSIGNMENTS.select} WHERE mrn = ?"
_EXAMINATION = select(schema.examination).where(_E.id == bindparam("id"))
_EXAMINATIONS = select(schema.examination).where(_E.mrn == _MRN).order_by(_E.seq)
_RESULTS = (
    select(schema.result)
    .where(schema.result.c.examination == bindparam("id"))
    .order_by(schema.result.c.seq)
)
_DECISIONS = (
    select(schema.decision).where(schema.decision.c.mrn == _MRN).order_by(schema.decision.c.seq)
)
_DECIDED = Rows(schema.decision)
_LAST_DECISION = f"{_DECIDED.select} WHERE mrn = ? ORDER BY seq DESC LIMIT 1"
_MATCHED = Rows(schema.match)
_MATCHES = f"{_MATCHED.select} WHERE mrn = ? ORDER BY seq"
_NAMED_BY = (
    select(schema.paper.c.mrn, _C.seq)
    .join(schema.consignment, _C.mrn == schema.paper.c.mrn)
    .where(
        schema.paper.c.number_key == bindparam("number"),
        schema.paper.c.type.in_(bindparam("types", expanding=True)),
        _C.state.not_in(_ENDED),
    )
    .distinct()
    .order_by(_C.seq)
)
_IN_CONTAINER = (
    select(schema.container.c.mrn)
    .join(schema.consignment, _C.mrn == _B.mrn)
    .where(_B.container == bindparam("container"), _C.state.not_in(_ENDED))
    .order_by(_C.seq)
)
_CONTAINERS = f"SELECT container, arrived_at FROM {schema.container.name} WHERE mrn = ?"
_SEALS = (
    f"SELECT s.container, s.seal, s.at, s.is_intact, s.seq FROM {schema.seal.name} s"
    f" JOIN {schema.container.name} c ON c.container = s.container WHERE c.mrn = ? ORDER BY s.seq"
)
_RESULT_SEQS = (
    select(schema.result.c.seq)
    .join(schema.examination, _E.id == schema.result.c.examination)
    .where(_E.mrn == _MRN)
    .order_by(schema.result.c.seq)
)
_REPORTS = (
    select(schema.result, _E.mrn, _E.parts)
    .join(schema.examination, _E.id == schema.result.c.examination)
    .join(schema.consignment, _C.mrn == _E.mrn)
    .where(_C.seq >= bindparam("first"), _E.is_cancelled.is_(False))
    .order_by(schema.result.c.seq)
)
_COUNT_STARTED = select(func.count()).where(_E.started_at.is_not(None))


@dataclass(frozen=True, slots=True)
class ContainerHere:
    """A container of a declaration, and when it came; None: it has not."""

    container: str
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class SealSeen:
    """The last look at one seal, and its fact."""

    container: str
    seal: str
    at: datetime
    is_intact: bool
    seq: int


def find(connection: Connection, mrn: str) -> Consignment | None:
    """Return the consignment of a declaration, or None."""
    row = run(connection, _CONSIGNMENT, (mrn,)).fetchone()
    return None if row is None else rows.to_consignment(_CONSIGNMENTS.read(row))


def get(connection: Connection, mrn: str) -> Consignment:
    """Return the consignment of a declaration. Raises: NotFound."""
    found = find(connection, mrn)
    if found is None:
        raise NotFound(f"There is no declaration {mrn} in clearance", mrn=mrn)
    return found


def list_consignments(
    connection: Connection,
    *,
    states: Collection[State] = (),
    office: str = "",
    importers: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Consignment, ...]:
    """Return consignments, the latest lodged first.

    Args:
        states: only these; empty: all.
        office: only of this one.
        importers: only theirs (what a trader may see); None: all.
        before: `seq` of the last one of the page before.
        limit: at most `MOST_LISTED`.
    """
    query = select(schema.consignment).order_by(_C.seq.desc()).limit(_bounded(limit))
    if states:
        query = query.where(_C.state.in_([state.value for state in states]))
    if office:
        query = query.where(_C.office == office)
    if importers is not None:
        query = query.where(_C.importer.in_(list(importers)))
    if before is not None:
        query = query.where(_C.seq < before)
    return tuple(rows.to_consignment(row._asdict()) for row in connection.execute(query))


def get_examination(connection: Connection, id: str) -> Examination:
    """Return the examination of this id. Raises: NotFound."""
    row = connection.execute(_EXAMINATION, {"id": id}).first()
    if row is None:
        raise NotFound(f"There is no examination {id}", examination=id)
    return _examination(connection, row)


def examinations_of(connection: Connection, mrn: str) -> tuple[Examination, ...]:
    """Return all examinations ordered on a declaration, in their order."""
    found = connection.execute(_EXAMINATIONS, {"mrn": mrn}).all()
    return tuple(_examination(connection, row) for row in found)


def audits_of(connection: Connection, mrn: str) -> tuple[Result, ...]:
    """Return what audits after clearance found in a declaration, in their order."""
    found = select(schema.audit).where(schema.audit.c.mrn == mrn).order_by(schema.audit.c.seq)
    return tuple(map(rows.to_audit, connection.execute(found)))


def list_examinations(
    connection: Connection,
    *,
    open_only: bool = True,
    office: str = "",
    agency: str = "",
    before: int | None = None,
    limit: int = 50,
) -> tuple[tuple[int, Examination], ...]:
    """Return examinations with the seq of their order, the latest ordered first.

    Args:
        agency: only those in which it takes part.
        before: `seq` of the last one of the page before.
        limit: at most `MOST_LISTED`.
    """
    query = select(schema.examination).order_by(_E.seq.desc()).limit(_bounded(limit))
    if open_only:
        query = query.where(_E.closed_at.is_(None))
    query = _of(query, office, agency)
    if before is not None:
        query = query.where(_E.seq < before)
    found = connection.execute(query).all()
    return tuple((row.seq, _examination(connection, row)) for row in found)


def queue(
    connection: Connection,
    now: datetime,
    *,
    office: str = "",
    agency: str = "",
    bounds: Bounds = DEFAULT,
) -> tuple[QueueEntry, ...]:
    """Return the examinations that wait to begin, in the order in which they should begin.

    Args:
        now: aware UTC.
        office: only of this one; empty: all.
        agency: only those in which it takes part; ranks are within what is asked for.
    """
    waiting = list_waiting(connection, office=office, agency=agency)
    return order(waiting, now, bounds, turn=count_started(connection, office))


def count_started(connection: Connection, office: str = "") -> int:
    """Return how many examinations have begun (whose turn it is, see `priority`)."""
    query = _COUNT_STARTED if not office else _COUNT_STARTED.where(_E.office == office)
    return int(connection.execute(query).scalar_one())


def decisions_of(connection: Connection, mrn: str) -> tuple[StoredDecision, ...]:
    """Return all decisions on a declaration, in their order."""
    return tuple(map(rows.to_decision, connection.execute(_DECISIONS, {"mrn": mrn})))


def reports_since(connection: Connection, first: int) -> tuple[tuple[Mrn, Scope, Result], ...]:
    """Return the reports on consignments lodged at fact `first` or later, and their scopes.

    For calculations over many consignments; a page asks `examinations_of`.
    """
    found = connection.execute(_REPORTS, {"first": first})
    return tuple((Mrn(row.mrn), rows.scope_of(row), rows.to_result(row)) for row in found)


def last_decision(connection: Connection, mrn: str) -> StoredDecision | None:
    """Return the last decision on a declaration, None before the first."""
    row = run(connection, _LAST_DECISION, (mrn,)).fetchone()
    if row is None:
        return None
    read = _DECIDED.read(row)
    return StoredDecision(read["seq"], read["at"], read["actor"], decode(read["body"], Decided))


def matches_of(connection: Connection, mrn: str) -> tuple[StoredMatch, ...]:
    """Return the last comparison of each certificate with a declaration."""
    found = run(connection, _MATCHES, (mrn,))
    return tuple(rows.to_match(_MATCHED.read(row)) for row in found)


def naming(connection: Connection, number: str, types: Collection[str]) -> tuple[str, ...]:
    """Return the open declarations (MRN) that name a document of these types by this number."""
    parameters = {"number": normal_number(number), "types": list(types)}
    return tuple(row.mrn for row in connection.execute(_NAMED_BY, parameters))


def in_container(connection: Connection, container: str) -> tuple[str, ...]:
    """Return the open declarations (MRN) whose goods are in this container, the oldest first."""
    return tuple(row.mrn for row in connection.execute(_IN_CONTAINER, {"container": container}))


def containers_of(connection: Connection, mrn: str) -> tuple[ContainerHere, ...]:
    """Return the containers of a declaration."""
    found = run(connection, _CONTAINERS, (mrn,))
    return tuple(
        ContainerHere(box, None if at is None else from_microseconds(at))
        for box, at in sorted(found)
    )


def seals_of(connection: Connection, mrn: str) -> tuple[SealSeen, ...]:
    """Return the last look at each seal of the containers of a declaration."""
    found = run(connection, _SEALS, (mrn,))
    return tuple(
        SealSeen(box, seal, from_microseconds(at), bool(is_intact), seq)
        for box, seal, at, is_intact, seq in found
    )


def result_seqs(connection: Connection, mrn: str) -> tuple[int, ...]:
    """Return the facts of all reports on a declaration, in order."""
    return tuple(connection.execute(_RESULT_SEQS, {"mrn": mrn}).scalars())


def appeal_record(connection: Connection, mrn: str) -> Appeal:
    """Return all that was sealed with the decisions on a declaration (TFA 4). Raises: NotFound."""
    consignment = get(connection, mrn)
    decisions = decisions_of(connection, mrn)
    matches = matches_of(connection, mrn)
    sealed = {decision.seq for decision in decisions} | {match.seq for match in matches}
    for stored in decisions:
        inputs = stored.decided.inputs
        sealed |= {inputs.declaration, *inputs.certificates, *inputs.alarms, *inputs.seals}
        sealed |= {*inputs.examinations, *inputs.movement_alarms}
        sealed |= {seq for seq in (inputs.assessment, inputs.arrival) if seq is not None}
    return Appeal(consignment.mrn, decisions, matches, tuple(sorted(sealed)))


def _of(query: Select[Any], office: str, agency: str) -> Select[Any]:
    if office:
        query = query.where(_E.office == office)
    if agency:
        query = query.where((" " + _E.agencies + " ").contains(f" {agency} ", autoescape=True))
    return query


def _examination(connection: Connection, row: Any) -> Examination:
    return rows.to_examination(row, connection.execute(_RESULTS, {"id": row.id}))


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_LISTED))
