"""What a declaration with three items costs; limits are three times what was measured, or more."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from clearway.declarations import rules
from clearway.declarations.actions.lodge import lodge
from clearway.declarations.formats import json, wco
from clearway.policy.cedar import CedarPolicy
from clearway.terms.identifiers import Lrn

from .desk import TRADER, Desk
from .samples import NOON, three_items

DECLARATION = three_items()
JSON, XML = json.write(DECLARATION), wco.write(DECLARATION)


def best_ms(work: Callable[[], Any], rounds: int = 40) -> float:
    """Return milliseconds of the quickest round: other work on the machine only slows one down."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


@pytest.mark.parametrize(
    ("name", "work", "most_ms"),
    [
        ("read JSON", lambda: json.read(JSON), 0.7),
        ("read XML", lambda: wco.read(XML), 3.0),
        ("rules", lambda: rules.check(DECLARATION, NOON), 0.6),
    ],
)
def test_pure_work(name: str, work: Callable[[], Any], most_ms: float) -> None:
    cost = best_ms(work)
    sys.stdout.write(f"\n{name}: {cost:.3f} ms\n")
    assert cost < most_ms


def test_lodging_in_the_writers_thread(desk: Desk) -> None:
    desk.policy = CedarPolicy.load()
    messages = iter([json.read(json.write(three_items(lrn=Lrn(f"B-{n}")))) for n in range(40)])
    cost = desk.act(lambda act: best_ms(lambda: lodge(act, next(messages))), actor=TRADER)
    sys.stdout.write(f"\nlodge: {cost:.3f} ms\n")
    assert cost < 3.0
