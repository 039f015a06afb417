"""The queue by slack: what it loses beside first come, first served, and how fast it decides.

Twenty seeds that were never used while the order was made; every order works off the same arrivals.
The queue believes ends of life that are wrong by a third (one standard deviation); what is lost is
decided by the truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import numpy as np

from clearway.clearance.model import Waiting
from clearway.clearance.priority import order
from clearway.cli.bench.pairs import Figure
from clearway.simulator.hall import BEGIN, Hall, arrivals, study

SEEDS = range(1000, 1020)
LOAD = 0.9
ARRIVALS = 4_000
ERROR = 0.3
WAITING = 10_000


def measure(*, quick: bool) -> list[Figure]:
    """Return shares lost, the stay of other goods, and milliseconds of one decision."""
    seeds, many = (SEEDS[:3], 1_500) if quick else (SEEDS, ARRIVALS)
    found = study(seeds, load=LOAD, many=many, hall=Hall(error=ERROR))
    slack, lane, fifo = found["slack"], found["perishables lane"], found["first come"]
    note = f"{len(seeds)} seeds of {many:,} arrivals, load {LOAD:g}"
    lost = f"{slack.lost} of {slack.spoiling:,} lost"
    saved = 1.0 - slack.lost / fifo.lost if fifo.lost else 0.0
    return [
        Figure(
            "perishables lost, %",
            100 * slack.lost_share,
            "first come, first served",
            100 * fifo.lost_share,
            f"{saved:.1%} fewer; {lost}; {note}",
        ),
        Figure(
            "perishables lost, %",
            100 * slack.lost_share,
            "a lane for perishables",
            100 * lane.lost_share,
            f"{lane.lost} lost in the lane",
        ),
        Figure(
            "stay of other goods, p95 h",
            slack.p95_others_h,
            "first come, first served",
            fifo.p95_others_h,
            f"longest wait {slack.longest_others_h:.0f} h; in the lane p95"
            f" {lane.p95_others_h:.0f} h, longest {lane.longest_others_h:.0f} h",
        ),
        _decision(),
    ]


def _decision() -> Figure:
    """Return how long one order of a full hall takes, beside sorting as many numbers."""
    waiting = [visit.waiting for visit in arrivals(1, 40.0, WAITING)]
    now = BEGIN + timedelta(hours=100)
    ours, theirs = [], []
    numbers = np.random.default_rng(1).random(WAITING).tolist()
    for _ in range(7):
        ours.append(_cpu_ms(lambda: order(waiting, now)))
        theirs.append(_cpu_ms(lambda: sorted(numbers)))
    return Figure(
        "one decision, ms of CPU",
        min(ours),
        "sorting as many numbers",
        min(theirs),
        f"{_spoiling(waiting):,} of {WAITING:,} waiting spoil; the best of 7",
    )


def _cpu_ms(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return 1000 * (time.thread_time() - begin)


def _spoiling(waiting: list[Waiting]) -> int:
    return sum(one.spoils_at is not None for one in waiting)
