"""What keeps the room's tables up to date: one function per fact.

Facts of other rooms are read by their stable type; each small dataclass here names only the fields
that clearance needs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

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
        "examination": "",
        **columns(declared.declaration),
    }
    connection.execute(_INSERT_CONSIGNMENT, row)
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
        connection.execute(_INSERT_CONTAINER, rows)
    named = documents(declaration)
    if named:
        papers = [{"number_key": number, "type": type_, "mrn": mrn} for number, type_ in named]
        connection.execute(_INSERT_PAPER, papers)


def _here_since(connection: Connection, box: str, at: datetime) -> datetime | None:
    """Return when a container came that is here when its declaration comes, else None."""
    known = movements.find(connection, box)
    if known is None or not known.is_here or known.arrived_at is None:
        return None
    return known.arrived_at if at - known.arrived_at < LONGEST_STAY else None


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
    connection.execute(
        _PUT_SEAL,
        {
            "container": seen.container,
            "seal": seen.seal,
            "seq": fact.seq,
            "at": seen.at,
            "is_intact": seen.intact,
        },
    )


@dataclass(frozen=True, slots=True)
class _Assessment:
    channel: str
    stratum: str
    score: float


@dataclass(frozen=True, slots=True)
class _Assessed:
    """What clearance reads of `risk.assessed/1`."""

    mrn: str
    assessment: _Assessment


def _assess(connection: Connection, fact: Fact) -> None:
    assessed = decode(fact.body, _Assessed)
    found = assessed.assessment
    connection.execute(
        _ASSESS,
        {
            "b_mrn": assessed.mrn,
            "channel": found.channel,
            "stratum": found.stratum,
            "score": found.score,
        },
    )


def _match(connection: Connection, fact: Fact) -> None:
    matched = decode(fact.body, CertificateMatched)
    connection.execute(
        _PUT_MATCH,
        {
            "mrn": matched.mrn,
            "certificate": matched.match.certificate.subject,
            "seq": fact.seq,
            "at": fact.recorded_at,
            "cover": matched.match.cover.value,
            "body": fact.body,
        },
    )


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
    connection.execute(
        _INSERT_DECISION,
        {
            "seq": fact.seq,
            "mrn": decided.mrn,
            "at": fact.recorded_at,
            "actor": fact.actor,
            "outcome": decided.decision.value,
            "body": fact.body,
        },
    )
    row = connection.execute(_GET_CONSIGNMENT, {"b_mrn": decided.mrn}).one()
    state = _STATES.get(decided.decision, State.READY)
    if state is State.TO_EXAMINE and row.state == State.UNDER_EXAMINATION:
        state = State.UNDER_EXAMINATION
    is_missing = bool(decided.missing)
    complete_at = row.complete_at
    if is_missing:
        complete_at = None
    elif row.is_document_missing:
        complete_at = fact.occurred_at
    connection.execute(
        _DECIDE,
        {
            "b_mrn": decided.mrn,
            "state": state.value,
            "outcome": decided.decision.value,
            "decided_seq": fact.seq,
            "is_document_missing": is_missing,
            "complete_at": complete_at,
        },
    )


def _order(connection: Connection, fact: Fact) -> None:
    ordered = decode(fact.body, ExaminationOrdered)
    arrived_at = connection.execute(_GET_CONSIGNMENT, {"b_mrn": ordered.mrn}).one().arrived_at
    connection.execute(
        _PUT_EXAMINATION,
        {
            "id": ordered.examination,
            "seq": fact.seq,
            "mrn": ordered.mrn,
            "office": ordered.office,
            "ordered_at": fact.occurred_at,
            "is_mandatory": ordered.mandatory,
            "parts": encode(ordered.parts),
            "agencies": " ".join(ordered.agencies),
            "needs_goods": any(part.scope is Scope.GOODS for part in ordered.parts),
            "arrived_at": arrived_at,
            "is_cancelled": False,
        },
    )
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
    connection.execute(
        _INSERT_RESULT,
        {
            "examination": examined.examination,
            "agency": examined.agency,
            "seq": fact.seq,
            "actor": fact.actor,
            "ended_at": examined.ended_at,
            "body": fact.body,
        },
    )
    if examined.is_last:
        closed = {"b_id": examined.examination, "closed_at": fact.occurred_at}
        connection.execute(_CLOSE_EXAMINATION, closed)
        connection.execute(_CLOSE, {"b_mrn": examined.mrn, "examined_at": fact.occurred_at})


def _release(connection: Connection, fact: Fact) -> None:
    mrn = fact.subject.partition(":")[2]
    released = {"b_mrn": mrn, "state": State.RELEASED.value, "released_at": fact.occurred_at}
    connection.execute(_RELEASE, released)


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

# Statements, built once: building one costs more than running it.

_C, _E = schema.consignment.c, schema.examination.c
_ONE = _C.mrn == bindparam("b_mrn")


def _set(*names: str) -> dict[str, Any]:
    return {name: bindparam(name) for name in names}


_INSERT_CONSIGNMENT = insert(schema.consignment)
_GET_CONSIGNMENT = select(_C.state, _C.arrived_at, _C.is_document_missing, _C.complete_at).where(
    _ONE
)
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
_INSERT_CONTAINER = insert(schema.container)
_INSERT_PAPER = insert(schema.paper)
_ARRIVE_CONTAINER = (
    update(schema.container)
    .where(
        schema.container.c.container == bindparam("b_container"),
        schema.container.c.arrived_at.is_(None),
        schema.container.c.mrn.in_(select(_C.mrn).where(_C.released_at.is_(None))),
    )
    .values(arrived_at=bindparam("b_at"))
)
_put_seal = upsert(schema.seal)
_PUT_SEAL = _put_seal.on_conflict_do_update(
    index_elements=["container", "seal"],
    set_={name: _put_seal.excluded[name] for name in ("seq", "at", "is_intact")},
)
_ASSESS = update(schema.consignment).where(_ONE).values(_set("channel", "stratum", "score"))
_put_match = upsert(schema.match)
_PUT_MATCH = _put_match.on_conflict_do_update(
    index_elements=["mrn", "certificate"],
    set_={name: _put_match.excluded[name] for name in ("seq", "at", "cover", "body")},
)
_ARRIVE = update(schema.consignment).where(_ONE).values(_set("arrived_at", "arrival"))
_ARRIVE_EXAMINATION = (
    update(schema.examination)
    .where(_E.mrn == bindparam("b_mrn"), _E.closed_at.is_(None))
    .values(_set("arrived_at"))
)
_INSERT_DECISION = insert(schema.decision)
_DECIDE = (
    update(schema.consignment)
    .where(_ONE)
    .values(_set("state", "outcome", "decided_seq", "is_document_missing", "complete_at"))
)
_put_examination = upsert(schema.examination)
_PUT_EXAMINATION = _put_examination.on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: _put_examination.excluded[name]
        for name in ("is_mandatory", "parts", "agencies", "needs_goods")
    },
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
_INSERT_RESULT = insert(schema.result)
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
_RELEASE = update(schema.consignment).where(_ONE).values(_set("state", "released_at"))
_END = update(schema.consignment).where(_ONE).values(_set("state"))
_END_EXAMINATION = (
    update(schema.examination)
    .where(_E.mrn == bindparam("b_mrn"), _E.closed_at.is_(None))
    .values(_set("closed_at"))
)
