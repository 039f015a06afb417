"""`clearway epcis` against a node that really listens."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from clearway.api.app import build_api
from tests.api.conftest import Border, opened
from tests.api.test_epcis import document, event

from .conftest import CODE, ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    """A node whose doors are served on the loopback."""
    for one in opened(tmp_path, accounts=("carrier",)):
        one.node.settings = replace(one.node.settings, epcis_hosts=("127.0.0.1",))
        yield one


@pytest.fixture
def run(border: Border) -> Iterator[Run]:
    """`run("query", "EQ_action=ADD")` runs a command in the carrier's name."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(build_api(border.node), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    known = {"CLEARWAY_TOKEN": border.tokens["carrier"], "CLEARWAY_URL": address}

    def command(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CODE, "epcis", *map(str, words)],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", **known},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield command
    server.should_exit = True
    thread.join()
    listening.close()


def test_events_are_sent_found_and_told_on(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(event(1), event(2, bizStep="receiving"))))
    sent = run("capture", file)
    assert (sent.returncode, "2 captured" in sent.stdout) == (0, True), sent.stderr
    shown = run("query", "EQ_bizStep=receiving")
    assert "107346.2" in shown.stdout
    assert "107346.1" not in shown.stdout
    assert run("name", "received", "EQ_bizStep=receiving").returncode == 0
    found = json.loads(run("query", "--name", "received", "--json").stdout)
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1
    told = run("subscribe", "received", "http://127.0.0.1:9/told", "--schedule", "hour=1")
    assert (told.returncode, "tells http://127.0.0.1:9/told" in told.stdout) == (0, True)
    wrong = run("query", "EQ_colour=red")
    assert (wrong.returncode, "EQ_colour" in wrong.stderr) == (65, True)


def test_a_document_with_a_bad_event_ends_with_1_and_says_which(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(event(1), event(2, action="MOVE"))))
    refused = run("capture", file)
    assert (refused.returncode, "event 1" in refused.stdout) == (1, True)
    part = json.loads(run("capture", file, "--proceed", "--json").stdout)
    assert (part["captured"], part["success"]) == (1, False)
