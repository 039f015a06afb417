"""The hub's bench measures a real hub, and counts what it took."""

from __future__ import annotations

import pytest

from clearway.cli.bench import hub


@pytest.mark.slow
def test_the_bench_gives_every_figure_of_the_hub() -> None:
    load = hub._load("<a/>", 60, 0)
    assert load.messages == len(load.latencies_s) == 60
    assert load.wall_s > 0 and load.hub_cpu_s > 0
    assert 0 < load.percentile_ms(0.5) <= load.percentile_ms(0.95)
