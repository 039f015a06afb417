"""`clearway risk lists`, `held`, `stop` and `audits` against a node that really listens."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from clearway.api.app import build_api
from clearway.cli.app import app
from clearway.cli.setup import OWNER
from clearway.errors import ClearwayError, InputError, NotFound, Refused
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.node.clock import entropy
from clearway.policy.act import Act
from clearway.risk.model import Capacities
from tests.api.conftest import Border, opened

Run = Callable[..., str]


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    for border in opened(tmp_path, accounts=("acme", "amina")):

        def enter(act: Act) -> str:
            roles = {Role.RISK_ANALYST}
            open_account(act, "ada", ActorKind.OFFICER, "customs", roles, party=None, name="ada")
            end = act.now.replace(year=act.now.year + 1)
            return issue_token(act, "ada", entropy(32), expires_at=end)

        border.tokens["ada"] = border.node.act(OWNER, enter).result().result
        yield border


@pytest.fixture
def run(border: Border) -> Iterator[Run]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(build_api(border.node), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def run(*words: str, who: str = "ada") -> str:
        access = ["--token", border.tokens[who], "--url", url]
        result = CliRunner().invoke(app, ["risk", *words, *access], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    yield run
    server.should_exit = True
    thread.join()
    listening.close()


def test_a_watch_list_is_kept_filled_from_a_file_and_emptied(run: Run, tmp_path: Path) -> None:
    words = ("--owner", "risk", "--reason", "phoenix", "--source", "registry")
    assert "clearway risk lists keep" in run("lists", "list")
    assert "is kept" in run("lists", "keep", "firms", "--subject", "importer", *words)
    file = tmp_path / "firms.txt"
    file.write_text("".join(f"XA{number:08}\n" for number in range(1_001)) + "\n")
    told = json.loads(run("lists", "add", "firms", "--file", str(file), "--json"))
    assert len(told["facts"]) == 2  # more than one request takes
    shown = json.loads(run("lists", "show", "firms", "--json"))
    assert len(shown["entries"]) == 1_001
    assert shown["list"]["subject"] == "importer"
    assert "changed" in run("lists", "remove", "firms", "XA00000007", "--reason", "cleared")
    assert "as it was" in run("lists", "remove", "firms", "XA00000007")
    assert "XA00000007" not in run("lists", "show", "firms")
    assert "1000" in run("lists", "list").replace(",", "")


def test_entries_that_are_none_are_refused_and_nothing_changes(run: Run) -> None:
    words = ("--owner", "risk", "--reason", "fresh", "--source", "registry")
    run("lists", "keep", "codes", "--subject", "hs", *words)
    with pytest.raises(ClearwayError, match="2 to 10 digits"):
        run("lists", "add", "codes", "0302", "fish")
    with pytest.raises(InputError, match="Give entries"):
        run("lists", "add", "codes")
    with pytest.raises(NotFound, match="nothing"):
        run("lists", "add", "nothing", "0302")
    assert json.loads(run("lists", "show", "codes", "--json"))["entries"] == []


def test_a_held_green_is_listed_and_stopped(border: Border, run: Run) -> None:
    selectivity = border.node.rulebook.selectivity
    default = replace(selectivity.capacities.default, green_delay_minutes=60)
    chosen = replace(selectivity, capacities=Capacities(default))
    border.node.rulebook = replace(border.node.rulebook, selectivity=chosen)
    mrn = border.mrn("T-1")
    assert mrn in json.loads(run("held", "--json", who="amina"))["data"][0]["mrn"]
    with pytest.raises(Refused):
        run("stop", mrn, "--reason", "mine", who="acme")
    why = ("--reason", "The seal was used before.", "--scope", "goods")
    said = run("stop", mrn, *why, who="amina")
    assert "its goods are to be examined" in said
    assert json.loads(run("held", "--json", who="amina"))["data"] == []
    assert json.loads(run("audits", "--all", "--json", who="amina"))["data"] == []
