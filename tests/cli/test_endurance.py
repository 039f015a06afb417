"""The endurance run of the ledger, on a small log: it says how it went and opens what it wrote."""

from __future__ import annotations

from clearway.cli.bench.endurance import run


def test_it_tells_each_tenth_and_opens_the_log_at_the_end() -> None:
    lines = list(run(10_240))
    assert len(lines) == 11
    assert lines[9].split()[0] == "10,240"
    assert lines[10].startswith("opened 10,240 entries in ")
