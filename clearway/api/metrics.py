"""What Prometheus may ask: counts and times, nothing about anybody."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clearway.ledger.fact import Fact
from clearway.node.node import Node


class Metrics:
    """The node's counters, in a registry of their own."""

    def __init__(self, node: Node) -> None:
        self.registry = CollectorRegistry()
        self._facts = Counter(
            "clearway_facts", "Facts committed, by type", ["type"], registry=self.registry
        )
        self._answers = Counter(
            "clearway_answers", "Answers, by status", ["status"], registry=self.registry
        )
        self._seconds = Histogram(
            "clearway_answer_seconds",
            "Time to answer, seconds",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        Gauge(
            "clearway_waiting_actions", "Actions that wait for the writer", registry=self.registry
        ).set_function(lambda: node.committer.waiting)
        Gauge("clearway_log_size", "Facts in the log", registry=self.registry).set_function(
            lambda: node.log.size
        )
        self.registry.register(_Witnesses(node))
        self.registry.register(_Counted(node))
        node.on_commit(self._count)

    def _count(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._facts.labels(fact.type).inc()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with its answers counted and timed."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            started = time.perf_counter()

            async def watch(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._answers.labels(str(message["status"])).inc()
                    self._seconds.observe(time.perf_counter() - started)
                await send(message)

            await app(scope, receive, watch)

        return counted


class _Witnesses(Collector):
    """How far the partners' witnesses follow our log."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what is known now."""
        feeder, size = self._node.witnessing, self._node.log.size
        yield GaugeMetricFamily(
            "clearway_cosigned_size",
            "Facts under the newest checkpoint that the quorum cosigned",
            value=feeder.cosigned_size,
        )
        yield GaugeMetricFamily(
            "clearway_rolled_back",
            "1 when a witness proved that our log once held more",
            value=feeder.rollback is not None,
        )
        lag = GaugeMetricFamily(
            "clearway_witness_lag", "Facts that a witness has not cosigned yet", labels=["agency"]
        )
        failures = GaugeMetricFamily(
            "clearway_witness_failures", "Failed attempts of a witness in a row", labels=["agency"]
        )
        for standing in feeder.standings():
            lag.add_metric([standing.agency], size - standing.size)
            failures.add_metric([standing.agency], standing.failures)
        yield lag
        yield failures


class _Counted(Collector):
    """What parts of the node count themselves, such as the messages of devices."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield what is counted now."""
        for name, counts in self._node.counted.items():
            family = CounterMetricFamily(
                f"clearway_{name}", "Counted since the node was started", labels=["what"]
            )
            for what, number in counts().items():
                family.add_metric([what], number)
            yield family
