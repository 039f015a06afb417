"""Check a declaration before it is lodged: every rule, and the certificates that it names."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.bodies import DECLARATION, require_body
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.certificates.quantity import Balance
from clearway.clearance.preview import Preview, preview
from clearway.declarations.formats.reading import read
from clearway.declarations.rules import check
from clearway.identity.model import ActorKind
from clearway.terms.finding import Finding, is_refusal
from clearway.terms.quantity import Quantity

router = APIRouter(prefix="/v1/declarations", tags=["declarations"], responses=RESPONSES)


@router.post("/check", openapi_extra=DECLARATION)
async def check_declaration(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Try a declaration: what rules say, and what the certificates on file say to it.

    Nothing is recorded and nothing is held. For each certificate named: a verdict per field, what
    is left of each line, and one sentence that says what to do.
    """
    body = await request.body()
    media_type = request.headers.get("content-type", "")
    is_officer = actor.kind is not ActorKind.TRADER

    def query() -> tuple[tuple[Finding, ...], tuple[Preview, ...]]:
        message = read(require_body(body, media_type), media_type)
        declared = message.declaration
        if declared is None:
            return message.findings, ()
        party = str(declared.importer.id or declared.declarant.id or "")
        node.policy.require(actor, "declaration.lodge" if not is_officer else "declaration.read",
                            {"party": party} if not is_officer else {})  # fmt: skip
        now = node.clock()
        findings = (*message.findings, *check(declared, now))
        with node.reading() as connection:
            return findings, preview(connection, declared, now, for_officer=is_officer)

    findings, named = await look(node, actor, query)
    data = {
        "would_be_refused": is_refusal(findings),
        "findings": findings,
        "certificates": [_shown(each) for each in named],
    }
    return answer(data)


def _shown(one: Preview) -> dict[str, Any]:
    match = one.match
    return {
        "type": one.document.type,
        "number": one.document.number,
        "text": one.why,
        "cover": None if match is None else match.cover,
        "usable": None if match is None else match.is_usable,
        "fields": () if match is None else match.fields,
        "uses": () if match is None else match.uses,
        "lines": [_line(each) for each in one.balances],
    }


def _line(balance: Balance) -> dict[str, Any]:
    return {
        "line": balance.line,
        "certified": _amount(balance.certified),
        "reserved": _amount(balance.reserved),
        "consumed": _amount(balance.consumed),
        "available": _amount(balance.available),
    }


def _amount(amount: Quantity | None) -> str | None:
    return None if amount is None else str(amount)
