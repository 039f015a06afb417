"""A browser without a window: keeps cookies, follows nothing, speaks to the node in process."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from starlette.types import ASGIApp


class Browser:
    """One person's browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)
        self.cookies = httpx.Cookies()

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.ask("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.ask("POST", path, **request)

    def send(self, path: str, seal_from: str, **fields: str) -> httpx.Response:
        """Send a form with the seal that stands on a page."""
        return self.post(path, data={"seal": self.seal(seal_from), **fields})

    def seal(self, path: str) -> str:
        found = re.search(r'name="seal" value="([0-9a-f]{64})"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, **request))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=self._transport, base_url="http://localhost", cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **request)
            self.cookies = client.cookies
        return answer
