"""Measures what a reading costs: `python -m tests.coldchain.measure` prints one line a figure.

Not a test: figures depend on the machine. A policy that says yes stands for Cedar, no Merkle log
is written; `clearway bench` measures the whole path.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from clearway.coldchain import commodities, tables
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.formats import csv, json
from clearway.coldchain.model import Batch, Journey, Outlook, Reading
from clearway.coldchain.spoilage import forecast, shelf_life
from clearway.coldchain.state import begin
from clearway.coldchain.watch import advance
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Transaction
from clearway.policy.act import Act, Allowed
from clearway.terms.transport import ContainerNumber

START = datetime(2026, 3, 1, tzinfo=UTC)
CONTAINERS, BATCHES, SIZE, GROUP = 40, 8, 50, 64


class Yes:
    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        return Allowed(action)


def batch(rng: random.Random, number: ContainerNumber, part: int) -> Batch:
    readings = tuple(
        Reading(
            i,
            START + timedelta(minutes=10 * i),
            round(-0.8 + rng.gauss(0, 0.2), 1),
            round(0.3 + rng.gauss(0, 0.2), 1),
            round(0.1 + rng.gauss(0, 0.1), 1) if i % 6 == 0 else None,
            round(22 + rng.gauss(0, 2), 1),
            True,
            False,
            -0.5,
        )
        for i in range(part * SIZE, (part + 1) * SIZE)
    )
    return Batch(f"reefer-{number}", number, "1", readings)


def best_us(work: Callable[[], Any], times: int = 200) -> float:
    best = 1e9
    for _ in range(times):
        before = perf_counter()
        work()
        best = min(best, perf_counter() - before)
    return best * 1e6


def intake(messages: list[Batch], folder: Path) -> tuple[float, float, Any]:
    """Return readings a second through `record_readings`, bytes a reading, and the engine."""
    engine = open_writer(folder / "node.db")
    METADATA.create_all(engine)
    actor = Actor(ActorKind.DEVICE, "gateway", "customs", frozenset({Role.DEVICE}))
    seq, now = 0, START + timedelta(days=5)

    def run(action: Callable[..., Any], things: list[Any]) -> float:
        nonlocal seq
        before = perf_counter()
        for low in range(0, len(things), GROUP):
            with engine.begin() as connection:
                for thing in things[low : low + GROUP]:
                    connection.exec_driver_sql("SAVEPOINT action")
                    tx = Transaction(connection, now, seq, tables.PROJECTIONS)
                    action(Act(tx, actor, Yes()), thing)
                    seq = tx.next_seq
                    connection.exec_driver_sql("RELEASE action")
        return perf_counter() - before

    numbers = sorted({message.container for message in messages})
    run(start_journey, [Journey(number, "fish_temperate", START, -0.5) for number in numbers])
    spent = run(record_readings, messages)
    count = sum(len(message.readings) for message in messages)
    size = sum(path.stat().st_size for path in folder.iterdir())
    return count / spent, size / count, engine


def main() -> None:
    rng = random.Random(1)
    numbers = [ContainerNumber.build(f"CSQU{i:06}") for i in range(CONTAINERS)]
    messages = [batch(rng, number, part) for part in range(BATCHES) for number in numbers]
    text, table = json.write(messages[0]), csv.write(messages[0])
    fish = commodities.get("fish_temperate")
    journey = Journey(numbers[0], "fish_temperate", START, -0.5)
    half, _ = advance(begin(numbers[0], journey), messages[0].readings, fish)
    more = messages[CONTAINERS].readings
    say = print
    say(f"read 50 readings, JSON        {best_us(lambda: json.read(text)):8.0f} us")
    read = lambda: csv.read(table, device="d", container=numbers[0])  # noqa: E731
    say(f"read 50 readings, CSV         {best_us(read, 50):8.0f} us")
    say(f"advance one unit by 50        {best_us(lambda: advance(half, more, fish)):8.0f} us")
    say(f"shelf life                    {best_us(lambda: shelf_life(half, fish)):8.0f} us")
    ahead = best_us(lambda: forecast(half, fish, Outlook.AS_NOW), 50)
    say(f"forecast, 72 hours            {ahead:8.0f} us")
    with tempfile.TemporaryDirectory() as folder:
        rate, size, engine = intake(messages, Path(folder))
        say(f"record_readings, batches of 50 {rate:7.0f} readings/s")
        say(f"tables of this room           {size:8.0f} bytes a reading")
        with engine.connect() as connection:
            history = best_us(lambda: tables.get_history(connection, numbers[0]), 5)
        say(f"history of 400 readings       {history / 1000:8.1f} ms")
        engine.dispose()


if __name__ == "__main__":
    main()
