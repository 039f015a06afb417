"""Seals checked online, and the status lists that a verifier keeps for when it is offline.

Status lists are open to everybody: an officer's telephone abroad has no account here, and a list
says nothing but which scattered places no longer count.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer
from clearway.api.forms import Form
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRoute
from clearway.api.work import look
from clearway.certificates import accompanying
from clearway.certificates.formats import credential, seal, status_list
from clearway.certificates.issuing.standing import list_ids
from clearway.certificates.status import StatusList
from clearway.certificates.trust.model import TrustList
from clearway.certificates.trust.tables import find
from clearway.certificates.verdict import Signature, Verdict
from clearway.errors import InputError, MalformedMessage, VerificationError
from clearway.node import status_lists
from clearway.node.node import Node

router = APIRouter(
    prefix="/v1/certificates", tags=["certificates"], responses=RESPONSES, route_class=StrictRoute
)

_STRANGERS = "status-lists:strangers"
_BRIEFLY = {"Cache-Control": f"public, max-age={int(timedelta(minutes=1).total_seconds())}"}
# A form has at most 64 kB: one foreign list, or a document without attachments.
_MAX_LISTS = 2
_MAX_PART = 60_000


class VerifyIn(Form):
    """A seal, and what came with it."""

    text: str = Field(min_length=1, max_length=4_296, description="Text of the QR code, `CW1:...`")
    status_lists: list[Annotated[str, Field(max_length=_MAX_PART)]] = Field(
        default_factory=list, max_length=_MAX_LISTS, description="Status lists at hand, base64"
    )
    document: str | None = Field(
        default=None, max_length=_MAX_PART, description="The document, base64"
    )
    credential: str | None = Field(
        default=None, max_length=_MAX_PART, description="The W3C credential, as JSON text"
    )


@router.get("/status-lists")
async def lists(node: TheNode) -> Response:
    """Name the status lists of this node."""
    named = await asyncio.wrap_future(
        node.workshop.submit(_STRANGERS, lambda: status_lists.ids(node))
    )
    return answer({"lists": named})


@router.get("/status-lists/{list_id}", response_class=Response)
async def published(node: TheNode, list_id: Annotated[str, Path(max_length=16)]) -> Response:
    """Return a signed status list (Token Status List as CWT, docs/design/seal.md)."""
    data = await asyncio.wrap_future(
        node.workshop.submit(_STRANGERS, lambda: status_lists.signed(node, list_id))
    )
    return Response(data, 200, _BRIEFLY, status_list.TYPE)


@router.post("/verify")
async def verify(form: VerifyIn, node: TheNode, actor: TheActor) -> Response:
    """Judge a seal: green, amber (it cannot be known) or red, with every reason.

    The trust list is this node's, and so are its own status lists; those of other countries come
    with the question. Nothing is recorded.
    """
    node.policy.require(actor, "certificate.read", {})
    return answer(shown(await look(node, actor, lambda: _judged(node, form))))


def shown(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as it is answered; a bearer's secret is not sent back."""
    certified = verdict.certified
    return {
        "colour": verdict.colour,
        "reasons": verdict.reasons,
        "certified": None if certified is None else certified.without_secret,
    }


def _judged(node: Node, form: VerifyIn) -> Verdict:
    at = node.clock()
    with node.reading() as connection:
        held = find(connection)
        ours = list_ids(connection)
    trust_list = None if held is None else held.trust_list
    given = [_bytes("status_lists", each) for each in form.status_lists]
    if trust_list is not None:
        given += _own(node, form.text, ours)
    document, own = None, Signature.NOT_CHECKED
    if form.document is not None:
        document, own = accompanying.read(_bytes("document", form.document), trust_list, at)
    beside = None
    if form.credential is not None:
        beside = credential.evidence(form.credential.encode(), trust_list, at)
    known = _verified(given, trust_list, at)
    return seal.check(
        form.text,
        trust_list,
        known,
        at,
        document=document,
        document_signature=own,
        credential=beside,
    )


def _own(node: Node, text: str, ours: tuple[str, ...]) -> list[bytes]:
    """Return our own status list, if the seal says that it is one of ours."""
    try:
        stated = seal.read(text).stated
    except InputError:
        return []
    is_ours = stated.issuing_country == node.settings.country
    if stated.place is None or not is_ours or stated.place.list_id not in ours:
        return []
    return [status_lists.signed(node, stated.place.list_id)]


def _verified(given: list[bytes], trust_list: TrustList | None, at: datetime) -> list[StatusList]:
    """Return the lists whose signature counts; one that does not is as if it were not there."""
    found: list[StatusList] = []
    if trust_list is None:
        return found
    for data in given:
        try:
            found.append(status_list.verify(data, trust_list, at))
        except VerificationError:
            continue
    return found


def _bytes(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedMessage(f"{field}: this is not base64") from error
