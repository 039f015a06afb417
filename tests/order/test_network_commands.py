"""`clearway network card`, `init`, `run`, `status`: four agencies found an order for real."""

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

from clearway.ledger.order.cometbft import card
from clearway.ledger.order.cometbft.network import free_addresses

from .conftest import NAMES, digest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from clearway.cli import main; main()", "network")


def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, cwd=ROOT)


def status(home: Path) -> dict[str, Any] | None:
    found = call("status", "--home", home, "--json")
    return json.loads(found.stdout) if found.returncode == 0 else None


@pytest.mark.slow
def test_four_agencies_found_an_order_and_run_it(cometbft: Path, tmp_path: Path) -> None:
    ports, homes = free_addresses(8), [tmp_path / name for name in NAMES]
    made = call("card", NAMES[0], "--p2p", ports[0], "--rpc", ports[1], "--home", homes[0])
    assert made.returncode == 0, made.stderr
    texts = [made.stdout]
    for place in (1, 2, 3):
        secret = b"".join(digest((place, part)) for part in range(3))
        p2p, rpc = ports[2 * place : 2 * place + 2]
        texts.append(
            card.make(homes[place], NAMES[place], p2p=p2p, rpc=rpc, power=1, secret=secret)
        )
    cards = [tmp_path / f"{name}.json" for name in NAMES]
    for file, text in zip(cards, texts, strict=True):
        file.write_text(text)
    founded = call("init", "border-order", *cards, "--home", homes[0], "--json")
    assert json.loads(founded.stdout)["agencies"] == sorted(NAMES), founded.stderr
    for home in homes[1:]:
        card.found_order(home, "border-order", [text.encode() for text in texts])
    env = {**os.environ, "CLEARWAY_COMETBFT_PATH": str(cometbft)}
    running = [
        subprocess.Popen(
            [*COMMAND, "run", "--home", tmp_path / name],
            cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name in NAMES
    ]  # fmt: skip
    try:
        end = time.monotonic() + 30
        while (found := status(tmp_path / NAMES[0])) is None or found["height"] < 1:
            assert time.monotonic() < end, (tmp_path / NAMES[0] / "comet.log").read_text()[-1000:]
            time.sleep(0.2)
        assert found["agencies"] == sorted(NAMES)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(20) for process in running]
    assert codes == [0, 0, 0, 0]
    assert call("status", "--home", tmp_path / NAMES[0]).returncode == 69
    assert call("status", "--home", tmp_path / "nowhere").returncode == 65
