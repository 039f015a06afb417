"""JSON bodies of forms, read as strictly as messages are: nothing twice, no NaN, no half texts."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from clearway.api.problems import BodyRefused
from clearway.errors import ClearwayError
from clearway.wire import json
from clearway.wire.limits import Limits

LIMITS = Limits(size_bytes=64 * 1024, depth=8, nodes=1_000, attributes=0, digits=20)


class StrictRequest(Request):
    """A request whose JSON is read by the reader of messages."""

    async def json(self) -> Any:
        """Return the value of the body. Raises: MalformedMessage, TooLarge."""
        return json.parse(await self.body(), limits=LIMITS)


class StrictRoute(APIRoute):
    """A route that reads its form by `StrictRequest` and lets the refusal out as it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of this route."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            try:
                return await handle(StrictRequest(request.scope, request.receive))
            except HTTPException as error:
                if isinstance(error.__cause__, ClearwayError | BodyRefused):
                    raise error.__cause__ from error
                raise

        return strict
