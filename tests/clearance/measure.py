"""Figures of the README: `python -m tests.clearance.measure`."""

from __future__ import annotations

import random
import sys
import time

from clearway.clearance.priority import order
from clearway.simulator.hall import Hall, study

from .test_priority import NOW, machine, salmon

SEEDS, ARRIVALS = 4, 1500


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def queues() -> None:
    for load in (0.80, 0.90, 0.97):
        for error in (0.0, 0.7):
            found = study(range(SEEDS), load=load, many=ARRIVALS, hall=Hall(error=error))
            for name, one in found.items():
                say(
                    f"load {load:.2f}  error {error:.1f}  {name:18} lost"
                    f" {100 * one.lost_share:5.2f} %  p95 {one.p95_others_h:6.1f} h"
                )


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
