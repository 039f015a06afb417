"""Fairness: what an honest declarant feels while another floods a served node.

A real node behind its real doors. The honest one lodges twenty declarations a second, first alone,
then beside a flood of a thousand connections under one other account, each of which lodges as fast
as it is answered. Both send from processes of their own.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from urllib.parse import urlsplit

import msgspec

from clearway.cli.bench.flooder import Plan, Tally
from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.messages import broker_of, day_of_declarations
from clearway.cli.bench.pairs import Figure, percentile
from clearway.cli.server import Server
from clearway.cli.world import admit
from clearway.node.clock import SteppedClock
from clearway.simulator.day import Day
from clearway.simulator.mail import Event, Kind

_CONNECTIONS = 1_000
_PACE_S = 0.05
_RAMP_S = 2.0  # until all connections of the flood stand


def measure(*, quick: bool) -> list[Figure]:
    """Return the honest one's p50 and p99 beside the same without the flood."""
    seconds = 4.0 if quick else 15.0
    day = day_of_declarations()
    clock = SteppedClock(day.begins_at)
    with temporary_node(clock=clock) as node:
        tokens = admit(node, day)
        with Server(node, port=0) as server:
            flooder, honest = (_plan(server.url, tokens, event) for event in _two_senders(day))
            honest.pace_s = _PACE_S
            _finish(_start(_lasting(honest, 1.0, "W")))
            alone = _finish(_start(_lasting(honest, seconds, "A")))
            flooder.connections = _CONNECTIONS
            flooding = _start(_lasting(flooder, seconds + _RAMP_S + 1.0, "F"))
            _finish(_start(_lasting(honest, _RAMP_S, "R")))
            beside = _finish(_start(_lasting(honest, seconds, "B")))
            flood = _finish(flooding)
    note = (
        f"{len(beside.latencies)} honest beside {len(flood.latencies)} of the flood,"
        f" {flood.refused} refused; failed: honest {beside.failed}, flood {flood.failed}"
    )
    return [
        _figure("p50", 0.50, alone, beside, note),
        _figure("p99", 0.99, alone, beside, note),
    ]


def _figure(name: str, share: float, alone: Tally, beside: Tally, note: str) -> Figure:
    ours, theirs = (percentile(each.latencies, share) * 1e3 for each in (beside, alone))
    return Figure(f"honest {name} in a flood, ms", ours, "without", theirs, note)


def _two_senders(day: Day) -> tuple[Event, Event]:
    """Return a declaration of each of the two accounts that lodge most."""
    brokers = broker_of(day)
    lodged = [
        event
        for event in day.events
        if event.kind is Kind.DECLARATION
        and event.account in brokers
        and event.key not in day.truth.meant_to_fail
    ]
    (first, _), (second, _) = Counter(event.account for event in lodged).most_common(2)
    by_account = {event.account: event for event in lodged}
    return by_account[first], by_account[second]


def _plan(url: str, tokens: dict[str, str], event: Event) -> Plan:
    address = urlsplit(url)
    return Plan(
        host=address.hostname or "",
        port=address.port or 0,
        token=tokens[event.account],
        media_type=event.content_type,
        body=event.body.decode(),
        reference=event.subject,
        prefix="",
        connections=1,
        seconds=0.0,
    )


def _lasting(plan: Plan, seconds: float, prefix: str) -> Plan:
    return msgspec.structs.replace(plan, seconds=seconds, prefix=f"BENCH{prefix}")


def _start(plan: Plan) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "clearway.cli.bench.flooder"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdin is not None:
        process.stdin.write(msgspec.json.encode(plan))
        process.stdin.close()
    return process


def _finish(process: subprocess.Popen[bytes]) -> Tally:
    """Wait for the end, which the plan's own time brings, and return what came of it."""
    with process:
        written = b"" if process.stdout is None else process.stdout.read()
    return msgspec.json.decode(written, type=Tally)
