"""The witness's door (C2SP tlog-witness): partners' logs ask for cosignatures on checkpoints.

No session is asked for: the signed note itself says who speaks. What costs is done in turns, one
lane for each address that asks and one for each log, so that a flood waits behind itself.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.errors import MalformedMessage, NotFound, TooLarge
from clearway.identity.facts_agencies import ForkFound
from clearway.identity.tables_agencies import list_forks
from clearway.ledger.witness import MAX_REQUEST_SIZE, SIZE_TYPE, Signed
from clearway.node.witness import Answer
from clearway.node.witnessing import Standing

router = APIRouter(prefix="/v1/witness", tags=["witness"], responses=RESPONSES)

_HASH = re.compile(r"[0-9a-f]{64}")
# C2SP tlog-witness says what these bodies are: a sentence, or the size that was cosigned last.
_SPECIFIED: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"text/plain": {}}}
    for status, text in {
        400: "Not an add-checkpoint request",
        403: "Not signed by a key of that log that is trusted here",
        404: "No such log is known here",
        422: "The proof does not hold, or the log has forked",
    }.items()
}
_SPECIFIED[409] = {"description": "Size that was cosigned last", "content": {SIZE_TYPE: {}}}


@router.post("/add-checkpoint", response_class=PlainTextResponse, responses=_SPECIFIED)
async def add_checkpoint(node: TheNode, request: Request) -> Response:
    """Cosign a newer checkpoint of a partner's log; the answers are those of the specification.

    200 with cosignature lines; 400, 403, 404, 422 with a sentence; 409 with the size that was
    cosigned last.
    """
    body = await _body(request)
    sender = request.client.host if request.client else "unknown"
    try:
        reading = node.workshop.submit(f"witness:{sender}", lambda: node.witness.read(body))
        signed = await asyncio.wrap_future(reading)
    except MalformedMessage as error:
        return PlainTextResponse(f"{error.detail}\n", 400)
    if isinstance(signed, Signed):
        decided = await asyncio.wrap_future(node.witness.decide(signed))
        return _response(decided.result)
    return _response(signed)


@router.get("/{origin_hash}/checkpoint", response_class=PlainTextResponse)
async def checkpoint(node: TheNode, origin_hash: str) -> Response:
    """Return the newest checkpoint of a log that was cosigned here, with the cosignatures.

    For monitors: the hash is SHA-256 of the log's origin, in lowercase hex.
    """
    found = node.witness.find_note(origin_hash) if _HASH.fullmatch(origin_hash) else None
    if found is None:
        raise NotFound("This witness never cosigned a checkpoint of such a log")
    return PlainTextResponse(found)


def _response(made: Answer) -> Response:
    return Response(made.body, made.status, {"Content-Type": made.media_type})


@dataclass(frozen=True, slots=True)
class Shown:
    """How our log is witnessed, and what partners' logs did.

    Args:
        rolled_back_from: size of a head that we signed and no longer have; None: none was shown.
    """

    size: int
    cosigned_size: int
    rolled_back_from: int | None
    witnesses: tuple[Standing, ...]
    forks: list[tuple[datetime, ForkFound]]


@router.get("/standing")
async def standing(node: TheNode, actor: TheActor) -> Response:
    """Return how far each partner's witness follows our log, and the forks found in theirs."""
    node.policy.require(actor, "ledger.read", {})
    feeder = node.witnessing

    def query() -> Shown:
        rollback = feeder.rollback
        with node.reading() as connection:
            forks = list_forks(connection)
        size = None if rollback is None else rollback.size
        standings = feeder.standings()
        return Shown(node.log.size, feeder.cosigned_size, size, standings, forks)

    return answer(await look(node, actor, query))


async def _body(request: Request) -> bytes:
    """Return the whole body. Raises: TooLarge: before it is all read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_REQUEST_SIZE:
            raise TooLarge(f"An add-checkpoint request has at most {MAX_REQUEST_SIZE} bytes")
        parts.append(part)
    return b"".join(parts)
