"""A real node is killed with SIGKILL while it sends notices: each is told, under one id."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from clearway.cli import store
from clearway.cli.setup import add_account, first_administrator
from clearway.node.clock import entropy
from clearway.node.node import create
from clearway.node.rebuild import facts
from clearway.settings import load
from clearway.terms.transport import ContainerNumber
from tests.connectors.receivers import Heard, http_server
from tests.faults.test_node_is_killed import serve

KILLS, EACH = 2, 6


def post(http: httpx.Client, number: int) -> None:
    """Tell that the seal of one more container was opened on the road."""
    said = {
        "event": "seal_reported", "container": str(ContainerNumber.build(f"TSKU{number:06}")),
        "seal": f"S-{number}", "state": "opened", "place": "A104",
        "at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    assert http.post("/v1/movements", json=said).status_code == 201


def wait_until(done: Any, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.01)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def posted_and_attempted(settings: Path) -> tuple[set[str], list[str]]:
    """Return the ids of all notices on record, and that of each attempt on record."""
    posted, attempted = set(), []
    with store.opened(settings) as (_, _, connection):
        for fact in facts(connection):
            if fact.type == "notice.posted/1":
                posted.add(json.loads(fact.body)["id"])
            elif fact.type == "notice.attempted/1":
                attempted.append(json.loads(fact.body)["notice"])
    return posted, attempted


def heard_ids(heard: Heard) -> dict[str, set[bytes]]:
    """Return what was heard under each id."""
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for _, headers, body in heard.requests:
        bodies[headers["webhook-id"]].add(body)
    return bodies


@pytest.mark.slow
def test_a_killed_node_tells_everything_at_least_once_under_the_same_id(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings, url = tmp_path / "settings.toml", f"http://127.0.0.1:{port}"
    settings.write_text(
        f'data_directory = "{tmp_path / "node"}"\nport = {port}\n'
        'webhook_hosts = ["127.0.0.1"]\nnotice_seconds = 1\n'
    )
    create(load(settings), entropy)
    first_administrator(load(settings))
    token = add_account(
        settings, "amina", ["customs_officer"], agency="customs", party=None, person="Amina"
    )
    in_flight = []
    with http_server() as heard, client(url, token) as http:
        process = serve(settings, url, tmp_path / "log")
        try:
            hook = {"channel": "webhook", "target": heard.url, "audience": "officer"}
            assert http.put("/v1/notices/addresses/desk", json=hook).is_success
            for kill in range(KILLS):
                heard.pause_s = 0.0
                for number in range(EACH):
                    post(http, kill * EACH + number)
                wait_until(lambda: len(heard_ids(heard)) >= (kill + 1) * EACH - 2)  # noqa: B023
                heard.pause_s = 0.5
                before = len(heard.requests)
                post(http, 900 + kill)
                wait_until(lambda: len(heard.requests) > before)  # noqa: B023
                stop(process)
                in_flight.append(heard.requests[-1][1]["webhook-id"])
                _, attempted = posted_and_attempted(settings)
                assert in_flight[-1] not in attempted, "the kill came before the record"
                process = serve(settings, url, tmp_path / "log")
            heard.pause_s = 0.0
            wait_until(lambda: not waiting(http))
            process.terminate()
            assert process.wait(timeout=20) == 0
        finally:
            with suppress(OSError):
                stop(process)
    posted, attempted = posted_and_attempted(settings)
    told = heard_ids(heard)
    assert len(posted) == KILLS * (EACH + 1)
    assert set(told) == posted, "each was told, and nothing that is not on record"
    assert all(len(bodies) == 1 for bodies in told.values()), "one id, one body"
    assert sorted(attempted) == sorted(posted), "each delivered once by our own record"
    # The control: what was on its way when the node died was told twice.
    ids = [headers["webhook-id"] for _, headers, _ in heard.requests]
    assert all(ids.count(one) == 2 for one in in_flight)


def client(url: str, token: str) -> httpx.Client:
    head = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=head, timeout=10, trust_env=False)


def waiting(http: httpx.Client) -> bool:
    query = {"address": "desk", "progress": "waiting", "limit": "1"}
    found: list[Any] = http.get("/v1/notices", params=query).json()["data"]
    return bool(found)
