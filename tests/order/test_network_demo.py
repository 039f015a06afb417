"""Four agencies on one machine, as `clearway network demo` shows them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from clearway.cli import main; main()", "network", "demo")


def processes_of(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment:
            found.append(folder.name)
    return found


@pytest.mark.slow
def test_four_agencies_share_one_order_through_kills(cometbft: Path) -> None:
    mark = f"CLEARWAY_TEST_MARK=demo-{os.getpid()}"
    env = {**os.environ, "CLEARWAY_COMETBFT_PATH": str(cometbft)}
    env.update([mark.split("=")])
    shown = subprocess.run(
        [*COMMAND, "--json"], capture_output=True, text=True, cwd=ROOT, env=env, timeout=85
    )
    assert shown.returncode == 0, shown.stderr
    report: dict[str, Any] = json.loads(shown.stdout)
    assert report["roots"] == 4 and report["uses"] == 80
    assert sorted(report["race"]) == ["accepted", "used_before"]
    assert report["first_use"]["agency"] in report["agencies"][:2]
    assert report["two_killed_stopped"] is True
    assert report["equal_on"] == report["audited"] == 4
    assert len(report["app_hash"]) == len(report["root"]) == 64
    assert processes_of(mark) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_ended_leaves_no_process(
    cometbft: Path, tmp_path: Path, number: int
) -> None:
    mark = f"CLEARWAY_TEST_MARK=ended-{os.getpid()}-{number}"
    env = {**os.environ, "CLEARWAY_COMETBFT_PATH": str(cometbft), "TMPDIR": str(tmp_path)}
    env.update([mark.split("=")])
    demo = subprocess.Popen(
        COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=env
    )
    end = time.monotonic() + 30
    while len(processes_of(mark)) < 9 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(processes_of(mark)) >= 9, "the control: four validators did run"
    demo.send_signal(number)
    demo.wait(20)
    end = time.monotonic() + 20
    while processes_of(mark) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes_of(mark) == []


@pytest.mark.slow
def test_with_three_agencies_it_says_witnesses_only() -> None:
    shown = subprocess.run(
        [*COMMAND, "--agencies", "3", "--json"], capture_output=True, text=True, cwd=ROOT
    )
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["mode"] == "witnesses only"
