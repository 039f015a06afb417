"""The gate before all doors, driven as plain ASGI: no request library mends what we send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from clearway.api.guard import Guard
from clearway.settings import Settings

SETTINGS = Settings(body_limit_bytes=100, batch_limit_bytes=1_000, path_limit=60)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 with the number of bytes that came."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def ask(
    path: str = "/v1/x",
    *,
    headers: Iterable[tuple[bytes, bytes]] = ((b"host", b"localhost:8080"),),
    messages: Iterable[Message] = ({"type": "http.request", "body": b"", "more_body": False},),
    query: bytes = b"",
    stalls: bool = False,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return status, headers and body of one request through the guard."""
    left = list(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        if left:
            return left.pop(0)
        if stalls:
            await asyncio.sleep(10)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
    }
    guard = Guard(echo, SETTINGS, frozenset({"/v1/long"}), body_seconds=0.05)
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def body(*parts: bytes) -> list[Message]:
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": place < last}
        for place, part in enumerate(parts)
    ]


def test_a_good_request_passes_and_its_answer_bears_the_security_headers() -> None:
    status, headers, answer = ask(messages=body(b"a" * 60, b"b" * 40))
    assert (status, answer) == (200, b"100")
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"default-src 'none'" in headers[b"content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"localhost"), (b"host", b"localhost")],
        [(b"host", b"evil.example")],
        [(b"host", b"")],
        [(b"host", b"localhost.evil.example")],
    ],
)
def test_a_missing_doubled_or_unknown_host_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert ask(headers=headers)[0] == 400


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../etc/passwd",
        "/v1/%2e%2e/etc",
        "/v1/%2E%2E%2Fetc",
        "/v1//x",
        "/v1/./x",
        "/v1/..%5cx",
        "/v1/%00x",
        "/" + "a" * 80,
    ],
)
def test_a_path_that_leaves_its_folder_or_is_too_long_is_refused(path: str) -> None:
    assert ask(path)[0] == 400


def test_path_and_query_are_limited_together() -> None:
    assert ask("/v1/x", query=b"q" * 60)[0] == 400


@pytest.mark.parametrize("length", [b"101", b"99999999999999999999", b"-1", b"1e3", b""])
def test_an_announced_length_over_the_limit_or_no_number_is_refused(length: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"content-length", length)]
    assert ask(headers=headers)[0] == 413


def test_a_body_that_grows_over_the_limit_is_refused_though_not_announced() -> None:
    assert ask(messages=body(*[b"a" * 30] * 4))[0] == 413


def test_the_door_for_files_of_many_has_its_own_limit() -> None:
    assert ask("/v1/long", messages=body(b"a" * 900))[0] == 200
    assert ask("/v1/long", messages=body(b"a" * 1_001))[0] == 413


def test_a_body_that_breaks_off_is_a_refusal_never_a_short_message() -> None:
    status, _, answer = ask(messages=[{"type": "http.request", "body": b"a", "more_body": True}])
    assert status == 400
    assert b"broke off" in answer


def test_a_body_that_stalls_is_refused() -> None:
    messages = [{"type": "http.request", "body": b"a", "more_body": True}]
    assert ask(messages=messages, stalls=True)[0] == 408
