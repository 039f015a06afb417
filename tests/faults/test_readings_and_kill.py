"""A node is killed with SIGKILL while readings pour in: what it answered is there, and once.

`CLEARWAY_READINGS=1000000 pytest tests/faults/test_readings_and_kill.py` does it with a million.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection

from clearway.coldchain import tables
from clearway.coldchain.facts import ReadingsReceived
from clearway.coldchain.packing import heads_of
from clearway.ledger.database import open_reader
from clearway.ledger.fact import decode
from clearway.ledger.verify import verify_store
from clearway.node.clock import entropy
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
from clearway.settings import Settings

from .telemetry_child import NOW, batch, message

CHILD = Path(__file__).with_name("telemetry_child.py")
DEVICES, PER = 20, 50
WANTED = int(os.environ.get("CLEARWAY_READINGS", "16000"))
KILLS = 2 if WANTED < 100_000 else 20

Seqs = dict[str, int]


def run_and_kill(folder: Path, first: int, share: int, *options: str) -> Seqs:
    """Let a child take `share` readings in, kill it, and return how far each device was told."""
    arguments = [str(folder), str(first), str(DEVICES), str(PER), *options]
    child = subprocess.Popen(
        [sys.executable, str(CHILD), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None and child.stderr is not None
    lines, until = [], time.monotonic() + 300
    while len(lines) * PER < share and time.monotonic() < until:
        line = child.stdout.readline()
        if not line:
            break
        lines.append(line)
    child.kill()
    rest = child.stdout.read()
    complaint = child.stderr.read().decode()
    child.wait()
    child.stdout.close()
    child.stderr.close()
    assert lines, complaint
    told: Seqs = {}
    for line in [*lines, *rest.splitlines(keepends=True)]:
        if line.endswith(b"\n"):
            device, seq = line.split()
            told[device.decode()] = max(int(seq), told.get(device.decode(), -1))
    return told


def on_record(connection: Connection) -> Counter[tuple[str, int]]:
    """Return how often each reading stands in the facts."""
    found: Counter[tuple[str, int]] = Counter()
    for fact in facts(connection):
        if fact.type == ReadingsReceived.TYPE:
            for head in heads_of(decode(fact.body, ReadingsReceived).packed):
                device = head.device.removeprefix("reefer-")
                found.update((device, seq) for seq in head.numbers)
    return found


def judge(settings: Settings, told: Seqs) -> tuple[int, int, int]:
    """Return how many readings are on record, lost, and doubled."""
    folder = Folder.of(settings)
    signer = folder.signer()
    engine = open_reader(folder.store)
    with engine.begin() as connection:
        report = verify_store(connection, signer.name, [signer.verifier])
        assert report.holds, report.faults
        found = on_record(connection)
    engine.dispose()
    lost = sum((d, s) not in found for d, last in told.items() for s in range(last + 1))
    return len(found), lost, sum(times > 1 for times in found.values())


@pytest.mark.slow
def test_a_node_killed_under_readings_loses_and_doubles_none(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path / "node")
    create(settings, entropy)
    told: Seqs = {}
    for _ in range(KILLS):
        # As a device does: it sends again from the last number that it was told.
        first = min(told.values(), default=-1) + 1 if len(told) == DEVICES else 0
        before = dict(told)
        for device, seq in run_and_kill(
            settings.data_directory, first - first % PER, WANTED // KILLS
        ).items():
            told[device] = max(seq, before.get(device, -1))
        _, lost, doubled = judge(settings, told)
        assert (lost, doubled) == (0, 0)
    assert sum(told.values()) >= WANTED * 0.9

    # All of it once more: nothing is new, what was followed and what was not is one whole.
    with Node.open(settings, clock=lambda: NOW, entropy=entropy) as node:
        last = max(told.values())
        again = [
            message(device, low, PER) for low in range(0, last, PER) for device in range(DEVICES)
        ]
        for low in range(0, len(again), 500):
            node.telemetry.submit_all("again", again[low : low + 500]).result(120)
        with node.reading() as connection:
            box = batch(0, 0, 1).container
            readings = tables.get_readings(connection, box)
            assert [r.seq for r in readings] == list(range(len(readings)))
            assert readings[:PER] == batch(0, 0, PER).readings
    total, lost, doubled = judge(settings, dict.fromkeys(told, last))
    assert (lost, doubled) == (0, 0)
    assert total >= (last + 1) * DEVICES  # some were recorded, and killed before it was told


@pytest.mark.slow
def test_a_node_that_answers_before_it_commits_is_caught(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path / "node")
    create(settings, entropy)
    told = run_and_kill(settings.data_directory, 0, 5_000, "early")
    assert judge(settings, told)[1] > 0
