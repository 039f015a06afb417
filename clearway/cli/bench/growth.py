"""What a declaration costs when many are stored already: CPU late in a run over CPU early in it."""

from __future__ import annotations

from datetime import timedelta

from clearway.cli.bench.declarations import lodge_many
from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.messages import Lodgements, day_of_declarations
from clearway.cli.bench.pairs import Figure, cpu_s
from clearway.settings import Settings


def measure(*, quick: bool) -> list[Figure]:
    """Return CPU-ms per declaration at the end of a run, beside that near its start."""
    stored, sample = (2_000, 300) if quick else (20_000, 1_000)
    day = day_of_declarations()
    now = day.begins_at + timedelta(hours=12)
    settings = Settings(lane_limit=10_000, waiting_limit=100_000)
    lodgements = Lodgements(day)
    costs: list[float] = []
    with temporary_node(clock=lambda: now, settings=settings) as node:
        for fill in (sample, stored):
            lodge_many(node, day, lodgements, fill)
            before = cpu_s()
            lodge_many(node, day, lodgements, sample)
            costs.append((cpu_s() - before) / sample * 1e3)
    early, late = costs
    note = f"{stored + 2 * sample:,} stored at the end; aim: at most 1.15 times"
    return [Figure("CPU-ms per declaration, late", late, "early", early, note)]
