"""For those who run the server: is it alive, can it work, how much does it do."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from clearway.api.envelope import answer
from clearway.api.metrics import Metrics
from clearway.api.problems import problem
from clearway.node.node import Node

router = APIRouter(tags=["operation"])


@router.get("/health/live")
async def live() -> Response:
    """Answer 200 while the process runs."""
    return answer({"live": True})


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """Answer 200 when declarations can be taken in, 503 with the reason when not."""
    node: Node = request.app.state.node
    if node.failure is not None:
        return problem(node.failure, status=503)
    return answer({"ready": True, "facts": node.log.size, "waiting": node.committer.waiting})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return counters and gauges for Prometheus; no party, no goods, no number of a document."""
    measured: Metrics = request.app.state.metrics
    return Response(generate_latest(measured.registry), media_type=CONTENT_TYPE_LATEST)
