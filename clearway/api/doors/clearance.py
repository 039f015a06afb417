"""Clearance: movements, examinations, releases, reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.forms import DelayIn, PresentationIn, ReasonIn, ResultIn
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent, hiding, sees_risk
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look
from clearway.clearance import tables
from clearway.clearance.actions.explain_delay import explain_delay
from clearway.clearance.actions.present import present
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.release import release
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.facts import Decided
from clearway.clearance.model import (
    Conformity,
    Discrepancy,
    Examination,
    Extent,
    QueueEntry,
    Result,
)
from clearway.clearance.priority import explain
from clearway.clearance.record import Appeal
from clearway.clearance.rules import for_trader
from clearway.declarations import tables as declarations
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Money

router = APIRouter(prefix="/v1", tags=["clearance"], responses=RESPONSES, route_class=StrictRoute)


@router.post("/declarations/{mrn}/arrival")
async def arrival(mrn: str, body: PresentationIn, node: TheNode, actor: TheActor) -> Response:
    """Present goods that travel without a container number."""
    number, at = Mrn(mrn), body.at.astimezone(UTC)
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: present(hand, number, at, body.place))
    return answer({"mrn": mrn, "seq": outcome.result.seq})


@router.post("/declarations/{mrn}/release")
async def release_by_hand(mrn: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Release goods that are held, by an officer's decision and reason."""
    number = Mrn(mrn)
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: release(hand, number, body.reason))
    receipt = node.receipt(outcome.facts[-1], outcome.salts[-1])
    return answer({"mrn": mrn, "seq": outcome.result.seq}, receipt=receipt)


@router.post("/declarations/{mrn}/delay")
async def delay(mrn: str, body: DelayIn, node: TheNode, actor: TheActor) -> Response:
    """Tell the importer the reasons for a significant delay (TFA 7.9.4)."""
    number, asked = Mrn(mrn), body.requested_by
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: explain_delay(hand, number, asked))
    receipt = node.receipt(outcome.facts[-1], outcome.salts[-1])
    return answer({"mrn": mrn, "seq": outcome.result.seq}, receipt=receipt)


@router.post("/declarations/{mrn}/audit", status_code=201)
async def audit(mrn: str, body: ResultIn, node: TheNode, actor: TheActor) -> Response:
    """Report what an audit after clearance found; the goods are gone, their risk is learnt from."""
    number, reported = Mrn(mrn), result_of(body, actor, node)
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: record_audit(hand, number, reported))
    receipt = node.receipt(outcome.facts[-1], outcome.salts[-1])
    return answer({"mrn": mrn, "seq": outcome.result.seq}, status=201, receipt=receipt)


@router.get("/declarations/{mrn}/decisions")
async def decisions(mrn: str, node: TheNode, actor: TheActor) -> Response:
    """Return all that was sealed with the decisions on a declaration, for an appeal (TFA 4)."""

    def query() -> Appeal:
        with node.reading() as connection:
            summary = declarations.get_summary(connection, Mrn(mrn))
            with as_absent(actor, f"declaration {mrn}"):
                node.policy.require(actor, "clearance.read", summary.policy_attributes)
            found = tables.appeal_record(connection, mrn)
        return found if sees_risk(node.policy, actor) else without_risk(found)

    return answer(await look(node, actor, query))


@router.get("/examinations")
async def examinations(
    node: TheNode,
    actor: TheActor,
    status: Literal["open", "all"] = "open",
    order: Literal["queue", "newest"] = "queue",
    agency: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List examinations: those that wait, most urgent first, or all, newest first."""
    node.policy.require(actor, "clearance.read", {})
    if order == "queue":
        entries = await look(node, actor, lambda: _queue(node, agency))
        return answer([in_queue(entry) for entry in entries[:limit]])
    before = place_of(cursor)

    def query() -> tuple[tuple[int, Examination], ...]:
        with node.reading() as connection:
            return tables.list_examinations(
                connection, open_only=status == "open", agency=agency, before=before, limit=limit
            )

    found = await look(node, actor, query)
    following = cursor_of(found[-1][0]) if len(found) == limit else None
    return answer([examination for _, examination in found], following=following)


@router.get("/examinations/{id}")
async def examination(id: str, node: TheNode, actor: TheActor) -> Response:
    """Return one examination: who takes part, why, and what was reported so far."""
    node.policy.require(actor, "clearance.read", {"examination": id})

    def query() -> Examination:
        with node.reading() as connection:
            found = tables.get_examination(connection, id)
        return found if sees_risk(node.policy, actor) else _unexplained(found)

    return answer(await look(node, actor, query))


@router.post("/examinations/{id}/start")
async def start(id: str, node: TheNode, actor: TheActor) -> Response:
    """Begin an examination; one opening serves all agencies."""
    outcome = await act(node, actor, lambda hand: start_examination(hand, id))
    return answer({"examination": id, "begun": outcome.result is not None})


@router.post("/examinations/{id}/result", status_code=201)
async def result(id: str, body: ResultIn, node: TheNode, actor: TheActor) -> Response:
    """Report what your agency found; when all have reported, the rules decide."""
    reported = result_of(body, actor, node)
    outcome = await act(node, actor, lambda hand: record_examination(hand, id, reported))
    place = next(i for i, fact in enumerate(outcome.facts) if fact.seq == outcome.result.seq)
    receipt = node.receipt(outcome.facts[place], outcome.salts[place])
    is_decided = any(fact.type == Decided.TYPE for fact in outcome.facts)
    return answer(
        {"examination": id, "seq": outcome.result.seq, "decided": is_decided},
        status=201,
        receipt=receipt,
    )


def _unexplained(order: Examination) -> Examination:
    parts = (replace(part, reasons=for_trader(part.reasons)) for part in order.parts)
    return replace(order, parts=tuple(parts))


def without_risk(appeal: Appeal) -> Appeal:
    """Return the decisions without why risk selected the goods, which few may know."""
    return replace(
        appeal,
        decisions=tuple(
            replace(one, decided=replace(one.decided, reasons=for_trader(one.decided.reasons)))
            for one in appeal.decisions
        ),
    )


def result_of(body: ResultIn, actor: Actor, node: Node) -> Result:
    """Return what an officer reports."""
    ended = body.ended(node.clock()).astimezone(UTC)
    currency = node.rulebook.profile.currency
    started = ended if body.started_at is None else body.started_at.astimezone(UTC)
    return Result(
        agency=body.agency or actor.agency,
        outcome=Conformity(body.outcome),
        discrepancies=tuple(
            Discrepancy(
                one.kind,
                one.item,
                one.detail,
                None if one.revenue is None else Money(Decimal(one.revenue), currency),
            )
            for one in body.findings
        ),
        extra_revenue=Money(body.revenue, currency) if body.revenue else None,
        started_at=started,
        ended_at=ended,
        officer=actor.reference,
        extent=None if body.extent is None else Extent(body.extent),
        hours=body.hours,
        note=body.note,
    )


def in_queue(entry: QueueEntry) -> dict[str, Any]:
    """Return what the queue shows of an examination."""
    waiting = entry.waiting
    return {
        "rank": entry.rank,
        "examination": entry.examination,
        "mrn": entry.mrn,
        "goods": waiting.goods,
        "agencies": waiting.agencies,
        "slack_h": round(entry.slack_h, 2),
        "remaining_life_h": entry.remaining_life_h,
        "waited_h": round(entry.waited_h, 2),
        "moved": entry.moved,
        "since": waiting.since,
        "is_mandatory": entry.is_mandatory,
        "is_perishable": entry.is_perishable,
        "why": explain(entry).text,
    }


def _queue(node: Node, agency: str) -> tuple[QueueEntry, ...]:
    with node.reading() as connection:
        return tables.queue(connection, node.clock(), agency=agency)
