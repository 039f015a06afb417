"""`clearway epcis` against a node that really listens."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner

from clearway.api.app import build_api
from clearway.cli.epcis import app
from clearway.errors import RuleViolation
from tests.api.conftest import Border, opened
from tests.api.test_epcis import document, event

Run = Callable[..., Any]


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

    def command(*words: object) -> Any:
        return CliRunner().invoke(app, [*map(str, words)], env=known)

    yield command
    server.should_exit = True
    thread.join()
    listening.close()


def test_events_are_sent_found_and_told_on(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(event(1), event(2, bizStep="receiving"))))
    sent = run("capture", file)
    assert (sent.exit_code, "2 captured" in sent.output) == (0, True), sent.output
    shown = run("query", "EQ_bizStep=receiving")
    assert "107346.2" in shown.output
    assert "107346.1" not in shown.output
    assert run("name", "received", "EQ_bizStep=receiving").exit_code == 0
    found = json.loads(run("query", "--name", "received", "--json").output)
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1
    told = run("subscribe", "received", "http://127.0.0.1:9/told", "--schedule", "hour=1")
    assert (told.exit_code, "tells http://127.0.0.1:9/told" in told.output) == (0, True)
    wrong = run("query", "EQ_colour=red")
    assert isinstance(wrong.exception, RuleViolation)
    assert wrong.exception.findings[0].field == "EQ_colour"


def test_a_document_with_a_bad_event_ends_with_1_and_says_which(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(event(1), event(2, action="MOVE"))))
    refused = run("capture", file)
    assert (refused.exit_code, "event 1" in refused.output) == (1, True)
    part = json.loads(run("capture", file, "--proceed", "--json").output)
    assert (part["captured"], part["success"]) == (1, False)
