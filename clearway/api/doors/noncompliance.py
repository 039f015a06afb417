"""Notifications of non-compliance (ISPM 13), and what a certificate gives to a declaration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent
from clearway.api.strict import StrictRoute
from clearway.api.work import look, perform
from clearway.certificates.actions.notify_noncompliance import notify_noncompliance
from clearway.certificates.actions.receive_notice import receive_notice
from clearway.certificates.issuing import form, tables
from clearway.certificates.issuing.tables import Filed
from clearway.certificates.model import Key
from clearway.clearance.cloning import DeclarationDraft
from clearway.ledger.fact import Fact
from clearway.node import drafting
from clearway.policy.act import Act

router = APIRouter(
    prefix="/v1/certificates",
    tags=["certification"],
    responses=RESPONSES,
    route_class=StrictRoute,
)


@router.get("/notifications")
async def notifications(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List notifications of non-compliance, sent and received, the latest first."""
    node.policy.require(actor, "application.read", {})
    before = place_of(cursor)

    def query() -> tuple[Filed, ...]:
        with node.reading() as connection:
            return tables.list_notices(connection, limit=limit, before=before)

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.post("/{type_code}/{country}/{number:path}/notifications", status_code=201)
async def notification(
    type_code: str, country: str, number: str, request: Request, node: TheNode, actor: TheActor
) -> Response:
    """Notify the exporting country, or take in its notification about a certificate of ours.

    Which of the two it is, the country of the certificate says.
    """
    body, key = await request.body(), Key.of(type_code, country, number)
    is_ours = key.country == node.settings.country

    def prepare() -> Callable[[Act], Fact | None]:
        notice = form.read_notice(body)
        if is_ours:
            return lambda hand: receive_notice(hand, key, notice)
        return lambda hand: notify_noncompliance(hand, key, notice)

    fact = (await perform(node, actor, prepare)).result
    seq = None if fact is None else fact.seq
    receipt = None
    if seq is not None:
        receipt = await look(node, actor, lambda: node.stored_receipt(seq))
    return answer({"certificate": key.subject, "seq": seq}, status=201, receipt=receipt)


@router.get("/{type_code}/{country}/{number:path}/declaration-draft")
async def declaration_draft(
    type_code: str, country: str, number: str, node: TheNode, actor: TheActor
) -> Response:
    """Draft an import declaration from a certificate on file, and say what is missing in it."""
    key = Key.of(type_code, country, number)

    def query() -> DeclarationDraft:
        with as_absent(actor, f"certificate {number}"):
            return drafting.declaration_draft(node, actor, key)

    return answer(await look(node, actor, query))
