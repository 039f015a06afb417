"""The log as static resources (C2SP tlog-tiles) under `/v1/log`: for witnesses, monitors, auditors.

Open to everybody: entries hold salted commitments, so whoever reads all of them learns how many
facts there are and when the log grew, and no word of any. All strangers share one lane of the
workshop, so that a flood of them slows only them.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from clearway.api.access import TheNode
from clearway.api.problems import RESPONSES
from clearway.errors import NotFound
from clearway.ledger.publish import read_resource
from clearway.ledger.resource import Resource, parse_path

router = APIRouter(prefix="/v1/log", tags=["log"], responses=RESPONSES)

_STRANGERS = "log:strangers"
# tlog-tiles: a tile or bundle never changes; the checkpoint does all the time.
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_BRIEFLY = {"Cache-Control": "public, max-age=1"}
_OCTETS = "application/octet-stream"


@router.get("/checkpoint", response_class=Response)
async def checkpoint(node: TheNode) -> Response:
    """Return the newest signed checkpoint (C2SP tlog-checkpoint)."""
    return Response(node.log.note, 200, _BRIEFLY, "text/plain; charset=utf-8")


@router.get("/tile/{rest:path}", response_class=Response)
async def tile(node: TheNode, rest: str) -> Response:
    """Return a tile or entry bundle, full or partial: `<L>/<N>[.p/<W>]`, `entries/<N>[.p/<W>]`."""
    resource = parse_path(f"tile/{rest}")
    if not resource.is_within(node.log.size):
        raise NotFound(f"{resource.path}: the log has {node.log.size} entries")

    def query() -> bytes:
        return _read(node, resource)

    content = await asyncio.wrap_future(node.workshop.submit(_STRANGERS, query))
    return Response(content, 200, _FOR_EVER, _OCTETS)


def _read(node: TheNode, resource: Resource) -> bytes:
    with node.reading() as connection:
        return read_resource(connection, resource)
