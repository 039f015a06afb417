"""Killed at, or refused by, a system call on the store: no false answer, no broken store.

Each run lets one chosen call of the database's files be the last one (SIGKILL), or fail (EIO,
ENOSPC). The calls are counted first in a run that is left alone; a sample of them is tried, and
with `pytest tests/faults/test_system_calls.py --every-call` each of them, which takes minutes.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Child, judge

FACTS = 8
KILLED = 6
REFUSED = 3
CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink,openat"


def strace(database: Path, trace: Path, *inject: str) -> tuple[str, ...]:
    """Return the command that watches the database's own files only."""
    files = [part for end in ("", "-wal", "-shm") for part in ("-P", f"{database}{end}")]
    options = [part for one in inject for part in ("-e", one)]
    return ("strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={CALLS}", *files, *options)


@pytest.fixture(scope="module")
def every(request: pytest.FixtureRequest) -> bool:
    """Whether each call is tried."""
    return bool(request.config.getoption("--every-call", default=False))


@pytest.fixture(scope="module")
def facts(every: bool) -> int:
    """How many facts are appended: one is enough where each call is tried."""
    return 1 if every else FACTS


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, facts: int) -> Counter[str]:
    """How often each system call touches the store in a run that is left alone."""
    if shutil.which("strace") is None:
        pytest.skip("choosing a system call needs strace")
    probe = subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"strace may not trace here: {probe.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp("counted")
    child = Child(
        folder / "node.db",
        *(0, "FULL", f"count={facts}"),
        wrapper=strace(folder / "node.db", folder / "trace"),
    )
    assert child.wait() == 0, child.complaint
    assert child.numbers == list(range(facts))
    calls = re.findall(r"^\d+\s+(\w+)\(", (folder / "trace").read_text(), re.MULTILINE)
    return Counter(calls)


def sample(
    counted: Counter[str], kinds: tuple[str, ...], size: int, every: bool
) -> list[tuple[str, int]]:
    """Return some of the calls, the same each time; or every one."""
    points = [(name, k) for name in kinds for k in range(1, counted[name] + 1)]
    if every:
        return points
    return sorted(random.Random(11).sample(points, min(size, len(points))))


@pytest.mark.slow
def test_killed_at_a_system_call_the_store_holds_what_was_answered(
    counted: Counter[str], every: bool, facts: int, tmp_path: Path
) -> None:
    assert counted["fdatasync"] + counted["fsync"] >= facts, "each answer was synchronised"
    killed = 0
    for name, k in sample(counted, tuple(counted), KILLED, every):
        folder = tmp_path / f"{name}-{k}"
        folder.mkdir()
        inject = f"inject={name}:signal=KILL:when={k}"
        child = Child(
            folder / "node.db",
            *(0, "FULL", f"count={facts}"),
            wrapper=strace(folder / "node.db", folder / "trace", inject),
        )
        killed += child.wait() != 0
        # The store goes on: the same numbers are sent again, and each stands there once.
        again = Child(folder / "node.db", len(child.numbers), "FULL", f"count={facts}")
        if child.numbers:
            verdict = judge(folder / "node.db", child.numbers)
            assert verdict.holds, (name, k, verdict)
        assert again.wait() == 0, again.complaint
        verdict = judge(folder / "node.db", child.numbers + again.numbers)
        assert verdict.holds, (name, k, verdict)
    assert killed >= KILLED // 3, "the control: calls were really interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_refused_by_a_system_call_nobody_is_told_done(
    counted: Counter[str], every: bool, facts: int, tmp_path: Path, error: str
) -> None:
    refused = 0
    for name, k in sample(counted, ("pwrite64", "fdatasync"), REFUSED, every):
        folder = tmp_path / f"{name}-{k}"
        folder.mkdir()
        inject = f"inject={name}:error={error}:when={k}"
        child = Child(
            folder / "node.db",
            *(0, "FULL", f"count={facts}"),
            wrapper=strace(folder / "node.db", folder / "trace", inject),
        )
        child.wait()
        refused += child.numbers != list(range(facts))
        if child.numbers:  # else the store may have been refused before it had tables
            verdict = judge(folder / "node.db", child.numbers)
            assert verdict.holds, (name, k, verdict, child.complaint)
        again = Child(folder / "node.db", len(child.numbers), "FULL", f"count={facts}")
        assert again.wait() == 0, (name, k, again.complaint)
        verdict = judge(folder / "node.db", child.numbers + again.numbers)
        assert verdict.holds, (name, k, verdict)
    assert refused > 0, "the control: some answer was really refused"
