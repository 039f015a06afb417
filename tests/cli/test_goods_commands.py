"""`clearway commodities` and `clearway reefer`, the latter against a node that really listens."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import uvicorn

from clearway.api.app import build_api
from tests.api.conftest import BOX, Border, opened
from tests.api.test_goods import loaded

from .conftest import CODE, ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def ran(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE, *map(str, words)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    """A node whose doors are served on the loopback."""
    yield from opened(tmp_path, accounts=("carrier", "amina"))


@pytest.fixture
def run(border: Border) -> Iterator[Run]:
    """`run("reefer", "custody", BOX)` runs a command in an officer's name."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(build_api(border.node), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def command(*words: object) -> subprocess.CompletedProcess[str]:
        return ran(*words, CLEARWAY_TOKEN=border.tokens["amina"], CLEARWAY_URL=address)

    yield command
    server.should_exit = True
    thread.join()
    listening.close()


def test_a_commodity_is_found_by_its_hs_code_and_shown_with_its_source() -> None:
    found = json.loads(ran("commodities", "list", "--hs", "0803901000", "--json").stdout)
    assert [one["code"] for one in found] == ["banana"]
    shown = ran("commodities", "show", "vaccine_vvm7").stdout
    assert "WHO E6/IN5" in shown
    missing = ran("commodities", "show", "unobtainium")
    assert (missing.returncode != 0, "unobtainium" in missing.stderr) == (True, True)


def test_the_schedule_of_treatments_is_printed_with_its_sources() -> None:
    text = ran("commodities", "treatments").stdout
    assert "citrus_medfly_1.4_16d" in text
    assert "Ceratitis capitata" in text


def test_an_officer_prints_what_the_probes_say_to_a_treatment(run: Run, border: Border) -> None:
    loaded(border, "orange", [0.4, 0.5, 0.9])
    asked = ("reefer", "treatment", BOX, "citrus_medfly_1.4_16d")
    unsure = run(*asked)
    assert unsure.returncode == 1, unsure.stderr
    assert "not provable" in unsure.stdout
    assert "Ask for the record" in unsure.stdout
    offsets = ("--offset", "USDA1:0", "--offset", "USDA2:0", "--offset", "USDA3:0")
    sure = run(*asked, *offsets)
    assert sure.returncode == 0, sure.stdout + sure.stderr
    assert all(probe in sure.stdout for probe in ("USDA1", "USDA2", "USDA3"))
    warm = run(*asked, "--offset", "USDA1:0", "--offset", "USDA2:0", "--offset", "USDA3:-0.29")
    assert "fail" in warm.stdout
    held = json.loads(run("reefer", "custody", BOX, "--json").stdout)["data"]
    lost = sum(Decimal(one["lost_days"]) for one in held["shares"])
    assert lost == Decimal(held["total_days"])
    assert "days of life lost in all" in run("reefer", "custody", BOX).stdout
