"""A load process: many connections of one sender, each with its own declarations, until time is up.

    python -m clearway.cli.bench.flooder < plan.json > tally.json

A process of its own, so that its work is not the node's. A refusal for too much at once (429, 503)
is honoured by a pause and the same declaration is sent again; any other answer is followed by a new
one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import count

import msgspec


class Plan(msgspec.Struct):
    """What to send.

    Args:
        body: text in which `reference` is put anew for each declaration.
        reference: the part of the body to replace.
        prefix: begins the new references.
        connections: open at once.
        seconds: how long.
        pause_s: after a refusal for too much at once.
        pace_s: seconds from one declaration to the next, on each connection; 0: at once.
    """

    host: str
    port: int
    token: str
    media_type: str
    body: str
    reference: str
    prefix: str
    connections: int
    seconds: float
    pause_s: float = 1.0
    pace_s: float = 0.0


class Tally(msgspec.Struct):
    """What came of it: seconds until each answer that took the declaration in; how many others."""

    latencies: list[float] = []
    refused: int = 0
    failed: int = 0


class Sender:
    """All connections of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._numbers = count(1)
        self._until = time.monotonic() + plan.seconds
        self.tally = Tally()

    async def run(self) -> Tally:
        """Send from all connections until the time is up."""
        await asyncio.gather(*(self._connect(place) for place in range(self._plan.connections)))
        return self.tally

    async def _connect(self, place: int) -> None:
        await asyncio.sleep(place / 1_000)  # a thousand knock within one second
        while time.monotonic() < self._until:
            try:
                reader, writer = await asyncio.open_connection(self._plan.host, self._plan.port)
                try:
                    await self._talk(reader, writer)
                finally:
                    writer.close()
            except (OSError, EOFError, asyncio.LimitOverrunError):
                self.tally.failed += 1
                await asyncio.sleep(self._plan.pause_s)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = self._request()
        while time.monotonic() < self._until:
            began = time.monotonic()
            writer.write(request)
            status = await _answer(reader)
            took = time.monotonic() - began
            if status in (429, 503):
                self.tally.refused += 1
                await asyncio.sleep(self._plan.pause_s)
                continue
            if status == 201:
                self.tally.latencies.append(took)
            else:
                self.tally.failed += 1
            request = self._request()
            await asyncio.sleep(max(0.0, self._plan.pace_s - took))

    def _request(self) -> bytes:
        plan = self._plan
        fresh = f"{plan.prefix}{next(self._numbers):07d}"
        body = plan.body.replace(plan.reference, fresh).encode()
        head = (
            f"POST /v1/declarations HTTP/1.1\r\nHost: {plan.host}\r\n"
            f"Authorization: Bearer {plan.token}\r\nContent-Type: {plan.media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    if b"connection: close" in head:
        raise EOFError
    return int(head[9:12])


def main() -> None:
    """Read the plan, send, write the tally."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    tally = asyncio.run(Sender(plan).run())
    sys.stdout.buffer.write(msgspec.json.encode(tally))


if __name__ == "__main__":
    main()
