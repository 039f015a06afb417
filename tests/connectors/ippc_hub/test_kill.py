"""kill -9 of either side in the middle of its work: no message is lost, and none is doubled."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clearway.connectors.ippc_hub import letterbox
from clearway.connectors.ippc_hub.client import OnItsWay, Unreachable
from clearway.connectors.ippc_hub.model import Tracking
from clearway.connectors.ippc_hub.server import PATH
from clearway.ledger.database import open_reader

from .conftest import House, envelope, phyto
from .countries import facts_of, issued, node_of, state_of

HUB = [sys.executable, "-c", "from clearway.cli import main; main()", "hub", "serve"]
CARELESS = [sys.executable, "-m", "tests.connectors.ippc_hub.careless"]
TRIPS = [sys.executable, "-m", "tests.connectors.ippc_hub.round_trips"]
ROOT = Path(__file__).resolve().parents[3]
KILLS, ENVELOPES, OWN, STEP = 5, 70, 12, 9


@contextmanager
def killed_after(command: list[str]) -> Iterator[None]:
    """Start a process, wait for its first line, and kill it at the end."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "it ended at once"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Sender(threading.Thread):
    """Delivers under ever new numbers, each again and again until the hub has it."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self._house, self._ended = house, threading.Event()
        self.confirmed: dict[str, str] = {}
        self.repeats = 0

    def run(self) -> None:
        number = 0
        with self._house.client("EC") as ec:
            while not self._ended.is_set():
                name = f"EC-{number}"
                try:
                    sent = ec.deliver(envelope(name, content=f"<a>{name}</a>"))
                except Unreachable:
                    self.repeats += 1
                    time.sleep(0.02)
                    continue
                assert isinstance(sent, OnItsWay)
                self.confirmed[name] = sent.header.hub_number
                number += 1

    def end(self) -> None:
        self._ended.set()
        self.join()


def letters(house: House) -> list[tuple[str, str]]:
    """What the hub's store holds: certificate number and hub number, oldest first."""
    reader = open_reader(house.folder.database)
    try:
        with reader.begin() as connection:
            return [
                (each.nppo_number, each.hub_number)
                for each in letterbox.incoming(connection, "NL", 1_000_000)
            ]
    finally:
        reader.dispose()


@contextmanager
def sending(house: House) -> Iterator[Sender]:
    sender = Sender(house)
    sender.start()
    try:
        yield sender
    finally:
        sender.end()


def until(sender: Sender, count: int) -> None:
    while len(sender.confirmed) < count:
        assert sender.is_alive()
        time.sleep(0.01)


def kill_the_hub(house: House, command: list[str], kills: int, port: int) -> Sender:
    house.url = f"https://127.0.0.1:{port}{PATH}"
    with sending(house) as sender:
        for kill in range(kills):
            with killed_after(command):
                until(sender, len(sender.confirmed) + 8 + 3 * kill)
    return sender


@pytest.mark.slow
def test_a_hub_killed_again_and_again_loses_and_doubles_nothing(house: House) -> None:
    port = free_port()
    command = [*HUB, str(house.folder.root), "--port", str(port)]
    sender = kill_the_hub(house, command, KILLS, port)
    kept = letters(house)
    assert len({name for name, _ in kept}) == len(kept), "doubled"
    assert sender.confirmed.items() <= set(kept), "confirmed, and lost"
    assert len(kept) - len(sender.confirmed) <= 1, "the last one may be kept and not confirmed"
    assert sender.repeats > 0, "no kill was felt"


@pytest.mark.slow
def test_the_control_a_hub_that_answers_before_its_commit_is_seen_to_lose(house: House) -> None:
    port = free_port()
    sender = kill_the_hub(house, [*CARELESS, str(house.folder.root), str(port)], 1, port)
    assert not sender.confirmed.items() <= set(letters(house))


def filed(node: object) -> list[str]:
    """Numbers of the certificates on file, one for each fact that filed one."""
    found = facts_of(node, "certificate.received/1")  # type: ignore[arg-type]
    return [json.loads(each.body)["certificate"]["number"] for each in found]


def numbers(house: House, condition: str, *values: str) -> set[str]:
    """Certificate numbers of letters at the hub."""
    assert house.service is not None
    with house.service.store.reading() as connection:
        asked = f"SELECT nppo_number FROM hub_letter WHERE {condition}"
        return {row[0] for row in letterbox.run(connection, asked, values)}


def acknowledged(house: House) -> set[str]:
    """Numbers of what the hub was told to be kept."""
    return numbers(house, "receiver = 'NL' AND tracking <> ?", str(Tracking.PENDING))


def in_the_middle(house: House, kill: int) -> None:
    """Wait until it sends (the first time), or takes (the others)."""
    wanted = len(acknowledged(house)) + STEP
    while len(numbers(house, "sender = 'NL'")) < OWN // 3 or (
        kill and len(acknowledged(house)) < wanted
    ):
        time.sleep(0.005)


@pytest.mark.slow
def test_a_country_killed_again_and_again_loses_and_doubles_nothing(
    hub: House, tmp_path: Path
) -> None:
    with hub.client("EC") as ec:
        for number in range(ENVELOPES):
            ec.deliver(envelope(f"EC-{number}", content=phyto(f"EC-{number}")))
    with node_of(hub, "NL", tmp_path) as (nl, _):
        own = [issued(nl, "NL", "KE") for _ in range(OWN)]
    seen = []
    for kill in range(KILLS):
        with killed_after([*TRIPS, str(tmp_path), hub.url, "NL"]):
            in_the_middle(hub, kill)
        with node_of(hub, "NL", tmp_path) as (nl, _):
            found = filed(nl)
            assert len(set(found)) == len(found), "filed twice"
            assert acknowledged(hub) <= set(found), "acknowledged, and lost"
            seen.append(len(found))
    assert any(0 < count < ENVELOPES for count in seen), f"no kill hit it in the middle: {seen}"
    with node_of(hub, "NL", tmp_path) as (nl, nl_hub):
        nl_hub.round()
        assert sorted(filed(nl)) == sorted(f"EC-{number}" for number in range(ENVELOPES))
        numbers = {state_of(nl, key).hub_number for key in own}
        assert len(numbers) == OWN and "" not in numbers
    with hub.client("NL") as nl_client, hub.client("KE") as ke:
        assert nl_client.headers() == ()
        came = [each.nppo_number for each in ke.headers()]
        assert sorted(came) == sorted(key.number for key in own), "sent once each"


@pytest.mark.slow
def test_the_control_a_country_that_acknowledges_first_is_seen_to_lose(
    hub: House, tmp_path: Path
) -> None:
    with hub.client("EC") as ec:
        for number in range(3):
            ec.deliver(envelope(f"EC-{number}", content=phyto(f"EC-{number}")))
    with node_of(hub, "NL", tmp_path):
        pass
    with killed_after([*TRIPS, str(tmp_path), hub.url, "NL", "careless"]):
        while len(acknowledged(hub)) < 3:
            time.sleep(0.01)
    with node_of(hub, "NL", tmp_path) as (nl, _):
        assert not acknowledged(hub) <= set(filed(nl))
