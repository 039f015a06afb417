"""Declarations: lodge, correct, take back, follow."""

from __future__ import annotations

import json as plain_json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send

from clearway.api.access import TheActor, TheNode
from clearway.api.bodies import DECLARATION, require_body
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.problems import RESPONSES, BodyRefused, plain_problem, problem
from clearway.api.sight import as_absent, hiding
from clearway.api.work import act, look, perform
from clearway.clearance import tables as clearance
from clearway.clearance.actions.invalidate import invalidate
from clearway.clearance.actions.receive_correction import receive_correction
from clearway.clearance.actions.receive_declaration import Received, receive_declaration
from clearway.clearance.intake import prepare as prepare_declaration
from clearway.clearance.rules import for_trader
from clearway.declarations import tables
from clearway.declarations.actions.correct import Correction
from clearway.declarations.actions.lodge import Conflict
from clearway.declarations.formats.reading import read
from clearway.declarations.lifecycle import Status
from clearway.declarations.notices import render
from clearway.declarations.record import Filter, Notification, Page, Record, Summary
from clearway.errors import BadTerm, ClearwayError, RuleViolation
from clearway.identity.model import Actor, ActorKind
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn

router = APIRouter(prefix="/v1", tags=["declarations"], responses=RESPONSES)
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=128)]


@router.post("/declarations", status_code=201, openapi_extra=DECLARATION)
async def lodge(
    request: Request, node: TheNode, actor: TheActor, idempotency_key: Key = ""
) -> Response:
    """Lodge a declaration: WCO Data Model 3.6 (application/xml) or our JSON form.

    Answered when it is durable, with its MRN and a receipt. The same message again is answered the
    same (200); other content under the same key is an alarm (409). A message that rules refuse is
    recorded as rejected and answered 422 with every finding.
    """
    body = await request.body()
    media_type = request.headers.get("content-type", "")
    return await lodged(node, actor, body, media_type, idempotency_key)


async def lodged(node: Node, actor: Actor, body: bytes, media_type: str, key: str) -> Response:
    """Lodge one message and return the answer to it."""
    draw = node.draw()

    def prepare() -> Callable[[Act], Received]:
        message = read(require_body(body, media_type), media_type)
        prepared = prepare_declaration(message, node.rulebook.profile, node.clock())
        # Asked in the writer's turn: a rule that was approved just before counts already.
        return lambda hand: receive_declaration(
            hand, prepared, key, draw=draw, selectivity=node.rulebook.selectivity
        )

    outcome = await perform(node, actor, prepare)
    received = outcome.result
    result = received.lodged
    if isinstance(result, Conflict):
        return plain_problem(
            "conflicting_key",
            "This key was used for other content",
            409,
            f"The key {result.key!r} stands for declaration {result.mrn} with other content; an"
            " alarm was recorded. Send a correction, or lodge under a new key",
            mrn=str(result.mrn),
            seq=result.seq,
        )
    if result.repeated:
        receipt = await look(node, actor, lambda: node.stored_receipt(result.seq))
    else:
        place = next(i for i, fact in enumerate(outcome.facts) if fact.seq == result.seq)
        receipt = node.receipt(outcome.facts[place], outcome.salts[place])
    if result.status is Status.REJECTED:
        refusal = RuleViolation(
            f"The declaration was rejected as {result.mrn}; mend what the findings name and lodge"
            " it again",
            result.findings,
            mrn=str(result.mrn),
            seq=result.seq,
        )
        return problem(refusal)
    data = {
        "mrn": result.mrn,
        "status": result.status,
        "repeated": result.repeated,
        "decision": None if received.decided is None else received.decided.decision,
        "reasons": () if received.decided is None else for_trader(received.decided.reasons),
        "decided_seq": received.decided_seq,
        "findings": result.findings,
        "seq": result.seq,
    }
    return answer(data, status=200 if result.repeated else 201, receipt=receipt)


@router.post("/declarations/batch")
async def batch(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Lodge many: one JSON declaration a line (application/x-ndjson), answered line by line.

    Each line is lodged by itself, in the sender's own turn, so a large file never keeps others
    waiting. Send the file again after a break: lines that were lodged are answered the same.
    """
    return Lines(_lines(request, node, actor), media_type="application/x-ndjson")


class Lines(StreamingResponse):
    """Answers while the body still comes in, so it must not listen for a disconnect beside it.

    The listener of the base class would take parts of the body away from the reader.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send line after line."""
        await self.stream_response(send)


async def _lines(request: Request, node: Node, actor: Actor) -> AsyncIterator[bytes]:
    number, rest = 0, b""
    limit = node.settings.body_limit_bytes
    try:
        async for chunk in request.stream():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                if line.strip():
                    yield await _line(node, actor, number, line)
            if len(rest) > limit:
                break
    except BodyRefused as refused:
        yield _row(number + 1, plain_problem("body", "Refused", refused.status, refused.detail))
        return
    if rest.strip():
        yield await _line(node, actor, number + 1, rest[: limit + 1])


async def _line(node: Node, actor: Actor, number: int, line: bytes) -> bytes:
    try:
        response = await lodged(node, actor, line, "application/json", "")
    except ClearwayError as error:
        response = problem(error)
    return _row(number, response)


def _row(number: int, response: Response) -> bytes:
    content = plain_json.loads(bytes(response.body))
    content.pop("receipt", None)
    row = {**content, "line": number, "status": response.status_code}
    return plain_json.dumps(row, separators=(",", ":")).encode() + b"\n"


@router.get("/declarations")
async def declarations(
    node: TheNode,
    actor: TheActor,
    status: Annotated[str | None, Query(max_length=30)] = None,
    search: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the declarations that you may see, the latest first."""
    criteria = Filter(
        statuses=frozenset() if not status else frozenset({_status(status)}),
        visible_to=_visible(node, actor),
        text=search,
    )
    before = place_of(cursor)

    def query() -> Page[Summary]:
        with node.reading() as connection:
            return tables.list_declarations(connection, criteria, limit=limit, before=before)

    page = await look(node, actor, query)
    following = None if page.next is None else cursor_of(page.next)
    return answer([in_list(one) for one in page.items], following=following)


@router.get("/declarations/{mrn}")
async def declaration(mrn: str, node: TheNode, actor: TheActor) -> Response:
    """Return a declaration: its content, its standing and its steps so far."""

    def query() -> tuple[Record, list[dict[str, Any]], dict[str, Any]]:
        with node.reading() as connection:
            record = tables.get(connection, Mrn(mrn))
            with as_absent(actor, f"declaration {mrn}"):
                node.policy.require(actor, "declaration.read", record.summary.policy_attributes)
            steps = [_step(event) for event in tables.timeline(connection, record.mrn)]
            return record, steps, _standing(connection, record.mrn, actor)

    record, steps, standing = await look(node, actor, query)
    data = {
        **in_list(record.summary),
        **standing,
        "version": record.version,
        "declaration": record.declaration,
        "findings": record.findings,
        "timeline": steps,
    }
    return answer(data)


@router.post("/declarations/{mrn}/correction")
async def correction(
    mrn: str,
    request: Request,
    node: TheNode,
    actor: TheActor,
    reason: Annotated[str, Query(min_length=1, max_length=500)],
    version: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Put a corrected declaration in the place of the present version; the MRN stays."""
    body = await request.body()
    media_type = request.headers.get("content-type", "")
    number, draw = Mrn(mrn), node.draw()

    def prepare() -> Callable[[Act], Correction]:
        message = read(require_body(body, media_type), media_type)
        prepared = prepare_declaration(message, node.rulebook.profile, node.clock())
        return lambda hand: receive_correction(
            hand,
            number,
            prepared,
            reason,
            of_version=version,
            draw=draw,
            selectivity=node.rulebook.selectivity,
        )

    with hiding(node, actor, mrn):
        outcome = await perform(node, actor, prepare)
    return answer(outcome.result, receipt=node.stored_receipt(outcome.result.seq))


@router.post("/declarations/{mrn}/invalidation")
async def invalidation(
    mrn: str,
    node: TheNode,
    actor: TheActor,
    reason: Annotated[str, Query(min_length=1, max_length=500)],
) -> Response:
    """Take a declaration back before release."""
    number = Mrn(mrn)
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: invalidate(hand, number, reason))
    return answer({"mrn": mrn, "seq": outcome.result.seq})


@router.get("/notifications")
async def notifications(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Return what your party was told, the earliest first; keep `next` and ask again.

    `next` stands after the last one told, even where nothing more is there yet.
    """
    if actor.party is None:
        raise BadTerm("party", "", "notifications are for parties; this account has none")
    after = place_of(cursor)
    party = actor.party

    def query() -> Page[Notification]:
        with node.reading() as connection:
            return tables.list_notifications(connection, party=party, after=after, limit=limit)

    page = await look(node, actor, query)
    rows = [
        {"seq": one.seq, "mrn": one.mrn, "lrn": one.lrn, "kind": one.kind, "at": one.at,
         "code": one.code, "text": render(one.code, one.params)}
        for one in page.items
    ]  # fmt: skip
    following = cursor_of(page.items[-1].seq) if page.items else cursor
    return answer(rows, following=following)


def in_list(summary: Summary) -> dict[str, Any]:
    """Return what a list shows of a declaration."""
    return {
        "mrn": summary.mrn,
        "status": summary.status,
        "kind": summary.kind,
        "lrn": summary.lrn,
        "importer": summary.trader_name or summary.trader,
        "office": summary.office,
        "dispatch": summary.country_of_dispatch,
        "items": summary.items,
        "accepted_at": summary.at.get(Status.ACCEPTED),
        "released_at": summary.at.get(Status.RELEASED),
        "seq": summary.seq,
    }


def _standing(connection: Connection, mrn: Mrn, actor: Actor) -> dict[str, Any]:
    """Return where the goods stand in clearance; officers also see the channel of risk."""
    consignment = clearance.find(connection, mrn)
    is_officer = actor.kind is not ActorKind.TRADER
    return {
        "state": "" if consignment is None else consignment.state,
        "channel": consignment.channel if consignment is not None and is_officer else "",
        "arrived_at": None if consignment is None else consignment.arrived_at,
        "matches": [
            {
                "number": one.match.certificate.number,
                "cover": one.match.cover,
                "text": one.match.for_officer if is_officer else one.match.for_trader,
            }
            for one in clearance.matches_of(connection, mrn)
        ],
    }


def _step(event: Any) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "type": event.type,
        "text": event.type.rsplit("/", 1)[0].replace(".", ": ").replace("_", " "),
        "actor": event.actor,
        "agency": event.issuer,
        "at": event.occurred_at,
    }


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError as error:
        known = ", ".join(Status)
        raise BadTerm("status", text, f"is none of: {known}", field="status") from error


def _visible(node: Node, actor: Actor) -> frozenset[str] | None:
    """Return the parties whose declarations a trader may list; None: policy lets see all."""
    if actor.kind is ActorKind.TRADER:
        return actor.represents | ({actor.party} if actor.party else frozenset())
    node.policy.require(actor, "declaration.read", {})
    return None
