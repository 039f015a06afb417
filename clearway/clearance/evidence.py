"""Gathering what a decision rests on from the tables of all desks.

A `Case` is one declaration that is being decided on; `gather` turns it into the pure `Situation`
that `rules.decide` looks at, and into the `Inputs` by which the decision names its facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from clearway.certificates.formats.profile import profile_of, type_code_of
from clearway.certificates.model import normal_number
from clearway.certificates.uses.tables import UseState, uses_of
from clearway.clearance import tables
from clearway.clearance.calls import CALLING
from clearway.clearance.facts import Decided, Inputs
from clearway.clearance.lanes.tables import lane_of
from clearway.clearance.model import Examination
from clearway.clearance.record import Consignment, StoredMatch
from clearway.clearance.situation import BrokenSeal, Need, Paper, Situation, Stop
from clearway.coldchain import tables as coldchain
from clearway.coldchain.model import RaisedAlarm
from clearway.coldchain.stored import unit
from clearway.declarations import tables as declarations
from clearway.declarations.model import Declaration, Document
from clearway.ledger.statement import run
from clearway.measures.rules import document_code
from clearway.movements import tables as movements
from clearway.movements.alarm import RaisedMovementAlarm
from clearway.movements.schema import alarm as moved_alarm
from clearway.risk import tables as risk
from clearway.risk.model import Assessment
from clearway.terms.identifiers import Mrn

SEAL_LOOKBACK = timedelta(days=3)
"""Seals are looked at when a container is unloaded, sometimes before its arrival is told or the
declaration lodged; an earlier look belongs to an earlier voyage. Assumed by the house."""

LONGEST_VOYAGE = timedelta(days=90)
"""A look or a weight of longer ago belongs to another voyage. Assumed by the house."""

# Most containers have no alarm: asking so first costs a tenth of asking for their alarms.
_MOVED = f"SELECT 1 FROM {moved_alarm.name} WHERE container = ? AND settled_at IS NULL LIMIT 1"
_STANDING = f"SELECT standing FROM {unit.name} WHERE container = ?"


@dataclass(frozen=True, slots=True)
class Case:
    """One declaration that is being decided on.

    Args:
        declaration: as it stands now.
        declaration_seq: fact of this version.
        needs: what measures demanded at its acceptance.
        assessment: of risk.
        assessment_seq: its fact.
        last: the last decision; None: this is the first.
    """

    mrn: Mrn
    declaration: Declaration
    declaration_seq: int
    needs: tuple[Need, ...]
    assessment: Assessment | None = None
    assessment_seq: int | None = None
    last: Decided | None = None

    @property
    def names_certificates(self) -> bool:
        """Whether a document of a kind that can be on file here is named."""
        return any(type_code_of(each.type) for each in self.documents)

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents named, in the header and at the items."""
        items = self.declaration.items
        return (*self.declaration.documents, *(each for one in items for each in one.documents))


@dataclass(frozen=True, slots=True)
class Evidence:
    """A case with everything known about it."""

    consignment: Consignment
    situation: Situation
    inputs: Inputs


def load_case(connection: Connection, mrn: str) -> Case:
    """Return the case of a declaration decided on before. Raises: NotFound."""
    record = declarations.get(connection, Mrn(mrn))
    last = tables.last_decision(connection, mrn)
    stored = risk.get_assessment(connection, mrn)
    return Case(
        mrn=record.mrn,
        declaration=record.declaration,
        declaration_seq=record.content_seq,
        needs=() if last is None else last.decided.needs,
        last=None if last is None else last.decided,
        assessment=stored.assessment,
        assessment_seq=stored.seq,
    )


def gather(connection: Connection, case: Case, now: datetime) -> Evidence:
    """Return everything that the decision on a case rests on at this instant."""
    consignment = tables.get(connection, case.mrn)
    matches = tables.matches_of(connection, case.mrn) if case.names_certificates else ()
    orders = _orders(connection, consignment)
    alarms = _alarms(connection, case, consignment)
    seals = _broken_seals(connection, case, consignment)
    moved = _movement_alarms(connection, case)
    lane = lane_of(connection, case.mrn)
    is_held = lane.held_until is not None and now < lane.held_until and lane.stop_scope is None
    situation = Situation(
        needs=_due(case),
        papers=tuple(_with_order(connection, case, papers(case, matches))),
        assessment=case.assessment,
        alarms=tuple(raised.alarm for raised in alarms),
        seals=tuple(BrokenSeal(one.container, one.seal) for one in seals),
        orders=orders,
        is_arrived=consignment.arrived_at is not None,
        movement_alarms=tuple(raised.alarm for raised in moved),
        held_until=lane.held_until if is_held else None,
        stop=None if lane.stop_scope is None else Stop(lane.stop_scope, lane.stop_reason),
        is_rerouted=lane.is_rerouted,
    )
    inputs = Inputs(
        declaration=case.declaration_seq,
        assessment=case.assessment_seq,
        certificates=tuple(sorted(one.certificate_seq for one in matches)),
        alarms=tuple(sorted(raised.seq for raised in alarms)),
        seals=tuple(sorted(one.seq for one in seals)),
        examinations=tables.result_seqs(connection, case.mrn) if orders else (),
        arrival=consignment.arrival,
        movement_alarms=tuple(sorted(raised.seq for raised in moved)),
    )
    return Evidence(consignment, situation, inputs)


def _due(case: Case) -> tuple[Need, ...]:
    """Return the needs, without controls of which the draw did not make this one of the share."""
    due = set() if case.assessment is None else set(case.assessment.mandatory)
    return tuple(need for need in case.needs if not need.is_control or need.code in due)


def papers(case: Case, matches: Iterable[StoredMatch]) -> Iterable[Paper]:
    """Yield each document that a declaration names once, with the certificate behind it.

    The agency is the one whose measure asks for it, else the one that answers for its kind.
    """
    declaration = case.declaration
    by_number = {one.match.certificate.number: one for one in matches}
    named: dict[tuple[str, str], list[int]] = {}
    for document in declaration.documents:
        named[document.type, document.number] = []
    for item in declaration.items:
        for document in item.documents:
            key = document.type, document.number
            if named.get(key) != []:  # named in the header: for all items
                named.setdefault(key, []).append(item.number)
    for (type_, number), items in named.items():
        kind = type_code_of(type_)
        found = None if kind is None else by_number.get(normal_number(number))
        if found is not None and found.match.certificate.type_code != kind:
            found = None
        yield Paper(
            type=type_,
            code=document_code(type_),
            number=number,
            agency=_agency(case, type_, kind),
            items=tuple(items),
            match=None if found is None else found.match,
            claims=() if found is None else found.claims,
        )


def _with_order(connection: Connection, case: Case, named: Iterable[Paper]) -> Iterable[Paper]:
    """Mark the documents whose single use must be ordered before the goods go, and is not yet."""
    for paper in named:
        match = paper.match
        if match is None or not profile_of(match.certificate.type_code).waits_for_order:
            yield paper
            continue
        is_open = any(
            each.state in (UseState.HELD, UseState.CONSUMED)
            and each.reference.startswith(f"{case.mrn}/")
            for each in uses_of(connection, match.certificate)
        )
        yield replace(paper, awaits_order=is_open)


def _agency(case: Case, document_type: str, kind: str | None) -> str:
    code = document_code(document_type)
    asking = (need.agency for need in case.needs if code in need.type_codes)
    return next(asking, "" if kind is None else profile_of(kind).agency)


def _orders(connection: Connection, consignment: Consignment) -> tuple[Examination, ...]:
    if not consignment.examination:
        return ()
    orders = tables.examinations_of(connection, consignment.mrn)
    return tuple(order for order in orders if not order.is_cancelled)


def _alarms(
    connection: Connection, case: Case, consignment: Consignment
) -> tuple[RaisedAlarm, ...]:
    if not consignment.commodity:
        return ()
    return tuple(
        raised
        for box in case.declaration.containers
        if _has_alarms(connection, box.number)
        for raised in coldchain.list_alarms(connection, container=box.number)
    )


def _has_alarms(connection: Connection, container: str) -> bool:
    found = run(connection, _STANDING, (container,)).fetchone()
    return found is not None and bool(found[0])


def _movement_alarms(connection: Connection, case: Case) -> tuple[RaisedMovementAlarm, ...]:
    """Return the alarms of the containers that call somebody to the goods, those that stand."""
    return tuple(
        raised
        for box in case.declaration.containers
        if run(connection, _MOVED, (box.number,)).fetchone() is not None
        for raised in movements.list_alarms(connection, container=box.number)
        if raised.alarm.kind in CALLING
    )


def _broken_seals(
    connection: Connection, case: Case, consignment: Consignment
) -> tuple[tables.SealSeen, ...]:
    """Return the seals seen broken on this voyage."""
    if not case.declaration.containers:
        return ()
    since = min(consignment.lodged_at, consignment.arrived_at or consignment.lodged_at)
    return tuple(
        one
        for one in tables.seals_of(connection, case.mrn)
        if not one.is_intact and one.at >= since - SEAL_LOOKBACK
    )
