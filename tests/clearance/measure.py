"""Figures of the README: `python -m tests.clearance.measure`."""

from __future__ import annotations

import random
import sys
import time

from clearway.clearance.comparison import lost_share, simulate
from clearway.clearance.priority import first_come, order

from .test_comparison import BAYS, bursts, p95_of_others, spoiling_first
from .test_priority import NOW, machine, salmon

SEEDS, ARRIVALS = 4, 1500


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def queues() -> None:
    orders = (
        ("first come", first_come, 0.0),
        ("perishables lane", spoiling_first, 0.0),
        ("slack", order, 0.0),
        ("slack, life wrong by 70 %", order, 0.7),
    )
    for load in (0.80, 0.90, 0.97):
        for name, how, error in orders:
            worlds = [bursts(seed, load, ARRIVALS, error) for seed in range(SEEDS)]
            runs = [simulate(world, BAYS, how) for world in worlds]  # type: ignore[arg-type]
            share = sum(map(lost_share, runs)) / SEEDS
            stay = sum(map(p95_of_others, runs)) / SEEDS
            say(f"load {load:.2f}  {name:28} lost {100 * share:5.2f} %  p95 {stay:6.1f} h")


def ordering() -> None:
    rng = random.Random(1)
    waiting = [
        salmon(f"X{n:05}", rng.random() * 70, rng.random() * 200, value=rng.randrange(10**6))
        if n % 5 < 2
        else machine(f"X{n:05}", rng.random() * 70)
        for n in range(10_000)
    ]
    for _ in range(5):
        begin = time.perf_counter()
        order(waiting, NOW)
        say(f"10,000 entries ordered in {1000 * (time.perf_counter() - begin):.0f} ms")


if __name__ == "__main__":
    ordering()
    queues()
