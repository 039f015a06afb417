"""What a partner agency may have of our log, and its word that it keeps it.

GET  /v1/peer/facts?after=41&known=300&limit=256&wait=25   a batch, or 204: nothing new
GET  /v1/peer/checkpoint?known=300&cosigned=0              a cosigned checkpoint, or 204
POST /v1/peer/acknowledgements                             a signed note

Specified in docs/design/peer.md. Reached through the partners' listener only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from clearway.api.partners import ThePartner, ThePartnership
from clearway.api.problems import RESPONSES, BodyRefused
from clearway.connectors.peer import give
from clearway.connectors.peer.actions.acknowledge import acknowledge as keep
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import MOST_FACTS, MOST_NOTE, Batch, Partner
from clearway.connectors.peer.span import Kind
from clearway.errors import MalformedMessage, TryLater, VerificationError
from clearway.node.feed import Listener
from clearway.node.partnership import WORKER, Partnership

router = APIRouter(prefix="/v1/peer", tags=["peer"], responses=RESPONSES)
MOST_WAIT_S = 30
_BODY_S = 10.0

After = Annotated[int | None, Query(ge=0, lt=2**62)]
Known = Annotated[int, Query(ge=0, lt=2**62)]
Limit = Annotated[int, Query(ge=1, le=MOST_FACTS)]
Wait = Annotated[int, Query(ge=0, le=MOST_WAIT_S)]


@router.get("/facts")
async def facts(
    request: Request,
    partnership: ThePartnership,
    partner: ThePartner,
    after: After = None,
    known: Known = 0,
    limit: Limit = 256,
    wait: Wait = 0,
) -> Response:
    """Return the next batch for the calling agency; wait for news of its own if asked to."""
    first = 0 if after is None else after + 1
    with _one_at_a_time(request, partner):
        listener = partnership.node.feed.listen()
        try:
            batch = await _make(partnership, partner, first, known, limit)
            if wait and not _has_facts(batch):
                await _news(listener, partner, wait)
                batch = await _make(partnership, partner, first, known, limit)
        finally:
            partnership.node.feed.leave(listener)
    if batch is None:
        return Response(status_code=204)
    return Response(batches.emit(batch), media_type=batches.MEDIA_TYPE)


@router.get("/checkpoint")
async def checkpoint(
    partnership: ThePartnership, partner: ThePartner, known: Known = 0, cosigned: Known = 0
) -> Response:
    """Return our largest cosigned checkpoint up to the partner's own, if it is news."""
    node = partnership.node
    head = node.witnessing.head
    if head is None or not cosigned < head.size <= min(known, node.log.size):
        return Response(status_code=204)

    def work() -> bytes:
        with node.reading() as connection:
            path = node.log.consistency(connection, head.size, known) if head.size < known else []
        return batches.emit_cosigned(head.note, path)

    content = await asyncio.wrap_future(node.workshop.submit(_lane(partner), work))
    return Response(content, media_type=batches.MEDIA_TYPE)


@router.post("/acknowledgements", status_code=200)
async def acknowledge(
    request: Request, partnership: ThePartnership, partner: ThePartner
) -> dict[str, int]:
    """Keep a partner's signed word on how far it keeps our log."""
    note = await _body(request)
    node = partnership.node

    def judge() -> object:
        try:
            with node.reading() as connection:
                return give.acknowledged(connection, node.log, partner, note)
        except VerificationError as error:
            raise MalformedMessage(error.detail) from error  # the caller's to mend; we go on

    said = await asyncio.wrap_future(node.workshop.submit(_lane(partner), judge))
    outcome = await asyncio.wrap_future(
        node.act(WORKER, lambda act: keep(act, partner.id, said, note), lane=_lane(partner))  # type: ignore[arg-type]
    )
    return {"settled": outcome.result}


async def _make(
    partnership: Partnership, partner: Partner, first: int, known: int, limit: int
) -> Batch | None:
    give.require_part(partner)
    node = partnership.node

    def work() -> Batch | None:
        with node.reading() as connection:
            return give.batch_for(
                connection,
                node.log,
                partnership.signer,
                partner,
                lambda content, context: partnership.seal_for(partner, content, context),
                first=first,
                known=known,
                limit=limit,
                note=partnership.note_for(first, known),
            )

    return await asyncio.wrap_future(node.workshop.submit(_lane(partner), work))


async def _news(listener: Listener, partner: Partner, wait_s: int) -> None:
    """Wait until a fact that the partner may have was committed, `wait_s` at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while not give.has_news(partner.entitlements, [await listener.next()]):
                continue


def _has_facts(batch: Batch | None) -> bool:
    """Return whether a batch is worth sending at once: it has facts, or more places follow."""
    if batch is None:
        return False
    head = heads.read_head(batch.head.rpartition("\n\n")[0] + "\n")
    return head.end < head.size or any(run.kind is Kind.DELIVERED for run in head.runs)


@contextmanager
def _one_at_a_time(request: Request, partner: Partner) -> Iterator[None]:
    """Raises: TryLater: this partner is being answered already; it gets no second share."""
    busy: set[str] = request.app.state.busy
    if partner.id in busy:
        raise TryLater("One request at a time: the one before is being answered", lane=partner.id)
    busy.add(partner.id)
    try:
        yield
    finally:
        busy.discard(partner.id)


async def _body(request: Request) -> str:
    taken = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                taken += piece
                if len(taken) > MOST_NOTE:
                    raise BodyRefused(413, f"An acknowledgement has at most {MOST_NOTE} bytes")
    except TimeoutError as error:
        raise BodyRefused(408, "The body came too slowly; send it again") from error
    try:
        return taken.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedMessage("An acknowledgement is a signed note in UTF-8") from error


def _lane(partner: Partner) -> str:
    return f"peer:{partner.id}"
