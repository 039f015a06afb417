"""One POST to one webhook, and what it comes to.

2xx is delivered, 410 says that nobody is there any more; everything else is tried again. A redirect
is not followed: it could lead past the guard. The answer's body is not read: its status says all.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import httpx

from clearway import __version__
from clearway.connectors.notices.model import Attempt, Notice, Result
from clearway.connectors.webhooks import guard, signature
from clearway.ledger.fact import encode

TIMEOUT_S = 10.0
"""For the whole attempt: who answers a byte a second holds nobody up for longer."""


def body_of(notice: Notice) -> bytes:
    """Return the body of a notice: the same bytes at each attempt."""
    head = encode({"type": notice.event, "timestamp": notice.posted_at})
    return head[:-1] + b',"data":' + notice.data + b"}"


class WebhookSender:
    """Sends notices and other JSON to webhooks.

    Args:
        allowed: hosts that may be called wherever they lead (`guard.destination`).
        context: for TLS; the machine's own authorities by default.
        look_up: name and port to addresses; the machine's resolver by default.
        timeout_s: for a whole attempt.
    """

    def __init__(
        self,
        allowed: Collection[str] = (),
        *,
        context: ssl.SSLContext | None = None,
        look_up: guard.Resolve = guard.resolve,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._look_up = look_up
        self._context = context or ssl.create_default_context()
        self._timeout_s = timeout_s

    def send(self, notice: Notice, url: str, secrets: Iterable[bytes], at: datetime) -> Attempt:
        """Send a notice once and return what became of it; no error of the network is raised.

        Args:
            secrets: that sign it, the newest first.
            at: of the attempt, aware UTC.
        """
        body = body_of(notice)
        return self.post(url, body, signature.headers(notice.id, at, body, secrets))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Send JSON once and return what became of it; no error of the network is raised.

        Args:
            headers: beside host, content type and user agent, in small letters.
        """
        try:
            where = guard.destination(url, self._allowed, self._look_up)
        except guard.NotCallable as error:
            return Attempt(Result.REFUSED, error.detail)
        except OSError as error:
            return Attempt(Result.FAILED, f"name not found: {type(error).__name__}")
        try:
            return verdict(asyncio.run(self._post(where, body, headers)))
        except (httpx.HTTPError, TimeoutError) as error:
            return Attempt(Result.FAILED, f"no answer: {type(error).__name__}")

    async def _post(self, where: guard.Destination, body: bytes, given: Mapping[str, str]) -> int:
        """Return the status of the answer."""
        headers = {
            "host": where.host_header,
            "content-type": "application/json",
            "user-agent": f"clearway/{__version__}",
            **given,
        }
        extensions = {"sni_hostname": where.host}
        client = httpx.AsyncClient(verify=self._context, timeout=self._timeout_s, trust_env=False)
        async with (
            asyncio.timeout(self._timeout_s),
            client,
            client.stream(
                "POST", where.url, content=body, headers=headers, extensions=extensions
            ) as response,
        ):
            return response.status_code


def verdict(status: int) -> Attempt:
    """Return what a status means."""
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        return Attempt(Result.DELIVERED, detail)
    return Attempt(Result.GONE if status == httpx.codes.GONE else Result.FAILED, detail)
