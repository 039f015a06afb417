"""`clearway certificate verify | seal | status-list` on real files, by exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from clearway.certificates.formats import (
    credential,
    qr,
    seal_text,
    sps_certificate,
    status_list,
    trust_list,
)
from clearway.certificates.status import State
from clearway.cli.seals import register
from clearway.errors import InputError
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.period import Period
from tests.certificates import sealing
from tests.certificates.issuing.desk import START
from tests.certificates.sealing import AT, KEY, PLACE
from tests.node.test_issuing import issue_one

GREEN, RED, AMBER = 0, 1, 3


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with everything that an inspector has on his laptop."""
    whole = sealing.issued()
    document = sps_certificate.write(whole)
    text = seal_text.text(sealing.sealed(of=sps_certificate.read(document)[0], with_lines=True))
    (tmp_path / "seal.txt").write_text(text + "\n")
    (tmp_path / "seal.png").write_bytes(qr.make(text).png(4))
    (tmp_path / "certificate.xml").write_bytes(document)
    (tmp_path / "other.xml").write_bytes(document.replace(b"1000.50", b"9000.50", 1))
    signer = sealing.authority_key(9, "NL")
    (tmp_path / "trust.json").write_bytes(trust_list.write(sealing.TRUST, signer))
    (tmp_path / "signer.der").write_bytes(signer.public)
    (tmp_path / "status.cwt").write_bytes(sealing.list_bytes())
    withdrawn = sealing.list_bytes({PLACE.index: State.WITHDRAWN})
    (tmp_path / "withdrawn.cwt").write_bytes(withdrawn)
    private: Any = KEY.private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "seal.key").write_bytes(pem)
    (tmp_path / "vc.json").write_bytes(credential.emit(whole, KEY, PLACE, authority="NPPO", at=AT))
    return tmp_path


def run(*arguments: object) -> Any:
    import typer

    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def judged(files: Path, *more: object, status: str = "status.cwt", at: str = "") -> Any:
    return run(
        "verify", *more, "--trust", files / "trust.json", "--signer", files / "signer.der",
        "--status", files / status, "--at", at or AT.isoformat(),
    )  # fmt: skip


def test_a_good_seal_is_green_from_text_file_and_picture(files: Path) -> None:
    text = (files / "seal.txt").read_text().strip()
    for given in ((files / "seal.txt",), ("--qr-image", files / "seal.png"), ("--text", text)):
        result = judged(files, *given)
        assert result.exit_code == GREEN, result.output
        assert "GREEN" in result.output and "EC-2026-000123" in result.output
        assert "Persea americana" in result.output


def test_its_document_is_green_beside_it_and_a_changed_one_red(files: Path) -> None:
    seal = files / "seal.txt"
    assert judged(files, seal, "--document", files / "certificate.xml").exit_code == GREEN
    result = judged(files, seal, "--document", files / "other.xml", "--json")
    assert result.exit_code == RED
    assert json.loads(result.output)["reasons"][0]["code"] == "SEAL_R13"


def test_a_withdrawn_one_is_red_and_without_a_list_amber(files: Path) -> None:
    assert judged(files, files / "seal.txt", status="withdrawn.cwt").exit_code == RED
    late = (AT + timedelta(days=2)).isoformat()
    assert judged(files, files / "seal.txt", at=late).exit_code == AMBER


def test_without_a_trust_list_it_is_amber_and_nothing_is_shown_as_proved(files: Path) -> None:
    result = run(
        "verify", files / "seal.txt", "--status", files / "status.cwt", "--at", AT.isoformat()
    )
    assert result.exit_code == AMBER
    assert "EC-2026-000123" not in result.output and "not shown" in result.output


def test_a_credential_whose_key_is_not_trusted_for_that_is_never_green(files: Path) -> None:
    result = judged(files, files / "seal.txt", "--credential", files / "vc.json", "--json")
    assert result.exit_code == RED
    assert "SEAL_R1" in result.output


@pytest.mark.parametrize("text", ["HTTPS://EXAMPLE.ORG", "CW1:", "CW1:NCF", "HC1:NCFOXN"])
def test_another_code_is_red(files: Path, text: str) -> None:
    assert judged(files, "--text", text).exit_code == RED


def test_a_seal_is_given_once(files: Path) -> None:
    for given in ((), (files / "seal.txt", "--text", "CW1:")):
        result = judged(files, *given)
        assert isinstance(result.exception, InputError)
    lone = run("verify", files / "seal.txt", "--trust", files / "trust.json")
    assert isinstance(lone.exception, InputError) and "--signer" in str(lone.exception)


def test_a_document_is_sealed_and_its_seal_is_green(files: Path) -> None:
    png, svg = files / "new.png", files / "new.svg"
    made = run(
        "seal", files / "certificate.xml", "--key", files / "seal.key", "--lines",
        "--place", f"{PLACE.list_id}:{PLACE.index}", "--valid-until", "2026-09-14",
        "--png", png, "--svg", svg, "--json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    told = json.loads(made.output)
    assert told["version"] <= 14 and svg.read_text().startswith("<svg")
    result = judged(files, "--qr-image", png, "--document", files / "certificate.xml")
    assert result.exit_code == GREEN, result.output


def test_a_status_list_is_shown_by_its_states(files: Path) -> None:
    result = run(
        "status-list", "show", files / "withdrawn.cwt", "--trust", files / "trust.json",
        "--signer", files / "signer.der", "--at", AT.isoformat(), "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)["entries"]
    assert told == {"valid": (1 << 20) - 1, "withdrawn": 1, "suspended": 0, "replaced": 0}


def test_the_status_lists_of_a_node_are_exported_and_hold(tmp_path: Path) -> None:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, seeded_entropy(1))
    with Node.open(settings, clock=SteppedClock(START), entropy=seeded_entropy(2)) as node:
        issue_one(node, 0)
        key = node.authority.seal_key
    (tmp_path / "clearway.toml").write_text(f'data_directory = "{tmp_path / "node"}"\n')
    done = run(
        "status-list", "export", tmp_path / "out", "--settings", tmp_path / "clearway.toml",
        "--json",
    )  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    (told,) = json.loads(done.output)["lists"]
    valid = Period(START - timedelta(days=9), START + timedelta(days=900))
    trust = sealing.trust(key.trusted("NPPO", valid), next_update=START + timedelta(days=900))
    now = datetime.now(UTC)
    listed = status_list.verify(Path(told["file"]).read_bytes(), trust, now)
    assert listed.list_id == told["list"] == "851-1"
    assert listed.next_update > now
