"""The log: its checkpoint, its verifier key, receipts of facts that the caller may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import Place
from clearway.api.problems import RESPONSES
from clearway.api.sight import require_fact
from clearway.api.work import look
from clearway.ledger.disclosure import of_receipt
from clearway.ledger.receipt import parse
from clearway.ledger.receipt_forms import Form, write

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], responses=RESPONSES)
_FORMS: dict[Form, tuple[str, str]] = {
    "json": ("json", "application/json"),
    "tlog-proof": ("tlog-proof", "text/plain; charset=utf-8"),
    "cose": ("cose", "application/cose"),
}


@router.get("/checkpoint", response_class=PlainTextResponse)
async def checkpoint(node: TheNode) -> str:
    """Return the newest signed checkpoint (C2SP tlog-checkpoint); open to everybody.

    Keep it: it proves later that the log was not rolled back.
    """
    return node.log.note


@router.get("/key", response_class=PlainTextResponse)
async def key(node: TheNode) -> str:
    """Return the log's verifier keys (C2SP signed-note), former ones with the size they end at.

    Get them on another way too, and compare.
    """
    return node.vkeys


@router.get("/facts/{seq}/receipt")
async def receipt(
    node: TheNode, actor: TheActor, seq: Place, form: Annotated[Form, Query()] = "json"
) -> Response:
    """Return the receipt of a fact that you may see; `clearway receipt verify` checks it.

    As JSON, as a C2SP tlog-proof, or as a COSE receipt (RFC 9942); all hold the same.
    """
    node.policy.require(actor, "ledger.read", {})

    def query() -> bytes:
        content = node.stored_receipt(seq)
        with node.reading() as connection:
            require_fact(node.policy, actor, connection, content)
        if form == "json":
            return content
        found = parse(content)
        return write(node.log.with_cose(found) if form == "cose" else found, form)

    content = await look(node, actor, query)
    ending, kind = _FORMS[form]
    name = f'attachment; filename="receipt-{seq}.{ending}"'
    return Response(content, 200, {"Content-Disposition": name}, kind)


@router.get("/facts/{seq}/disclosure")
async def disclosure(
    node: TheNode,
    actor: TheActor,
    seq: Place,
    field: Annotated[list[str], Query(min_length=1, max_length=200)],
) -> Response:
    """Return a proof of single fields of a fact that you may see; the others stay hidden.

    A field is a JSON pointer into the fact's body, or a name of its header.
    `clearway ledger disclosure verify` checks it.
    """
    node.policy.require(actor, "ledger.read", {})

    def query() -> bytes:
        content = node.stored_receipt(seq)
        with node.reading() as connection:
            require_fact(node.policy, actor, connection, content)
        return of_receipt(parse(content), field).marshal()

    content = await look(node, actor, query)
    name = f'attachment; filename="disclosure-{seq}.json"'
    return Response(content, 200, {"Content-Disposition": name}, "application/json")
