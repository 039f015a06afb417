"""`clearway tasks` against a node that really listens."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from clearway.api.app import build_api
from clearway.cli.app import app
from tests.api.conftest import BOX, Border, opened


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    yield from opened(tmp_path, accounts=("carrier", "amina"))


@pytest.fixture
def url(border: Border) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(build_api(border.node), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


def test_a_task_is_listed_taken_and_done(border: Border, url: str) -> None:
    said = {
        "event": "seal_reported", "container": BOX, "seal": "EC-4711", "state": "opened",
        "place": "A104", "at": border.clock().isoformat(),
    }  # fmt: skip
    assert border.ask("POST", "/v1/movements", "carrier", json=said).status_code == 201
    access = ["--token", border.tokens["amina"], "--url", url]

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["tasks", *words, *access], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    (task,) = json.loads(run("list", "--json"))["data"]
    shown = run("list")
    assert BOX in shown
    assert "critical" in shown
    seq = str(task["seq"])
    assert f"Task {seq} on {BOX} is taken by officer:amina." in run("take", seq, "--note", "Going.")
    done = run("done", seq, "examined", "--note", "All there.")
    assert f"Task {seq} on {BOX} is done" in done
    assert json.loads(run("list", "--json"))["data"] == []
    assert json.loads(run("list", "--ended", "--json"))["data"][0]["outcome"] == "examined"
