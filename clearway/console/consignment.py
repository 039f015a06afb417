"""Everything that the page of one consignment shows, gathered from the desks' tables.

    view = gather(node, actor, connection, mrn)

What the policy does not let this actor see is absent, and what the actor may do is stated, so that
the template asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from clearway.certificates import tables as certificates
from clearway.certificates.model import Key
from clearway.certificates.proof import Verdict
from clearway.clearance import tables as clearance
from clearway.clearance.delays import Course, explain
from clearway.clearance.model import DelayReason, Examination, Outcome
from clearway.clearance.record import Consignment, State, StoredDecision, StoredMatch
from clearway.clearance.rules import CONFIDENTIAL, TOLD_TO_OFFICERS, for_trader
from clearway.coldchain import tables as coldchain
from clearway.console import tables
from clearway.console.accounts import Account, accounts
from clearway.console.permission import is_trader, may, seen_declaration, sees_container
from clearway.console.rows import UnitRow, unit_row
from clearway.console.tables import Event
from clearway.declarations import tables as declarations
from clearway.declarations.record import Record, Summary
from clearway.errors import NotFound
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.risk import tables as risk
from clearway.risk.tables import StoredAssessment
from clearway.terms.reason import Reason

_MOST_UNITS = 50

_FOR_OFFICERS = TOLD_TO_OFFICERS | {"risk.assessed/1", "clearance.examination_ordered/1"}


def is_confidential(connection: Connection, event: Event, mrn: str) -> bool:
    """Return whether a fact tells why risk selected goods, so that its receipt is for few.

    A decision on other grounds is the trader's evidence for an appeal (TFA 4).
    """
    if event.type != "clearance.decided/1":
        return event.type in _FOR_OFFICERS
    decided = (one for one in clearance.decisions_of(connection, mrn) if one.seq == event.seq)
    return any(reason.code in CONFIDENTIAL for one in decided for reason in one.decided.reasons)


@dataclass(frozen=True, slots=True)
class Standing:
    """The last decision, in the words for whoever looks.

    Args:
        seq: its fact.
        by: who decided: an account, for traders its agency; "" for the rules.
    """

    outcome: Outcome
    seq: int
    by: str
    reasons: Sequence[Reason]
    missing: Sequence[str]
    on_arrival: bool


@dataclass(frozen=True, slots=True)
class Can:
    """What the actor may do now; buttons stand for these only."""

    begin: bool = False
    report: bool = False
    release: bool = False
    see_receipts: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One consignment.

    Args:
        goods: its way through clearance; None for a rejected declaration.
        examination: the open one.
        past: closed ones, with what was found.
        accounts: what is left of each certificate, by its subject.
        proofs: what is proved of the origin of each certificate, by its subject.
        units: its refrigerated containers.
        assessment: for officers who may see risk.
        withheld: facts in `life` without a receipt for this actor.
        delays: where the time went, the longest first.
    """

    record: Record
    goods: Consignment | None
    standing: Standing | None
    examination: Examination | None
    past: Sequence[Examination]
    matches: Sequence[StoredMatch]
    accounts: Mapping[str, Account]
    proofs: Mapping[str, Verdict]
    units: Sequence[UnitRow]
    containers: Sequence[clearance.ContainerHere]
    seals: Sequence[clearance.SealSeen]
    assessment: StoredAssessment | None
    life: Sequence[Event]
    withheld: frozenset[int]
    delays: Sequence[DelayReason]
    can: Can


def gather(node: Node, actor: Actor, connection: Connection, mrn: str) -> View:
    """Return the view of a declaration. Raises: NotFound: none, or none that a trader may see."""
    summary = seen_declaration(node, actor, connection, mrn)
    goods = clearance.find(connection, summary.mrn)
    orders = clearance.examinations_of(connection, summary.mrn)
    decisions = clearance.decisions_of(connection, summary.mrn)
    current = next((order for order in orders if order.is_open), None)
    open_order = None if current is None else _shown(node, actor, current)
    containers = clearance.containers_of(connection, summary.mrn)
    matches = clearance.matches_of(connection, summary.mrn)
    life = _life(actor, connection, summary, orders)
    return View(
        record=declarations.get(connection, summary.mrn),
        goods=goods,
        standing=_standing(node, actor, decisions),
        examination=open_order,
        past=[
            _shown(node, actor, one) for one in orders if not one.is_open and not one.is_cancelled
        ],
        matches=matches,
        accounts=accounts(connection, summary.mrn, [one.match.certificate for one in matches]),
        proofs=_proofs(connection, [one.match.certificate for one in matches]),
        units=_units(node, actor, connection, [box.container for box in containers]),
        containers=containers,
        seals=clearance.seals_of(connection, summary.mrn),
        assessment=assessment_of(node, actor, connection, summary.mrn),
        life=life,
        withheld=_withheld(node, actor, connection, summary, life),
        delays=() if goods is None else _delays(node, goods, orders, decisions),
        can=_can(node, actor, summary, goods, open_order),
    )


def _proofs(connection: Connection, keys: Iterable[Key]) -> dict[str, Verdict]:
    """Return what is proved of each certificate on file, as it was recorded on its receipt."""
    records = (certificates.find(connection, key) for key in keys)
    return {
        record.key.subject: record.verdict
        for record in records
        if record is not None and record.verdict is not None
    }


def _standing(node: Node, actor: Actor, decisions: Sequence[StoredDecision]) -> Standing | None:
    if not decisions:
        return None
    last, decided = decisions[-1], decisions[-1].decided
    who = "customs" if is_trader(actor) else last.actor.partition(":")[2]
    return Standing(
        decided.decision,
        last.seq,
        who if decided.by_hand else "",
        decided.reasons if may(node, actor, "risk.read") else for_trader(decided.reasons),
        [each.text for each in decided.missing],
        decided.on_arrival,
    )


def without_risk(node: Node, actor: Actor, order: Examination) -> Examination:
    """Return an examination with risk's reasons for those only who may read risk."""
    if may(node, actor, "risk.read"):
        return order
    parts = tuple(replace(part, reasons=for_trader(part.reasons)) for part in order.parts)
    return replace(order, parts=parts)


def _shown(node: Node, actor: Actor, order: Examination) -> Examination:
    """Return an examination as the actor may see it.

    Traders deal with an agency, not with one of its officers.
    """
    order = without_risk(node, actor, order)
    if not is_trader(actor):
        return order
    return replace(
        order,
        results=tuple(replace(result, officer="", note="", hours=None) for result in order.results),
    )


def _units(
    node: Node, actor: Actor, connection: Connection, containers: Sequence[str]
) -> list[UnitRow]:
    found = (coldchain.find_unit(connection, box) for box in containers[:_MOST_UNITS])
    units = [unit for unit in found if unit is not None and unit.state.at is not None]
    seen = [u for u in units if sees_container(node, actor, connection, u.container)]
    return list(map(unit_row, sorted(seen, key=coldchain.urgency_of)))


def assessment_of(
    node: Node, actor: Actor, connection: Connection, mrn: str
) -> StoredAssessment | None:
    """Return what risk said of a declaration, for those who may read it; None: nothing."""
    if not may(node, actor, "risk.read", mrn=mrn):
        return None
    try:
        return risk.get_assessment(connection, mrn)
    except NotFound:  # a rejected declaration is not assessed
        return None


def _life(
    actor: Actor, connection: Connection, summary: Summary, orders: Sequence[Examination]
) -> list[Event]:
    subjects = [f"declaration:{summary.mrn}", *(f"examination:{order.id}" for order in orders)]
    events = tables.events_of(connection, subjects)
    if is_trader(actor):
        events = tuple(
            replace(event, actor=f"agency:{event.issuer}")
            for event in events
            if event.type != "risk.assessed/1"
        )
    return sorted(events, key=lambda event: (event.occurred_at, event.seq))


def _withheld(
    node: Node, actor: Actor, connection: Connection, summary: Summary, life: Sequence[Event]
) -> frozenset[int]:
    if may(node, actor, "risk.read"):
        return frozenset()
    return frozenset(event.seq for event in life if is_confidential(connection, event, summary.mrn))


def _delays(
    node: Node,
    goods: Consignment,
    orders: Sequence[Examination],
    decisions: Sequence[StoredDecision],
) -> tuple[DelayReason, ...]:
    if goods.arrived_at is None:
        return ()
    course = Course(
        arrived_at=goods.arrived_at,
        lodged_at=goods.lodged_at,
        complete_at=goods.complete_at,
        missing=decisions[-1].decided.missing if decisions else (),
        examinations=tuple(order for order in orders if not order.is_cancelled),
        released_at=goods.released_at,
        now=max(node.clock(), goods.arrived_at),
    )
    return explain(course)


def _can(
    node: Node,
    actor: Actor,
    summary: Summary,
    goods: Consignment | None,
    order: Examination | None,
) -> Can:
    known = summary.policy_attributes
    is_here = goods is not None and goods.arrived_at is not None
    examines = order is not None and may(
        node, actor, "clearance.examine", **known | {"agency": actor.agency}
    )
    return Can(
        begin=examines
        and order is not None
        and order.started_at is None
        and actor.agency in order.agencies,
        report=examines
        and order is not None
        and order.started_at is not None
        and actor.agency in order.waiting_for,
        release=goods is not None
        and is_here
        and order is None
        and goods.state is State.HELD
        and may(node, actor, "clearance.release", **known),
        see_receipts=may(node, actor, "ledger.read"),
    )
