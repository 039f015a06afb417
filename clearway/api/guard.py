"""The gate before all doors: host, path, size and time limits, as plain ASGI.

It refuses before any routing, parsing or signature work is paid for:
- a missing, doubled or unknown Host, a path that leaves its folder or is too long: 400
- a body announced or found larger than its limit: 413; a body that stops half-way is a refusal,
  never a short message; a body slower than `body_seconds`: 408
and it sets the security headers of every answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clearway.api.problems import BodyRefused, plain_problem
from clearway.settings import Settings

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
EPCIS = "/v1/epcis/"
EPCIS_TIMES = 8
"""How much longer a URL may be that holds a whole query of EPCIS."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", CONTENT_POLICY.encode()),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """ASGI middleware with the limits of `settings`."""

    app: ASGIApp
    settings: Settings
    long_paths: frozenset[str] = frozenset()
    body_seconds: float = 30.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            status, detail = refusal
            await plain_problem("refused_at_gate", "Refused", status, detail)(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        try:
            await self.app(scope, self._counted(receive, limit), _hardened(send))
        except BodyRefused as refused:
            answer = plain_problem("body", "Refused", refused.status, refused.detail)
            await answer(scope, receive, send)

    def _limit(self, path: str) -> int:
        is_long = path in self.long_paths
        return self.settings.batch_limit_bytes if is_long else self.settings.body_limit_bytes

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1:
            return 400, "A request names exactly one Host"
        host = hosts[0].decode("latin-1").rsplit(":", 1)[0].strip("[]").lower()
        if host not in self.settings.allowed_hosts:
            return 400, "This node does not answer under that Host; see the setting allowed_hosts"
        return _path_refusal(scope, self.settings.path_limit) or self._length_refusal(
            headers, scope["path"]
        )

    def _length_refusal(
        self, headers: list[tuple[bytes, bytes]], path: str
    ) -> tuple[int, str] | None:
        for name, value in headers:
            if name == b"content-length" and (
                not value.isdigit() or int(value) > self._limit(path)
            ):
                return 413, f"A body here has at most {self._limit(path)} bytes"
        return None

    def _counted(self, receive: Receive, limit: int) -> Receive:
        """Return `receive` with a limit on bytes, on time, and no half bodies."""
        taken = 0
        is_whole = False

        async def counted() -> Message:
            nonlocal taken, is_whole
            if is_whole:
                return await receive()  # from now on only a disconnect can come
            try:
                message = await asyncio.wait_for(receive(), self.body_seconds)
            except TimeoutError as error:
                raise BodyRefused(408, "The body came too slowly; send it again") from error
            if message["type"] == "http.disconnect":
                raise BodyRefused(400, "The body broke off; nothing was changed")
            taken += len(message.get("body", b""))
            if taken > limit:
                raise BodyRefused(413, f"A body here has at most {limit} bytes")
            is_whole = not message.get("more_body", False)
            return message

        return counted


def _path_refusal(scope: Scope, limit: int) -> tuple[int, str] | None:
    raw = scope.get("raw_path") or scope["path"].encode()
    is_epcis = scope["path"].startswith(EPCIS)
    if is_epcis:
        limit *= EPCIS_TIMES
    if len(raw) + len(scope["query_string"]) > limit:
        status = 414 if is_epcis else 400
        return status, f"A path with its query has at most {limit} characters"
    path = unquote(raw.decode("latin-1"))
    if any(part in ("..", ".") for part in path.split("/")) or "\\" in path or "\x00" in path:
        return 400, "A path stays inside its folder"
    # A Digital Link in a path is one value, escaped: https%3A%2F%2Fid.gs1.org%2F01%2F...
    if "//" in (raw.decode("latin-1") if is_epcis else path):
        return 400, "A path has no empty parts"
    return None


def _hardened(send: Send) -> Send:
    """Return `send` with the security headers added to each answer."""

    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in HEADERS if name not in present),
            ]
        await send(message)

    return hardened
