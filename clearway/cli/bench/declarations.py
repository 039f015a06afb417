"""Declarations per second, end to end: read, rules, score, facts, commit, receipt.

Everything but HTTP, in one process, 16 under way. Beside it the same path on a store that does not
wait for the disk (`synchronous=OFF`): what durability costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial

from clearway.clearance.actions.receive_declaration import Received, receive_declaration
from clearway.clearance.intake import prepare
from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.messages import Lodgements, broker_of, day_of_declarations
from clearway.cli.bench.pairs import Figure, cpu_s, percentile
from clearway.declarations.formats.reading import read
from clearway.identity.model import Actor
from clearway.ledger.committer import Outcome
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.settings import Settings
from clearway.simulator.day import Day
from clearway.simulator.mail import Event

_UNDER_WAY = 16


def measure(*, quick: bool) -> list[Figure]:
    """Return rate and latency, beside the same path without waiting for the disk."""
    count = 300 if quick else 2_000
    day = day_of_declarations()
    rates: dict[str, list[float]] = {"FULL": [], "OFF": []}
    latencies: list[float] = []
    spent = 0.0
    for _ in range(2 if quick else 3):
        for mode, found in rates.items():
            before = cpu_s()
            rate, took = _run(day, count, mode)
            found.append(rate)
            if mode == "FULL":
                latencies, spent = took, (cpu_s() - before) / count
    ours, theirs = (sorted(found)[len(found) // 2] for found in (rates["FULL"], rates["OFF"]))
    note = f"{count} declarations, {_UNDER_WAY} under way, {spent * 1e3:.2f} ms CPU each"
    return [
        Figure("declarations/s, end to end", ours, "same without fsync", theirs, note),
        Figure("declaration p50, ms", percentile(latencies, 0.50) * 1e3, note=note),
        Figure("declaration p99, ms", percentile(latencies, 0.99) * 1e3, note=note),
    ]


def _run(day: Day, count: int, synchronous: str) -> tuple[float, list[float]]:
    now = day.begins_at + timedelta(hours=12)
    settings = Settings(lane_limit=10_000, waiting_limit=100_000)
    with temporary_node(clock=lambda: now, synchronous=synchronous, settings=settings) as node:
        return lodge_many(node, day, Lodgements(day), count)


def lodge_many(
    node: Node, day: Day, lodgements: Lodgements, count: int
) -> tuple[float, list[float]]:
    """Lodge `count` declarations; return the rate and each one's seconds until its receipt."""
    actors = broker_of(day)
    latencies: list[float] = []
    under_way: set[Future[float]] = set()
    began = time.perf_counter()
    for _ in range(count):
        event, body = next(lodgements)
        if len(under_way) >= _UNDER_WAY:
            done, under_way = wait(under_way, return_when="FIRST_COMPLETED")
            latencies += [future.result() for future in done]
        under_way.add(_lodge(node, actors, event, body))
    done, _ = wait(under_way)
    latencies += [future.result() for future in done]
    return count / (time.perf_counter() - began), latencies


def _lodge(node: Node, actors: dict[str, Actor], event: Event, body: bytes) -> Future[float]:
    """Start one declaration; the future gives the seconds until its receipt was made."""
    began = time.perf_counter()
    done: Future[float] = Future()
    actor = actors[event.account]

    def committed(future: Future[Outcome[Received]]) -> None:
        try:
            outcome = future.result()
            node.receipt(outcome.facts[0], outcome.salts[0])
            done.set_result(time.perf_counter() - began)
        except Exception as error:  # noqa: BLE001 (handed to whoever waits)
            done.set_exception(error)

    def read_and_submit() -> None:
        try:
            action = _prepare(node, event, body)
            node.act(actor, action).add_done_callback(committed)
        except Exception as error:  # noqa: BLE001 (handed to whoever waits)
            done.set_exception(error)

    node.workshop.submit(event.account, read_and_submit)
    return done


def _prepare(node: Node, event: Event, body: bytes) -> Callable[[Act], Received]:
    prepared = prepare(read(body, event.content_type), node.rulebook.profile, node.clock())
    return partial(
        receive_declaration,
        prepared=prepared,
        draw=node.draw(),
        selectivity=node.rulebook.selectivity,
    )
