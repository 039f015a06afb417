"""A whole node on a PostgreSQL server: made, served over HTTP, looked into by command, erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from clearway.cli.app import app
from clearway.cli.server import Server
from clearway.ledger import receipt as receipts
from clearway.ledger.former import read_keys
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node
from clearway.settings import Settings, load
from tests.postgres import Cluster

CANARY = "Canary Wharf Trading"


def run(file: Path, *words: object) -> bytes:
    done = CliRunner().invoke(app, [*map(str, words), "--settings", str(file)])
    assert done.exception is None or done.exit_code == 0, (words, done.output)
    return done.stdout_bytes


def faults(file: Path, kept: Path) -> object:
    return json.loads(run(file, "ledger", "verify", "--checkpoint", kept, "--json"))["faults"]


@pytest.fixture
def file(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """Settings of a node that is not made yet; its schema goes with the test."""
    path = tmp_path / "clearway.toml"
    path.write_text(
        f'data_directory = "{tmp_path / "node"}"\nnode_name = "customs.example/pg"\n'
        f'database = "{cluster.url}"\ndatabase_schema = "whole_node"\n'
    )
    yield path
    cluster.drop("whole_node")


@pytest.mark.slow
def test_a_node_lives_on_a_server_from_init_to_erasure(
    file: Path, cluster: Cluster, tmp_path: Path
) -> None:
    token = json.loads(run(file, "node", "init", "--json"))["token"]
    settings: Settings = load(file)
    assert not (settings.data_directory / "node.db").exists()
    run(file, "account", "party", "XA10000001", CANARY, "--country", "XA")
    with (
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
        Server(node, port=0) as server,
    ):
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
            head = http.get("/v1/ledger/checkpoint").text
            keys = read_keys(http.get("/v1/ledger/key").text)
            told = http.get("/v1/ledger/facts/2/receipt")
            assert told.status_code == 200, told.text
    proved = receipts.verify(receipts.parse(told.content), keys)
    assert CANARY.encode() in proved.fact.body
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(head)
    assert faults(file, kept) == []
    by_command = run(file, "ledger", "receipt", "2")
    assert receipts.verify(receipts.parse(by_command), keys).fact == proved.fact
    assert json.loads(run(file, "rebuild", "--check", "--json"))["changed"] == []

    run(file, "account", "add", "boss", "--role", "administrator")
    why = ("--reason", "asked for", "--legal-basis", "s. 40", "--by", "boss")
    run(file, "ledger", "erase", "2", *why)
    rows = cluster.execute("SELECT length(body) FROM whole_node.fact WHERE seq = 2")
    assert rows == [(0,)]
    found = cluster.execute(
        f"SELECT count(*) FROM whole_node.fact WHERE position('{CANARY}'::bytea IN body) > 0"
    )
    assert found == [(0,)]
    assert faults(file, kept) == []
    run(file, "node", "rotate", "--log")
    assert faults(file, kept) == []
