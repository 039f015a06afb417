"""Insight: what the facts say together, from the running node's own tables."""

from __future__ import annotations

from fastapi import APIRouter, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.insight import live

router = APIRouter(prefix="/v1/insight", tags=["insight"], responses=RESPONSES)


@router.get("/release-times")
async def release_times(node: TheNode, actor: TheActor) -> Response:
    """Return release times per agency and step, hours from arrival (TFA 7.6)."""
    node.policy.require(actor, "insight.read", {})

    def query() -> object:
        with node.reading() as connection:
            return live.release_times(connection)

    return answer(await look(node, actor, query))
