"""Live news: a stream that says when facts were committed; pages then ask for what they show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from clearway.console.visitor import visitor_of
from clearway.node.node import Node

_BEAT_S = 15.0
_REST_S = 0.3


async def live(request: Request) -> Response:
    """Stream one event per burst of facts; the events name no fact, so nothing leaks."""
    visitor_of(request)
    node: Node = request.app.state.node
    return StreamingResponse(
        _news(request, node), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _news(request: Request, node: Node) -> AsyncIterator[bytes]:
    listener = node.feed.listen()
    try:
        yield b": connected\n\n"
        while node.failure is None and not await request.is_disconnected():
            try:
                fact = await asyncio.wait_for(listener.next(), _BEAT_S)
            except TimeoutError:
                yield b": beat\n\n"
                continue
            listener.skip()
            yield f"data: {fact.seq}\n\n".encode()
            await asyncio.sleep(_REST_S)  # a burst is one piece of news
    finally:
        node.feed.leave(listener)


ROUTES = [Route("/live", live)]
