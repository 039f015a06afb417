"""`clearway certificates apply ...` as people run it, against the doors of a real node."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
from typer.testing import CliRunner

from clearway.api.app import build_api
from clearway.cli import certification
from clearway.errors import RuleViolation, WrongState
from tests.api.conftest import Border, opened
from tests.api.test_certification import INSPECTION, asked, staffed

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """`run(who, "apply", file)` runs one command in somebody's name and returns its output."""
    commands = typer.Typer()
    certification.register(commands)
    for border in opened(tmp_path_factory.mktemp("office")):
        tokens = staffed(border).tokens
        with serving(border) as url:
            yield partial(invoke, commands, tokens, url)


@contextmanager
def serving(border: Border) -> Iterator[str]:
    """Give the address of a node's doors on a free port, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # A command ends with its process; here the answer ends its connection.
        ends = [("Connection", "close")]
        config = uvicorn.Config(
            build_api(border.node), log_level="error", lifespan="off", headers=ends
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def invoke(
    commands: typer.Typer, tokens: dict[str, str], url: str, who: str, *words: object
) -> str:
    environment = {"CLEARWAY_TOKEN": tokens[who], "CLEARWAY_URL": url}
    done = CliRunner().invoke(commands, [*map(str, words)], env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def saved(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps(content))
    return file


def test_a_certificate_from_a_file_to_its_papers_by_commands(run: Run, tmp_path: Path) -> None:
    file = saved(tmp_path, "application.json", asked())
    said = run("acme", "apply", file)
    number = said.split()[-1] if "Filed as" in said else ""
    assert number.startswith("XA-A-2026-")
    run("ines", "result", number, saved(tmp_path, "result.json", INSPECTION))
    assert "approved" in run("cora", "approve", number)
    issued = json.loads(run("cora", "issue", number, "--place", "Port", "--json"))["data"]
    assert issued["stage"] == "issued"
    run("acme", "papers", number, "--to", tmp_path / "papers")
    subject = issued["certificate"].removeprefix("certificate:")
    name = subject.rpartition(":")[2]
    names = sorted(each.name for each in (tmp_path / "papers").iterdir())
    assert names == [f"{name}.cose", f"{name}.txt", f"{name}.xml"]
    assert number in run("acme", "applications", "--party", "XA10000001", "--state", "issued")
    shown = run("acme", "show", number)
    assert "application.read" not in shown
    assert "approve" in shown
    draft = json.loads(run("acme", "replace", subject, "--reason", "consignee moved"))
    new = json.loads(run("acme", "apply", saved(tmp_path, "new.json", draft), "--json"))["data"]
    assert new["number"] != number
    copied = json.loads(run("acme", "copy", subject))
    assert copied["content"]["lines"][0]["net_mass"] is None
    assert "withdrawn" in run("cora", "withdraw", number, "--reason", "pest found")
    with pytest.raises(WrongState, match="withdrawn"):
        run("cora", "withdraw", number, "--reason", "twice")


def test_check_names_what_must_be_mended_and_files_nothing(run: Run, tmp_path: Path) -> None:
    file = saved(tmp_path, "bare.json", asked(content={"type_code": "851"}))
    before = json.loads(run("acme", "applications", "--party", "XA10000001", "--json"))["data"]
    assert "CERT_A01" in run("acme", "apply", file, "--check")
    with pytest.raises(RuleViolation) as refused:
        run("acme", "apply", file)
    assert "CERT_A01" in {each.code for each in refused.value.findings}
    after = json.loads(run("acme", "applications", "--party", "XA10000001", "--json"))["data"]
    assert len(after) == len(before)


def test_a_name_that_is_no_certificate_is_explained(run: Run) -> None:
    assert "three parts" in run("acme", "copy", "nothing")
    assert "1:400:KGM" in run("acme", "re-export", "851:EC:1", "--line", "x:y:z")
