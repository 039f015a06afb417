"""`clearway device`: from an empty node to a device whose readings are on record, and back."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from clearway.cli.device import app
from clearway.errors import InputError, WrongState
from clearway.identity import device_certificates as certificates
from clearway.node.clock import entropy
from clearway.node.node import create
from clearway.settings import load

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("list")` runs a command of `clearway device` on a new node, in this process."""
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'data_directory = "{tmp_path / "node"}"\nnode_name = "customs.example/test"\n'
    )
    create(load(settings), entropy)

    def command(*words: object, on_node: bool = True) -> Any:
        more = ["--settings", str(settings)] if on_node else []
        return CliRunner().invoke(app, [*map(str, words), *more])

    return command


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
    return found


def test_a_device_is_enrolled_renewed_and_revoked(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "reefer-1"
    done = run("enrol", "reefer-1", "--container", "csqu 305438-3", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert (made["device"], made["container"]) == ("reefer-1", "CSQU3054383")
    assert stat.S_IMODE((out / "device.key").stat().st_mode) == 0o600
    authority = (out / "authority.crt").read_text()
    first = (out / "device.crt").read_text()
    (one,) = listed(run)
    assert (one["state"], one["container"], one["serial"]) == (
        "valid",
        "CSQU3054383",
        made["serial"],
    )
    assert isinstance(run("enrol", "reefer-1", "--out", out).exception, WrongState)
    done = run("renew", "reefer-1", "--out", out)
    assert done.exit_code == 0, done.output
    second = certificates.read((out / "device.crt").read_text())
    assert second.public_key != certificates.read(first).public_key
    certificates.verify_client(second.pem, authority, second.not_before)
    assert isinstance(
        run("simulate", out, on_node=False).exception, InputError
    )  # neither broker nor token
    done = run("revoke", "reefer-1", "--reason", "stolen")
    assert done.exit_code == 0, done.output
    revoked = x509.load_pem_x509_crl((tmp_path / "node" / "device-ca.crl").read_bytes())
    assert len(list(revoked)) == 2
    assert listed(run)[0]["state"] == "revoked"


def test_a_device_that_makes_its_own_key_asks_with_a_request(run: Run, tmp_path: Path) -> None:
    key = ec.derive_private_key(5, ec.SECP256R1())
    request = tmp_path / "request.pem"
    request.write_text(certificates.request("gate-3", key))
    command = ("enrol", "gate-3", "--request", request, "--out", tmp_path / "gate-3")
    assert run(*command).exit_code == 0
    issued = certificates.read((tmp_path / "gate-3" / "device.crt").read_text())
    assert issued.public_key == certificates.spki(key.public_key())
    assert not (tmp_path / "gate-3" / "device.key").exists()
    wrong = ("enrol", "gate-4", "--request", request, "--out", tmp_path / "gate-4")
    assert "common name must be gate-4" in str(run(*wrong).exception)
