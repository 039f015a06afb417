"""What keeps the room's tables up to date: one function per fact.

Facts of other rooms are read by their stable type; each small dataclass here names only the fields
that clearance needs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from clearway.clearance import schema
from clearway.clearance.declared import Declared, columns, documents
from clearway.clearance.facts import (
    Arrived,
    Audited,
    CertificateMatched,
    Decided,
    ExaminationCancelled,
    ExaminationOrdered,
    ExaminationStarted,
    Examined,
)
from clearway.clearance.model import Outcome, Scope
from clearway.clearance.record import State
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.statement import Rows, run
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
    changes = {"corrected_by": fact.actor, **columns(declared.declaration)}
    _CONSIGNMENTS.change(connection, changes, mrn=declared.mrn)
    for table in (schema.container, schema.paper):
        run(connection, f"DELETE FROM {table.name} WHERE mrn = ?", (declared.mrn,))
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
    for is_here, since in run(connection, _WHEREABOUTS, (box,)):
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
    run(connection, _ARRIVE_CONTAINER, (to_microseconds(moved.at), moved.container))


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
    run(connection, _PUT_SEAL, _SEALS.values(row))


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
    changes = {
        "channel": found.channel,
        "stratum": found.stratum,
        "score": found.score,
        "propensity": found.propensity,
    }
    _CONSIGNMENTS.change(connection, changes, mrn=assessed.mrn)


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
    run(connection, _PUT_MATCH, _MATCHES.values(row))


def _arrive(connection: Connection, fact: Fact) -> None:
    arrived = decode(fact.body, Arrived)
    at = arrived.arrived_at
    changes = {"arrived_at": at, "arrival": fact.seq}
    _CONSIGNMENTS.change(connection, changes, mrn=arrived.mrn)
    run(connection, _ARRIVE_EXAMINATION, (to_microseconds(at), arrived.mrn))


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
    run(connection, _DECIDE, (*values, decided.mrn))


def _order(connection: Connection, fact: Fact) -> None:
    ordered = decode(fact.body, ExaminationOrdered)
    (arrived_at,) = run(connection, _ARRIVED_AT, (ordered.mrn,)).fetchone()
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
    run(connection, _PUT_EXAMINATION, _EXAMINATIONS.values(row))
    at = to_microseconds(fact.occurred_at)
    run(connection, _ORDER, (ordered.examination, at, ordered.mrn, ordered.examination))


def _cancel(connection: Connection, fact: Fact) -> None:
    cancelled = decode(fact.body, ExaminationCancelled)
    changes = {"closed_at": fact.occurred_at, "is_cancelled": True}
    _EXAMINATIONS.change(connection, changes, id=cancelled.examination)
    changes = {"examination": "", "ordered_at": None}
    _CONSIGNMENTS.change(connection, changes, mrn=cancelled.mrn)


def _start(connection: Connection, fact: Fact) -> None:
    started = decode(fact.body, ExaminationStarted)
    at = started.started_at
    _EXAMINATIONS.change(connection, {"started_at": at}, id=started.examination)
    changes = {"started_at": at, "state": State.UNDER_EXAMINATION.value}
    _CONSIGNMENTS.change(connection, changes, mrn=started.mrn)


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
        at = fact.occurred_at
        _EXAMINATIONS.change(connection, {"closed_at": at}, id=examined.examination)
        _CONSIGNMENTS.change(connection, {"examined_at": at}, mrn=examined.mrn)


def _audit(connection: Connection, fact: Fact) -> None:
    audited = decode(fact.body, Audited)
    row = {
        "mrn": audited.mrn,
        "agency": audited.agency,
        "seq": fact.seq,
        "actor": fact.actor,
        "ended_at": audited.ended_at,
        "body": fact.body,
    }
    _AUDITS.add(connection, [row])


def _release(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    changes = {"state": State.RELEASED.value, "released_at": fact.occurred_at}
    _CONSIGNMENTS.change(connection, changes, mrn=mrn)


def _invalidate(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    _CONSIGNMENTS.change(connection, {"state": State.CLOSED.value}, mrn=mrn)
    run(connection, _END_EXAMINATION, (to_microseconds(fact.occurred_at), mrn))


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
    Audited.TYPE: (_audit,),
}

_CONSIGNMENTS, _CONTAINERS = Rows(schema.consignment), Rows(schema.container)
_PAPERS, _SEALS = Rows(schema.paper), Rows(schema.seal)
_MATCHES, _DECISIONS = Rows(schema.match), Rows(schema.decision)
_AUDITS = Rows(schema.audit)
_EXAMINATIONS, _RESULTS = Rows(schema.examination), Rows(schema.result)
_TABLE, _ORDERS = schema.consignment.name, schema.examination.name
_WHEREABOUTS = f"SELECT is_here, arrived_at FROM {movements.whereabouts.name} WHERE container = ?"
_PUT_SEAL = _SEALS.put(("container", "seal"), ("seq", "at", "is_intact"))
_PUT_MATCH = _MATCHES.put(("mrn", "certificate"), ("seq", "at", "cover", "body"))
_PUT_EXAMINATION = _EXAMINATIONS.put(("id",), ("is_mandatory", "parts", "agencies", "needs_goods"))
_ARRIVE_CONTAINER = (
    f"UPDATE {schema.container.name} SET arrived_at = ? WHERE container = ? AND arrived_at IS NULL"
    f" AND mrn IN (SELECT mrn FROM {_TABLE} WHERE released_at IS NULL)"
)
_ARRIVED_AT = f"SELECT arrived_at FROM {_TABLE} WHERE mrn = ?"
_ARRIVE_EXAMINATION = f"UPDATE {_ORDERS} SET arrived_at = ? WHERE mrn = ? AND closed_at IS NULL"
_END_EXAMINATION = f"UPDATE {_ORDERS} SET closed_at = ? WHERE mrn = ? AND closed_at IS NULL"
_ORDER = f"UPDATE {_TABLE} SET examination = ?, ordered_at = ? WHERE mrn = ? AND examination <> ?"
_DECIDE = (
    f"UPDATE {_TABLE} SET"
    " state = CASE WHEN ? = 'to_examine' AND state = 'under_examination' THEN state ELSE ? END,"
    " outcome = ?, decided_seq = ?,"
    " complete_at = CASE WHEN ? THEN NULL WHEN is_document_missing THEN ? ELSE complete_at END,"
    " is_document_missing = ? WHERE mrn = ?"
)
