"""Certification: apply for certificates, examine, approve, issue, follow and end them.

`/v1/applications/{number}` is one application and the certificate that becomes of it. What a trader
may not see looks like what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.certification_forms import (
    DispatchIn,
    DraftIn,
    IssueIn,
    RejectionIn,
    ReportIn,
    UseIn,
)
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.forms import ReasonIn
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look, perform
from clearway.certificates.actions.amend import amend
from clearway.certificates.actions.apply import Applied, apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.dispatch import dispatch
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.refuse import refuse
from clearway.certificates.actions.reject import reject
from clearway.certificates.actions.report_delivery import report_delivery
from clearway.certificates.actions.report_use import report_use
from clearway.certificates.actions.send_back import send_back
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.issuing import asking, desk, form, tables
from clearway.certificates.issuing.model import Application
from clearway.certificates.issuing.model import Request as Asked
from clearway.certificates.issuing.tables import Summary
from clearway.certificates.model import Key
from clearway.errors import Refused, WrongState
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node import drafting, issuing
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.terms.finding import is_refusal
from clearway.terms.places import Country

router = APIRouter(
    prefix="/v1/applications", tags=["certification"], responses=RESPONSES, route_class=StrictRoute
)
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=128)]


@router.post("", status_code=201)
async def application(
    request: Request, node: TheNode, actor: TheActor, idempotency_key: IdempotencyKey = ""
) -> Response:
    """Apply for a certificate (docs/design/application.md).

    Rules that find severe faults refuse it (422), with a finding for each field. The same again
    under one Idempotency-Key is answered the same (200).
    """
    body, country = await request.body(), country_of(node)

    def prepare() -> Callable[[Act], Applied]:
        asked = form.read(body, country=country)
        return lambda hand: apply(hand, asked, country, key=idempotency_key)

    outcome = await perform(node, actor, prepare)
    done = outcome.result
    receipt = await look(node, actor, lambda: node.stored_receipt(done.seq))
    return answer(done, status=200 if done.repeated else 201, receipt=receipt)


@router.post("/check")
async def check(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Say what rules find in an application, field by field; nothing is recorded."""
    body, country = await request.body(), country_of(node)

    def prepare() -> dict[str, Any]:
        findings = asking.findings_of(form.read(body, country=country), country, node.clock())
        return {"may_be_filed": not is_refusal(findings), "findings": findings}

    return answer(await look(node, actor, prepare))


@router.post("/drafts")
async def draft(body: DraftIn, node: TheNode, actor: TheActor) -> Response:
    """Draft an application from a certificate: a copy, a replacement, a re-export.

    Nothing is recorded: change the draft as needed and send it back to apply.
    """
    key = body.certificate.key
    wanted = {each.line: each.quantity for each in body.lines}

    def query() -> Asked:
        with as_absent(actor, f"certificate {key.number}"):
            if body.purpose == "re_export":
                return drafting.re_export(node, actor, key, wanted)
            if body.purpose == "replacement":
                return drafting.replacement(node, actor, key, body.reason)
            return drafting.copy(node, actor, key)

    found = await look(node, actor, query)
    return answer(form.document(found))


@router.get("")
async def applications(
    node: TheNode,
    actor: TheActor,
    state: Annotated[str | None, Query(max_length=40)] = None,
    party: Annotated[str | None, Query(max_length=40)] = None,
    type_code: Annotated[str | None, Query(max_length=3)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List applications and certificates of ours, the latest first; traders name a party."""
    node.policy.require(actor, "application.read", {} if party is None else {"party": party})
    before = place_of(cursor)

    def query() -> tuple[Summary, ...]:
        with node.reading() as connection:
            return tables.list_applications(
                connection,
                state=state,
                party=party,
                type_code=type_code,
                limit=limit,
                before=before,
            )

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.get("/{number}")
async def one(number: str, node: TheNode, actor: TheActor) -> Response:
    """Return an application, what became of it, and what this account may do with it now."""

    def query() -> dict[str, Any]:
        held = seen(node, actor, number)
        steps = desk.possible_steps(held, actor, node.policy)
        return {"application": held, "steps": steps}

    return answer(await look(node, actor, query))


@router.get("/{number}/documents")
async def documents(number: str, node: TheNode, actor: TheActor) -> Response:
    """Return what was issued: the signed XML and the seal in base64, the text of the QR code."""
    return answer(await look(node, actor, lambda: drafting.papers(node, seen(node, actor, number))))


@router.get("/{number}/pdf")
async def pdf(
    number: str,
    node: TheNode,
    actor: TheActor,
    language: Annotated[str, Query(pattern="^[a-z]{2}$")] = "en",
) -> Response:
    """Return the certificate as it is printed (PDF/A-3 with the XML inside), in base64."""
    return answer(
        await look(node, actor, lambda: drafting.printed(node, seen(node, actor, number), language))
    )


@router.post("/{number}/amendment")
async def amendment(number: str, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Put a mended application in the place of the present one."""
    body, country = await request.body(), country_of(node)

    def prepare() -> Callable[[Act], Fact]:
        asked = form.read(body, country=country)
        return lambda hand: amend(hand, number, asked, country)

    return await _done(node, actor, number, prepare)


@router.post("/{number}/results", status_code=201)
async def results(number: str, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Attach what an inspection, a laboratory or a treatment showed."""
    body = await request.body()

    def prepare() -> Callable[[Act], Fact]:
        result = form.read_result(body)
        return lambda hand: record_result(hand, number, result)

    return await _done(node, actor, number, prepare, status=201)


@router.post("/{number}/return")
async def returned(number: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Send an application back: its applicant must mend it."""
    return await _acted(node, actor, number, lambda hand: send_back(hand, number, body.reason))


@router.post("/{number}/cancellation")
async def cancellation(number: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Cancel an application: the certificate is no longer wanted."""
    return await _acted(node, actor, number, lambda hand: cancel(hand, number, body.reason))


@router.post("/{number}/refusal")
async def refusal(number: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Refuse to certify."""
    return await _acted(node, actor, number, lambda hand: refuse(hand, number, body.reason))


@router.post("/{number}/approval")
async def approval(number: str, node: TheNode, actor: TheActor) -> Response:
    """Approve an application: the certificate gets its number."""
    return await _acted(node, actor, number, lambda hand: approve(hand, number))


@router.post("/{number}/issue", status_code=201)
async def issue(number: str, body: IssueIn, node: TheNode, actor: TheActor) -> Response:
    """Issue the certificate: it is signed, sealed, and never changes again."""
    return await _done(
        node,
        actor,
        number,
        lambda: issuing.prepare(node, actor, number, body.place),
        status=201,
    )


@router.post("/{number}/withdrawal")
async def withdrawal(number: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Withdraw the certificate."""
    return await _on_certificate(
        node, actor, number, lambda hand, key: withdraw_issued(hand, key, body.reason)
    )


@router.post("/{number}/dispatch")
async def dispatched(number: str, body: DispatchIn, node: TheNode, actor: TheActor) -> Response:
    """Note that the newest word of the certificate went to the importing country."""
    return await _on_certificate(
        node,
        actor,
        number,
        lambda hand, key: dispatch(hand, key, body.channel, hub_number=body.hub_number),
    )


@router.post("/{number}/delivery")
async def delivery(number: str, body: ReportIn, node: TheNode, actor: TheActor) -> Response:
    """Note what became of it on its way."""
    return await _on_certificate(
        node,
        actor,
        number,
        lambda hand, key: report_delivery(
            hand, key, body.reported, hub_number=body.hub_number, message=body.message
        ),
    )


@router.post("/{number}/uses")
async def uses(number: str, body: UseIn, node: TheNode, actor: TheActor) -> Response:
    """Note what Customs abroad used of a line."""
    line, quantity = body.amount.line, body.amount.quantity
    return await _on_certificate(
        node,
        actor,
        number,
        lambda hand, key: report_use(hand, key, line, quantity, body.reference),
    )


@router.post("/{number}/rejection")
async def rejection(number: str, body: RejectionIn, node: TheNode, actor: TheActor) -> Response:
    """Note that the importing country does not accept the certificate."""
    country = Country(body.country)
    return await _on_certificate(
        node,
        actor,
        number,
        lambda hand, key: reject(hand, key, country, body.reason, reference=body.reference),
    )


def country_of(node: Node) -> Country:
    """Return our country."""
    return Country(node.settings.country)


def seen(node: Node, actor: Actor, number: str) -> Application:
    """Return an application that this account may see. Raises: NotFound, Refused."""
    with node.reading() as connection:
        held = tables.get_application(connection, number)
    with as_absent(actor, f"application {number}"):
        desk.require_read(node.policy, actor, held)
    return held


@contextmanager
def _hiding(node: Node, actor: Actor, number: str) -> Iterator[None]:
    """Turn a refusal about what a trader may not even see into `NotFound`."""
    try:
        yield
    except Refused:
        seen(node, actor, number)
        raise


async def _done(
    node: Node,
    actor: Actor,
    number: str,
    prepare: Callable[[], Callable[[Act], Fact | None]],
    *,
    status: int = 200,
) -> Response:
    with _hiding(node, actor, number):
        outcome = await perform(node, actor, prepare)
    return await _told(node, actor, number, outcome.result, status)


async def _acted(
    node: Node, actor: Actor, number: str, action: Callable[[Act], Fact | None]
) -> Response:
    with _hiding(node, actor, number):
        outcome = await act(node, actor, action)
    return await _told(node, actor, number, outcome.result, 200)


async def _on_certificate(
    node: Node, actor: Actor, number: str, action: Callable[[Act, Key], Fact | None]
) -> Response:
    def run(hand: Act) -> Fact | None:
        key = tables.get_application(hand.connection, number).key
        if key is None:
            raise WrongState(f"The application {number} has no certificate yet; approve and issue")
        return action(hand, key)

    return await _acted(node, actor, number, run)


async def _told(node: Node, actor: Actor, number: str, fact: Fact | None, status: int) -> Response:
    """Answer with where the application stands now; a repeat that recorded nothing has no seq."""

    def query() -> tuple[Application, bytes | None]:
        with node.reading() as connection:
            held = tables.get_application(connection, number)
        return held, None if fact is None else node.stored_receipt(fact.seq)

    held, receipt = await look(node, actor, query)
    data = {
        "number": number,
        "stage": held.stage,
        "delivery": held.delivery,
        "certificate": None if held.key is None else held.key.subject,
        "seq": None if fact is None else fact.seq,
    }
    return answer(data, status=status, receipt=receipt)
