"""What keeps the room's tables up to date: one function per fact.

Facts of other rooms are read by their stable type; each small dataclass here names only the fields
that clearance needs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from clearway.clearance import schema
from clearway.clearance.declared import Declared, columns, documents
from clearway.clearance.facts import (
    Arrived,
    CertificateMatched,
    Decided,
    ExaminationCancelled,
    ExaminationOrdered,
    ExaminationStarted,
    Examined,
)
from clearway.clearance.model import Outcome, Scope
from clearway.clearance.record import State
from clearway.ledger import statement
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.transaction import Projection
from clearway.movements import tables as movements

LONGEST_STAY = timedelta(days=60)
"""A container that came longer ago and was never seen to leave has left unseen. Assumed by the
house: goods are sold or destroyed by the administration after about as long."""


def _accept(connection: Connection, fact: Fact) -> None:
    declared = decode(fact.body, Declared)
    row = {
        "mrn": declared.mrn,
        "seq": fact.seq,
        "state": State.WAITING.value,
        "lodged_by": fact.actor,
        "corrected_by": "",
        "lodged_at": fact.occurred_at,
        "is_document_missing": False,
        "channel": "",
        "stratum": "",
        "score": 0.0,
        "propensity": 0.0,
        "examination": "",
        **columns(declared.declaration),
    }
    _CONSIGNMENTS.add(connection, [row])
    _name(connection, declared, fact.occurred_at)


def _correct(connection: Connection, fact: Fact) -> None:
    declared = decode(fact.body, Declared)
    connection.execute(
        _CORRECT,
        {"b_mrn": declared.mrn, "corrected_by": fact.actor, **columns(declared.declaration)},
    )
    for table in (schema.container, schema.paper):
        connection.execute(delete(table).where(table.c.mrn == declared.mrn))
    _name(connection, declared, fact.occurred_at)


def _name(connection: Connection, declared: Declared, at: datetime) -> None:
    """Note which containers and which documents the declaration names."""
    mrn, declaration = declared.mrn, declared.declaration
    boxes = sorted({each.number for each in declaration.containers})
    if boxes:
        rows = [
            {"container": box, "mrn": mrn, "arrived_at": _here_since(connection, box, at)}
            for box in boxes
        ]
        _CONTAINERS.add(connection, rows)
    named = documents(declaration)
    if named:
        papers = ({"number_key": number, "type": type_, "mrn": mrn} for number, type_ in named)
        _PAPERS.add(connection, papers)


def _here_since(connection: Connection, box: str, at: datetime) -> datetime | None:
    """Return when a container came that is here when its declaration comes, else None."""
    for is_here, since in statement.run(connection, _WHEREABOUTS, (box,)):
        if is_here and since is not None and at - from_microseconds(since) < LONGEST_STAY:
            return from_microseconds(since)
    return None


@dataclass(frozen=True, slots=True)
class _Movement:
    """What clearance reads of `movement.arrived/1`."""

    container: str
    at: datetime


def _arrive_container(connection: Connection, fact: Fact) -> None:
    moved = decode(fact.body, _Movement)
    connection.execute(_ARRIVE_CONTAINER, {"b_container": moved.container, "b_at": moved.at})


@dataclass(frozen=True, slots=True)
class _SealCheck:
    """What clearance reads of `movement.seal_checked/1`."""

    container: str
    at: datetime
    seal: str
    intact: bool


def _check_seal(connection: Connection, fact: Fact) -> None:
    seen = decode(fact.body, _SealCheck)
    row = {
        "container": seen.container,
        "seal": seen.seal,
        "seq": fact.seq,
        "at": seen.at,
        "is_intact": seen.intact,
    }
    statement.run(connection, _PUT_SEAL, _SEALS.values(row))


@dataclass(frozen=True, slots=True)
class _Assessment:
    channel: str
    stratum: str
    score: float
    propensity: float


@dataclass(frozen=True, slots=True)
class _Assessed:
    """What clearance reads of `risk.assessed/1`."""

    mrn: str
    assessment: _Assessment


def _assess(connection: Connection, fact: Fact) -> None:
    assessed = decode(fact.body, _Assessed)
    found = assessed.assessment
    statement.run(
        connection,
        _ASSESS,
        (found.channel, found.stratum, found.score, found.propensity, assessed.mrn),
    )


def _match(connection: Connection, fact: Fact) -> None:
    matched = decode(fact.body, CertificateMatched)
    row = {
        "mrn": matched.mrn,
        "certificate": matched.match.certificate.subject,
        "seq": fact.seq,
        "at": fact.recorded_at,
        "cover": matched.match.cover.value,
        "body": fact.body,
    }
    statement.run(connection, _PUT_MATCH, _MATCHES.values(row))


def _arrive(connection: Connection, fact: Fact) -> None:
    arrived = decode(fact.body, Arrived)
    at = arrived.arrived_at
    connection.execute(_ARRIVE, {"b_mrn": arrived.mrn, "arrived_at": at, "arrival": fact.seq})
    connection.execute(_ARRIVE_EXAMINATION, {"b_mrn": arrived.mrn, "arrived_at": at})


_STATES = {
    Outcome.EXAMINE: State.TO_EXAMINE,
    Outcome.HOLD: State.HELD,
    Outcome.REFUSE: State.REFUSED,
}


def _decide(connection: Connection, fact: Fact) -> None:
    decided = decode(fact.body, Decided)
    row = {
        "seq": fact.seq,
        "mrn": decided.mrn,
        "at": fact.recorded_at,
        "actor": fact.actor,
        "outcome": decided.decision.value,
        "body": fact.body,
    }
    _DECISIONS.add(connection, [row])
    state = _STATES.get(decided.decision, State.READY).value
    is_missing = bool(decided.missing)
    at = to_microseconds(fact.occurred_at)
    values = (state, state, decided.decision.value, fact.seq, is_missing, at, is_missing)
    statement.run(connection, _DECIDE, (*values, decided.mrn))


def _order(connection: Connection, fact: Fact) -> None:
    ordered = decode(fact.body, ExaminationOrdered)
    (arrived_at,) = statement.run(connection, _ARRIVED_AT, (ordered.mrn,)).fetchone()
    row = {
        "id": ordered.examination,
        "seq": fact.seq,
        "mrn": ordered.mrn,
        "office": ordered.office,
        "ordered_at": fact.occurred_at,
        "is_mandatory": ordered.mandatory,
        "parts": encode(ordered.parts),
        "agencies": " ".join(ordered.agencies),
        "needs_goods": any(part.scope is Scope.GOODS for part in ordered.parts),
        "arrived_at": None if arrived_at is None else from_microseconds(arrived_at),
        "is_cancelled": False,
    }
    statement.run(connection, _PUT_EXAMINATION, _EXAMINATIONS.values(row))
    connection.execute(
        _ORDER,
        {"b_mrn": ordered.mrn, "examination": ordered.examination, "ordered_at": fact.occurred_at},
    )


def _cancel(connection: Connection, fact: Fact) -> None:
    cancelled = decode(fact.body, ExaminationCancelled)
    connection.execute(
        _CANCEL_EXAMINATION, {"b_id": cancelled.examination, "closed_at": fact.occurred_at}
    )
    connection.execute(_CANCEL, {"b_mrn": cancelled.mrn})


def _start(connection: Connection, fact: Fact) -> None:
    started = decode(fact.body, ExaminationStarted)
    at = started.started_at
    connection.execute(_START_EXAMINATION, {"b_id": started.examination, "started_at": at})
    state = State.UNDER_EXAMINATION.value
    connection.execute(_START, {"b_mrn": started.mrn, "started_at": at, "state": state})


def _examine(connection: Connection, fact: Fact) -> None:
    examined = decode(fact.body, Examined)
    row = {
        "examination": examined.examination,
        "agency": examined.agency,
        "seq": fact.seq,
        "actor": fact.actor,
        "ended_at": examined.ended_at,
        "body": fact.body,
    }
    _RESULTS.add(connection, [row])
    if examined.is_last:
        closed = {"b_id": examined.examination, "closed_at": fact.occurred_at}
        connection.execute(_CLOSE_EXAMINATION, closed)
        connection.execute(_CLOSE, {"b_mrn": examined.mrn, "examined_at": fact.occurred_at})


def _release(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    at = to_microseconds(fact.occurred_at)
    statement.run(connection, _RELEASE, (State.RELEASED.value, at, mrn))


def _invalidate(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    connection.execute(_END, {"b_mrn": mrn, "state": State.CLOSED.value})
    connection.execute(_END_EXAMINATION, {"b_mrn": mrn, "closed_at": fact.occurred_at})


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    "declaration.accepted/1": (_accept,),
    "declaration.corrected/1": (_correct,),
    "declaration.released/1": (_release,),
    "declaration.invalidated/1": (_invalidate,),
    "movement.arrived/1": (_arrive_container,),
    "movement.seal_checked/1": (_check_seal,),
    "risk.assessed/1": (_assess,),
    CertificateMatched.TYPE: (_match,),
    Arrived.TYPE: (_arrive,),
    Decided.TYPE: (_decide,),
    ExaminationOrdered.TYPE: (_order,),
    ExaminationCancelled.TYPE: (_cancel,),
    ExaminationStarted.TYPE: (_start,),
    Examined.TYPE: (_examine,),
}

# What runs for every declaration, as the driver takes it.

_CONSIGNMENTS, _CONTAINERS = statement.Rows(schema.consignment), statement.Rows(schema.container)
_PAPERS, _SEALS = statement.Rows(schema.paper), statement.Rows(schema.seal)
_MATCHES, _DECISIONS = statement.Rows(schema.match), statement.Rows(schema.decision)
_EXAMINATIONS, _RESULTS = statement.Rows(schema.examination), statement.Rows(schema.result)
_TABLE = schema.consignment.name
_WHEREABOUTS = f"SELECT is_here, arrived_at FROM {movements.whereabouts.name} WHERE container = ?"
_ASSESS = f"UPDATE {_TABLE} SET channel = ?, stratum = ?, score = ?, propensity = ? WHERE mrn = ?"
_PUT_SEAL = _SEALS.put(("container", "seal"), ("seq", "at", "is_intact"))
_PUT_MATCH = _MATCHES.put(("mrn", "certificate"), ("seq", "at", "cover", "body"))
_DECIDE = (
    f"UPDATE {_TABLE} SET"
    " state = CASE WHEN ? = 'to_examine' AND state = 'under_examination' THEN state ELSE ? END,"
    " outcome = ?, decided_seq = ?,"
    " complete_at = CASE WHEN ? THEN NULL WHEN is_document_missing THEN ? ELSE complete_at END,"
    " is_document_missing = ? WHERE mrn = ?"
)
_ARRIVED_AT = f"SELECT arrived_at FROM {_TABLE} WHERE mrn = ?"
_PUT_EXAMINATION = _EXAMINATIONS.put(("id",), ("is_mandatory", "parts", "agencies", "needs_goods"))
_RELEASE = f"UPDATE {_TABLE} SET state = ?, released_at = ? WHERE mrn = ?"

# Statements, built once: building one costs more than running it.

_C, _E = schema.consignment.c, schema.examination.c
_ONE = _C.mrn == bindparam("b_mrn")


def _set(*names: str) -> dict[str, Any]:
    return {name: bindparam(name) for name in names}


_CORRECT = (
    update(schema.consignment)
    .where(_ONE)
    .values(
        _set(
            "corrected_by",
            "kind",
            "office",
            "mode",
            "declarant",
            "importer",
            "importer_name",
            "goods",
            "commodity",
            "chapter",
            "mass_kg",
            "value",
            "containers",
            "arrival_expected_at",
        )
    )
)
_ARRIVE_CONTAINER = (
    update(schema.container)
    .where(
        schema.container.c.container == bindparam("b_container"),
        schema.container.c.arrived_at.is_(None),
        schema.container.c.mrn.in_(select(_C.mrn).where(_C.released_at.is_(None))),
    )
    .values(arrived_at=bindparam("b_at"))
)
_ARRIVE = update(schema.consignment).where(_ONE).values(_set("arrived_at", "arrival"))
_ARRIVE_EXAMINATION = (
    update(schema.examination)
    .where(_E.mrn == bindparam("b_mrn"), _E.closed_at.is_(None))
    .values(_set("arrived_at"))
)
_ORDER = (
    update(schema.consignment)
    .where(_ONE, _C.examination != bindparam("examination"))
    .values(_set("examination", "ordered_at"))
)
_START_EXAMINATION = (
    update(schema.examination).where(_E.id == bindparam("b_id")).values(_set("started_at"))
)
_START = update(schema.consignment).where(_ONE).values(_set("started_at", "state"))
_CLOSE_EXAMINATION = (
    update(schema.examination).where(_E.id == bindparam("b_id")).values(_set("closed_at"))
)
_CANCEL_EXAMINATION = (
    update(schema.examination)
    .where(_E.id == bindparam("b_id"))
    .values(closed_at=bindparam("closed_at"), is_cancelled=True)
)
_CANCEL = update(schema.consignment).where(_ONE).values(examination="", ordered_at=None)
_CLOSE = update(schema.consignment).where(_ONE).values(_set("examined_at"))
_END = update(schema.consignment).where(_ONE).values(_set("state"))
_END_EXAMINATION = (
    update(schema.examination)
    .where(_E.mrn == bindparam("b_mrn"), _E.closed_at.is_(None))
    .values(_set("closed_at"))
)
