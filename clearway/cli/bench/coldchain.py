"""Readings of devices: through a broker and in process, durable before any acknowledgement.

Generator, broker and node share this machine. Beside each rate through the broker stands the bare
path in the same run: the same generator, the same broker, and a reader that only acknowledges.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, Final

from clearway.cli.bench.coldchain_broker import Bare, broker, generator
from clearway.cli.bench.coldchain_generator import body_of, container_of, head_of, now
from clearway.cli.bench.coldchain_history import measure as history
from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns, percentile, rate
from clearway.cli.interpreter import tuned
from clearway.coldchain import tables
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import Incoming
from clearway.errors import TryLater
from clearway.node.clock import utc_now
from clearway.node.node import Node

_DEVICES: Final = 200
_TOGETHER: Final = 100  # messages of one read of a connection, as the consumer hands them on
_VERSION: Final = 5
_PATIENCE_S: Final = 120
_PACE: Final = 5_000  # messages a second at which the delay is measured
_BROKER: Final = "mosquitto"


def measure(*, quick: bool) -> list[Figure]:
    """Return rates beside the bare path, the delay at a normal pace, and what the past costs."""
    turns = 1 if quick else 3
    share = 5 if quick else 1
    figures = []
    for per, messages in ((1, 50_000 // share), (50, 8_000 // share)):
        figures.append(_beside_bare(messages, per, turns))
        figures.append(_in_process(messages, per))
    figures.append(_delay(4_000 if quick else 40_000))
    return figures + history(quick=quick)


def _beside_bare(messages: int, per: int, turns: int) -> Figure:
    """Return readings a second through the broker, beside the bare path."""
    spent: list[float] = []
    mine, bare = in_turns(
        lambda: _through_broker(messages, per, spent), lambda: _bare(messages, per), turns=turns
    )
    what = "single readings/s by MQTT" if per == 1 else f"readings/s by MQTT, {per} a message"
    note = (
        f"{_BROKER}, QoS 1, {_DEVICES} devices, committed before PUBACK,"
        f" {min(spent) * 1e6:.0f} us CPU a message in the node"
    )
    return Figure(what, mine * per, "only acknowledged/s", bare * per, note)


@contextmanager
def _node() -> Iterator[Node]:
    """Give a node to which every device has spoken before, set as a served one is."""
    with temporary_node(clock=utc_now) as node, tuned():
        node.telemetry.submit_all("bench", _messages(_DEVICES, 1, 0)).result(_PATIENCE_S)
        yield node


def _messages(number: int, per: int, first: int) -> list[Incoming]:
    stamp, arrived = now(), utc_now()
    return [
        Incoming(
            f"logger-{i % _DEVICES}",
            head_of(i % _DEVICES) + body_of(first + i // _DEVICES * per, per, stamp) + b"]}",
            "json",
            arrived,
        )
        for i in range(number)
    ]


def _through_broker(messages: int, per: int, spent: list[float]) -> float:
    """Return messages a second from the first publish to the last commit, and add our CPU time."""
    with _node() as node, broker(_BROKER) as port, _consumer(port, node.telemetry) as consumer:
        before = cpu_s()

        def run() -> None:
            with generator(port, messages, per, _DEVICES, 1, 0):
                _until(lambda: consumer.counters.committed >= messages)

        found = rate(messages, run)
        spent.append((cpu_s() - before) / messages)
        return found


def _bare(messages: int, per: int) -> float:
    """Return messages a second from the first publish to the last acknowledgement."""
    with broker(_BROKER) as port, Bare(port, _VERSION) as bare:

        def run() -> None:
            with generator(port, messages, per, _DEVICES, 1, 0):
                _until(lambda: bare.count >= messages)

        return rate(messages, run)


@contextmanager
def _consumer(port: int, sink: Any) -> Iterator[Consumer]:
    address = Address("127.0.0.1", port, "localhost")
    with Consumer(
        (address,), None, sink, client_id="bench", version=_VERSION, clock=utc_now, draw=lambda: 0.5
    ) as consumer:
        if not consumer.wait_ready(10):
            raise TryLater("The broker of the bench does not take the consumer in")
        yield consumer


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not done():
        if time.monotonic() > end:
            raise TryLater("The bench waited in vain for its messages")
        time.sleep(0.005)


def _in_process(messages: int, per: int) -> Figure:
    """Return readings a second when the messages are at hand, beside nothing but this core."""
    with _node() as node:
        sent = _messages(messages, per, 1)
        before = cpu_s()
        found = rate(messages * per, lambda: _submit(node, sent))
        spent = (cpu_s() - before) / messages
    note = f"{per} a message, {spent * 1e6:.0f} us CPU a message, durable, following beside"
    return Figure("readings/s at hand", found, note=note)


def _submit(node: Node, sent: Sequence[Incoming]) -> None:
    waiting: list[Future[Any]] = []
    for low in range(0, len(sent), _TOGETHER):
        waiting.append(node.telemetry.submit_all("bench", sent[low : low + _TOGETHER]))
        if len(waiting) > 100:
            waiting.pop(0).result(_PATIENCE_S)
    for future in waiting:
        future.result(_PATIENCE_S)


class _Timing:
    """A sink that notes how long after its publishing each message could be asked for."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.seconds: list[float] = []
        self.asked: list[float] = []
        self._turn = count()

    def submit_all(self, lane: str, messages: Sequence[Incoming]) -> Future[Any]:
        """Hand on, and look at the clock when it is answered."""
        future = self._node.telemetry.submit_all(lane, messages)
        future.add_done_callback(lambda _: self._answered(messages))
        return future

    def _answered(self, messages: Sequence[Incoming]) -> None:
        answered = utc_now()
        for message in messages:
            at = message.payload.index(b'"at":"') + 6
            sent = datetime.fromisoformat(message.payload[at : at + 27].decode())
            self.seconds.append((answered - sent).total_seconds())

    def ask(self) -> None:
        """Ask for one container's readings, as a page would, and note how long it takes."""
        began = time.perf_counter()
        with self._node.reading() as connection:
            tables.get_readings(connection, container_of(next(self._turn) % _DEVICES))
        self.asked.append(time.perf_counter() - began)


def _delay(messages: int) -> Figure:
    """Return the p99 from publishing to being there for who asks, at a normal pace."""
    with _node() as node, broker(_BROKER) as port:
        timing = _Timing(node)
        with _consumer(port, timing), generator(port, messages, 1, _DEVICES, 1, _PACE):
            end = time.monotonic() + _PATIENCE_S
            while len(timing.seconds) < messages and time.monotonic() < end:
                timing.ask()
                time.sleep(0.05)
    asked = percentile(timing.asked, 0.99)
    worst = percentile(timing.seconds, 0.99) + asked
    note = (
        f"p99 of {len(timing.seconds):,} messages at {_PACE:,}/s, with {asked * 1e3:.0f} ms of"
        f" asking; median {percentile(timing.seconds, 0.5) * 1e3:.0f} ms"
    )
    return Figure("publish to queryable, ms", worst * 1e3, "wanted", 1_000.0, note)
