"""`clearway broker config` writes what a real broker starts with."""

from __future__ import annotations

import getpass
import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clearway.cli import broker
from clearway.connectors.mqtt.servers import find_mosquitto, find_nats, free_port
from clearway.errors import InputError
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber
from tests.node.enrolled import enrol


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The settings file of a node with one device."""
    chosen = Settings(data_directory=tmp_path / "node")
    create(chosen, entropy)
    with Node.open(chosen, clock=utc_now, entropy=entropy) as node:
        enrol(node, tmp_path / "devices", {"reefer-1": ContainerNumber.build("CWYU000001")})
    file = tmp_path / "clearway.toml"
    file.write_text(f'data_directory = "{chosen.data_directory}"\n')
    return file


def run(*arguments: str) -> str:
    """Return what a command printed."""
    result = CliRunner().invoke(broker.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_nats_server_takes_the_configuration(settings: Path, tmp_path: Path) -> None:
    out = tmp_path / "nats"
    options = ("--out", str(out), "--name", "broker.example", "--settings", str(settings))
    said = json.loads(run("config", "nats", *options, "--json"))
    assert said["devices"] == 1
    assert (out / "broker.key").stat().st_mode & 0o777 == 0o600
    checked = subprocess.run(
        [find_nats(), "-t", "--config", out / "nats.conf"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_mosquitto_takes_the_configuration(settings: Path, tmp_path: Path) -> None:
    try:
        binary = find_mosquitto()
    except InputError as error:
        pytest.skip(error.detail)
    out = tmp_path / "mosquitto"
    listening = ("--name", "127.0.0.1", "--port", str(free_port()), "--account", getpass.getuser())
    said = run("config", "mosquitto", "--out", str(out), *listening, "--settings", str(settings))
    assert "1 devices" in said
    assert "user reefer-1\n" in (out / "access.list").read_text()
    # It goes on with lines that it knows; one that it does not know ends it at once.
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([binary, "-c", out / "mosquitto.conf"], timeout=0.5, check=True)


def test_another_broker_is_refused(settings: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="kafka"):
        run("config", "kafka", "--out", str(tmp_path), "--name", "a", "--settings", str(settings))
