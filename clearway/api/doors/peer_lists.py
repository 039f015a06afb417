"""The door at which a partner compares a watch list with ours, entry by blinded entry.

POST /v1/peer/lists/phoenix_firms      points of 32 bytes; points come back (`risk.sharing.psi`)

Reached through the partners' listener only; the partner's own rules say of which lists it may ask.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from clearway.api.partners import ThePartner, ThePartnership
from clearway.api.problems import RESPONSES, BodyRefused
from clearway.node import comparing
from clearway.node.partnership import WORKER
from clearway.risk.sharing.actions.record_comparison import record_comparison
from clearway.risk.sharing.psi import MOST_QUESTION

router = APIRouter(prefix="/v1/peer", tags=["peer"], responses=RESPONSES)
_BODY_S = 10.0

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@router.post("/lists/{name}")
async def compare(
    name: Name, request: Request, partnership: ThePartnership, partner: ThePartner
) -> Response:
    """Answer a partner's question; it is recorded before the answer leaves."""
    asked = await _body(request)
    node, lane = partnership.node, f"peer:{partner.id}"
    content, stated = await asyncio.wrap_future(
        node.study.submit(lane, lambda: comparing.answer(partnership, partner, name, asked))
    )
    recorded = node.act(WORKER, lambda act: record_comparison(act, stated), lane=lane)
    await asyncio.wrap_future(recorded)
    return Response(content, media_type="application/octet-stream")


async def _body(request: Request) -> bytes:
    taken = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                taken += piece
                if len(taken) > MOST_QUESTION:
                    raise BodyRefused(413, f"A question has at most {MOST_QUESTION} bytes")
    except TimeoutError as error:
        raise BodyRefused(408, "The body came too slowly; send it again") from error
    return bytes(taken)
