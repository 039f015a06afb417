"""What readings cost once they are past: bytes in the lake, and the time of asking.

The readings are those of the simulator's fleet: noise, tenths of a degree, faults, jumping clocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

import polars as pl

from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.pairs import Figure
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.archive import READINGS, READINGS_FOLDER, SERIES
from clearway.coldchain.formats import json
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake import manifest
from clearway.lake.series import MANY, scan
from clearway.lake.writer import LakeWriter
from clearway.node.node import Node
from clearway.node.telemetry import Incoming
from clearway.policy.act import Act
from clearway.simulator.fleet import devices, inside, trips
from clearway.terms.transport import ContainerNumber

_SEED: Final = 4_711
_PER: Final = 48  # readings of a message
_TOGETHER: Final = 100
_MANY_ROWS: Final = 10_000_000
_PATIENCE_S: Final = 120
_WORKER: Final = Actor(ActorKind.SYSTEM, "bench", "customs", frozenset({Role.WORKER}))
_LATER: Final = timedelta(days=60)


def measure(*, quick: bool) -> list[Figure]:
    """Return bytes a reading, and milliseconds of a journey, of the fleet, of a late reading."""
    sent = [devices.measure(one) for one in inside.travel(trips.draw(_SEED, 20 if quick else 120))]
    now = max(readings[-1].at for readings in sent) + timedelta(hours=1)
    clock = [now]
    with temporary_node(clock=lambda: clock[0]) as node:
        late = _late(node, sent[0])
        _record(node, sent)
        lake = node.folder.lake
        figures = [_bytes(lake / READINGS_FOLDER), _in_tables(node, sent)]
        clock[0] = now + _LATER
        node.archiving.archive(now + _LATER)
        figures += [_in_series(node, sent), _fleet(lake / READINGS_FOLDER)]
    return [*figures, late]


def _box(number: int) -> ContainerNumber:
    return ContainerNumber.build(f"CWYU{number:06d}")


def _record(node: Node, sent: Sequence[Sequence[Reading]]) -> None:
    """Record all journeys, device by device and day by day, copying to the lake now and then."""
    arrived = node.clock()
    messages = [
        _message(number, readings[low : low + _PER], arrived)
        for low in range(0, max(map(len, sent)), _PER)
        for number, readings in enumerate(sent)
        if readings[low : low + _PER]
    ]
    writer = LakeWriter(node.folder.lake, series=SERIES)
    share = -(-len(messages) // MANY)
    for low in range(0, len(messages), share):
        part = messages[low : low + share]
        for first in range(0, len(part), _TOGETHER):
            together = part[first : first + _TOGETHER]
            node.telemetry.submit_all("bench", together).result(_PATIENCE_S)
        with node.reading() as connection:
            writer.copy(connection)
    node.telemetry.following.wait_done(_PATIENCE_S)


def _message(number: int, readings: Sequence[Reading], arrived: object) -> Incoming:
    in_order = tuple(sorted(readings, key=lambda reading: reading.seq))
    batch = Batch(f"reefer-{number}", _box(number), "1", in_order)
    return Incoming(batch.device, json.write(batch), "json", arrived)  # type: ignore[arg-type]


def _bytes(folder: Path) -> Figure:
    parts = manifest.load(folder).parts
    size = sum((folder / part.path).stat().st_size for part in parts)
    rows = sum(part.rows for part in parts)
    note = f"{rows:,} readings of the simulator's fleet, files: {len(parts)}"
    return Figure("history, bytes a reading", size / rows, "wanted", 3.0, note)


def _ms(work: Callable[[], object], times: int = 9) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent) * 1e3


def _in_tables(node: Node, sent: Sequence[Sequence[Reading]]) -> Figure:
    number = len(sent) // 2
    found = _ms(lambda: node.archiving.readings(_box(number)))
    return Figure("a journey from the tables, ms", found, note=f"{len(sent[number]):,} readings")


def _in_series(node: Node, sent: Sequence[Sequence[Reading]]) -> Figure:
    number = len(sent) // 2
    rows = (
        scan(node.folder.lake / READINGS_FOLDER, READINGS)
        .filter(pl.col("container") == _box(number))
        .sort("measured_at")
    )
    found, whole = _ms(rows.collect), _ms(lambda: node.archiving.readings(_box(number)))
    note = f"{len(sent[number]):,} readings as columns; as readings {whole:.0f} ms"
    return Figure("a journey from the series, ms", found, "wanted", 10.0, note)


def _fleet(folder: Path) -> Figure:
    """Ask for each day's mean and worst air of the whole fleet; the same files many times over."""
    files = [folder / part.path for part in manifest.load(folder).parts]
    rows = sum(part.rows for part in manifest.load(folder).parts)
    times = -(-_MANY_ROWS // rows)
    asked = (
        pl.concat([pl.scan_parquet(files)] * times)
        .group_by(pl.col("measured_at").dt.date())
        .agg(pl.col("return_c").mean().alias("mean_c"), pl.col("return_c").max().alias("worst_c"))
    )
    found = _ms(asked.collect, 3)
    note = f"{rows * times:,} rows: {rows:,} of the fleet, read {times} times"
    return Figure("the fleet by day, 10 million readings, ms", found, "wanted", 1_000.0, note)


def _late(node: Node, readings: Sequence[Reading]) -> Figure:
    """Return how long the writer is held by the first reading of a journey that comes last."""
    box, ordered = _box(900_001), sorted(readings, key=lambda reading: reading.seq)
    first, rest = ordered[0], ordered[1:]
    journey = Journey(box, "salmon", first.at - timedelta(minutes=10), 0.0)
    node.act(_WORKER, lambda act: start_journey(act, journey)).result()
    for low in range(0, len(rest), _PER):
        _record_one(node, box, tuple(rest[low : low + _PER]))
    spent = _ms(lambda: _record_one(node, box, (first,)), 1)
    note = f"the first of {len(ordered):,} readings comes last, all of them are judged anew"
    return Figure("a journey judged anew, ms", spent, "wanted", 50.0, note)


def _record_one(node: Node, box: ContainerNumber, readings: tuple[Reading, ...]) -> None:
    def record(act: Act) -> object:
        return record_readings(act, Batch("late", box, "1", readings))

    node.act(_WORKER, record).result()
