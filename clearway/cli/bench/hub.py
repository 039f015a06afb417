"""A hub under load: real process, mutual TLS, every message durable before its answer.

The hub runs in a process of its own; here only bytes are sent that were made before, so that the
figures are the hub's. Its CPU is what the system says of the ended process.
"""

from __future__ import annotations

import asyncio
import os
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from clearway.cli.bench.messages import day_of_declarations
from clearway.cli.bench.pairs import Figure
from clearway.cli.hub_folder import HubFolder, create, enrol, read_directory
from clearway.connectors.ippc_hub import directory as directories
from clearway.connectors.ippc_hub import tls
from clearway.connectors.ippc_hub.directory import Directory
from clearway.connectors.ippc_hub.formats import soap
from clearway.connectors.ippc_hub.formats.operations import BY_NAME
from clearway.connectors.ippc_hub.model import Envelope
from clearway.errors import StorageFailure
from clearway.node.clock import entropy, utc_now
from clearway.simulator.mail import Kind

_CONNECTIONS: Final = 16
_GOAL_S: Final = 400.0
_GOAL_P95_MS: Final = 10.0
_RATE: Final = 200
_SIZE: Final = 10_600  # of a phytosanitary certificate with three lines
_MARK: Final = "BENCH-NUMBER-"
_SERVE: Final = "from clearway.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Load:
    """What one run showed: messages, seconds of wall time, the hub's CPU seconds, latencies."""

    messages: int
    wall_s: float
    hub_cpu_s: float
    latencies_s: tuple[float, ...]

    def percentile_ms(self, share: float) -> float:
        """Return the latency that this share of the messages stayed under."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000


def measure_hub(quick: bool) -> list[Figure]:
    """Return messages a second, and the latency at 200 a second, of a hub with mutual TLS.

    Args:
        quick: fewer messages, for a first impression.
    """
    count = 1_500 if quick else 10_000
    content = _content()
    size = f"{len(content) / 1000:.1f} kB each"
    note = f"{size}, {_CONNECTIONS} connections, fsync before each answer"
    full, steady = _load(content, count, 0), _load(content, count // 4, _RATE)
    per_core = full.messages / full.hub_cpu_s
    return [
        Figure("hub: messages/s of wall time", full.messages / full.wall_s, "goal", _GOAL_S, note),
        Figure("hub: messages per second of its CPU", per_core, "goal", _GOAL_S, "one process"),
        Figure(
            f"hub: p95 at {_RATE} messages/s, ms",
            steady.percentile_ms(0.95),
            "goal",
            _GOAL_P95_MS,
            f"median {steady.percentile_ms(0.5):.1f} ms, p99 {steady.percentile_ms(0.99):.1f} ms;"
            f" a bare fsync just then: p95 {_fsync_p95_ms():.1f} ms",
        ),
    ]


def _fsync_p95_ms() -> float:
    """Return what a bare append and fsync takes: no durable answer can be quicker."""
    taken = []
    with tempfile.TemporaryFile(prefix="clearway-bench-") as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(b"x" * 16_384)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return sorted(taken)[190] * 1_000


def _content() -> str:
    """Return the longest certificate of a simulated day, a comment making it three lines long."""
    bodies = [each.body for each in day_of_declarations().events if each.kind is Kind.CERTIFICATE]
    longest = max(bodies, key=len).decode()
    return longest + f"<!--{'x' * (_SIZE - len(longest) - 7)}-->"


def _load(content: str, count: int, rate: int) -> Load:
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        root = Path(folder)
        hub = HubFolder(root / "hub")
        create(hub, ("127.0.0.1",), utc_now, entropy)
        for country in ("EC", "NL"):
            enrol(hub, country, root, "", utc_now, entropy)
        members = tuple(
            replace(each, messages_per_second=1e6, burst=1_000_000)
            for each in read_directory(hub).members
        )
        hub.directory.write_bytes(directories.write(Directory(members)))
        context = tls.client_context(root / "EC.crt", root / "EC.key", hub.authority)
        with _served(hub) as (url, used):
            latencies, wall = asyncio.run(_drive(url, context, content, count, rate))
        return Load(count, wall, used[0], tuple(latencies))


@contextmanager
def _served(hub: HubFolder) -> Iterator[tuple[str, list[float]]]:
    """Give the hub's address, and a list that holds its CPU seconds at the end."""
    used: list[float] = []
    command = [sys.executable, "-c", _SERVE, "hub", "serve", str(hub.root), "--port", "0"]
    before = _children_s()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        started = _cpu_s(process.pid)
        yield next(word for word in line.split() if word.startswith("https://")), used
    finally:
        process.terminate()
        process.communicate()
        used.append(_children_s() - before - started)


def _children_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _cpu_s(pid: int) -> float:
    """Return CPU seconds of a running process: what starting took is not the hub's work."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0  # no such file system: starting counts as work
    return (int(fields[11]) + int(fields[12])) / 100.0


async def _drive(
    url: str, context: ssl.SSLContext, content: str, count: int, rate: int
) -> tuple[list[float], float]:
    """Send `count` messages, all at once over some connections or `rate` a second."""
    requests = _Requests(url, content)
    numbers = iter(range(count))
    begun = time.perf_counter()
    lines = (_line(requests, context, numbers, (begun, rate)) for _ in range(_CONNECTIONS))
    found = await asyncio.gather(*lines)
    return [each for one in found for each in one], time.perf_counter() - begun


async def _line(
    requests: _Requests,
    context: ssl.SSLContext,
    numbers: Iterator[int],
    pace: tuple[float, int],
) -> list[float]:
    """Send over one connection until no number is left; with a rate, each at its own instant."""
    begun, rate = pace
    latencies: list[float] = []
    reader, writer = await asyncio.open_connection(requests.host, requests.port, ssl=context)
    for number in numbers:
        due = begun + number / rate if rate else time.perf_counter()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(requests.make(number))
        await _answer(reader)
        latencies.append(time.perf_counter() - due)
    writer.close()
    await writer.wait_closed()
    return latencies


async def _answer(reader: asyncio.StreamReader) -> None:
    """Read one answer. Raises: StorageFailure: it is no yes."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200") or b"PendingDelivery" not in body:
        raise StorageFailure(f"The hub did not take a message: {body[:300]!r}")


class _Requests:
    """Requests that differ in the certificate's number only, made once."""

    def __init__(self, url: str, content: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 443
        operation = BY_NAME["DeliverEnvelope"]
        number = f"{_MARK}0000000"
        body = soap.emit_request(operation, Envelope("EC", "NL", 851, 70, number, content=content))
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: text/xml\r\n"
            f'SOAPAction: "{operation.soap_action}"\r\nContent-Length: {len(body)}\r\n\r\n'
        )
        self._before, _, self._after = (head.encode() + body).partition(number.encode())

    def make(self, number: int) -> bytes:
        """Return one request."""
        return self._before + f"{_MARK}{number:07d}".encode() + self._after
