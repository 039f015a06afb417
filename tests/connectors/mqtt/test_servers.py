"""Processes of brokers: what they leave behind, and what ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clearway.connectors.mqtt import topics
from clearway.connectors.mqtt.model import Denial
from clearway.connectors.mqtt.servers import find_mosquitto, find_nats
from clearway.connectors.mqtt.watching import Watch
from clearway.errors import InputError, TryLater

from .conftest import Device, Pki, mosquitto_server, nats_server, until

Files = dict[str, tuple[Path, Path]]


def test_a_broker_ends_with_the_process_that_started_it(tmp_path: Path, pki: Pki) -> None:
    """A broker that outlived its node would acknowledge what nobody takes."""
    server = nats_server(tmp_path / "broker", pki)
    server.folder.mkdir()
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.connectors.mqtt.conftest import Pki, nats_server\n"
        "server = nats_server(Path(sys.argv[1]) / 'inner', Pki(Path(sys.argv[1]) / 'pki'))\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, cwd=os.getcwd()
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def test_a_long_log_is_begun_anew_and_nothing_in_it_is_missed(
    tmp_path: Path, pki: Pki, files: Files
) -> None:
    server = mosquitto_server(tmp_path / "broker", pki)
    server.log_bytes = 20_000
    heard: list[Denial] = []
    with server, Watch(server, heard.append) as watch:
        device = Device("reefer-1", server.port, files["reefer-1"], pki.ca, version=5).up()
        foreign = topics.published("reefer-2", "readings")
        for _ in range(300):
            device.publish(b"forged", foreign)
        until(lambda: watch.dropped == 300)
        old = server.folder / "mosquitto.old.log"
        until(old.exists)
        for _ in range(20):
            device.publish(b"forged", foreign)
        until(lambda: watch.dropped == 320)
        device.close()
    assert set(heard) == {Denial("reefer-1", foreign)}
    assert (server.folder / "mosquitto.log").exists()


def test_a_broker_that_cannot_start_says_where_to_look(tmp_path: Path, pki: Pki) -> None:
    server = nats_server(tmp_path / "broker", pki)
    with nats_server(tmp_path / "other", pki) as taken:
        broken = nats_server(tmp_path / "broken", pki)
        broken.broker = type(broken.broker)(
            "n2",
            "127.0.0.1",
            taken.port,
            taken.port,
            tmp_path / "broken",
            pki.ca,
            Path("/nowhere/broker.pem"),
            Path("/nowhere/broker.key"),
        )
        broken.port = 1
        with pytest.raises(TryLater, match="broken"):
            broken.start()
    with pytest.raises(TryLater, match="not started"):
        assert server.pid


def test_a_broker_is_killed_and_stopped_more_than_once(tmp_path: Path, pki: Pki) -> None:
    server = nats_server(tmp_path / "broker", pki)
    server.start()
    pid = server.pid
    server.kill()
    server.kill()
    assert not server.alive and not _runs(pid)
    server.start()
    os.kill(server.pid, signal.SIGTERM)
    until(lambda: not server.alive)
    server.stop()


@pytest.mark.parametrize("find", [find_nats, find_mosquitto])
def test_a_binary_that_is_not_there_is_refused_with_the_cure(find: object) -> None:
    assert callable(find)
    with pytest.raises(InputError, match="get it with"):
        find("/nowhere/broker")
