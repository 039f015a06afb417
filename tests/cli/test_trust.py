"""`clearway certificates trust ...` on a node of its own, as an administrator runs it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from clearway.certificates.formats import trust_list as form
from clearway.certificates.trust.keys import spki_of
from clearway.certificates.trust.model import Trusted, Usage
from clearway.cli import trust
from clearway.errors import InputError, NotFound, VerificationError, WrongState
from clearway.node.authority import open_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.places import Country
from tests.certificates.trust.signing import authority, pem, private


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with a node, a key for lists, and certificates that a hub published."""
    chosen = Settings(data_directory=tmp_path / "node")
    create(chosen, entropy)
    with Node.open(chosen, clock=utc_now, entropy=entropy):
        pass  # the first opening makes the tables
    (tmp_path / "settings.toml").write_text(f'data_directory = "{tmp_path / "node"}"\n')
    now = datetime.now(UTC)
    key = authority(start=now - timedelta(days=1), end=now + timedelta(days=99))
    rows = [
        {"country": "EC", "name": "NPPO", "certificate": base64.b64encode(key.public).decode()},
        {"country": "XX", "name": "?", "certificate": "AAAA"},
    ]
    (tmp_path / "hub.json").write_text(json.dumps(rows))
    (tmp_path / "list.key").write_bytes(pem(private("p256", "list")))
    public = private("p256", "list").public_key()
    spki = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "list.pub").write_bytes(spki)
    return tmp_path


def run(office: Path, *words: object) -> Any:
    names = [str(office / word) if str(word).startswith(("hub.", "list.")) else str(word)
             for word in words]  # fmt: skip
    settings = [] if words[0] == "sign" else ["--settings", str(office / "settings.toml")]
    return CliRunner().invoke(trust.app, [*names, *settings])


def signed(office: Path, version: int) -> None:
    made = run(office, "sign", "hub.json", "--key", "list.key", "--issuer", "Customs of XA",
               "--version", version)  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "Left out: XX" in made.stderr
    (office / "list.json").write_text(made.stdout)


def test_a_list_is_signed_accepted_shown_and_handed_on(office: Path) -> None:
    assert isinstance(run(office, "list").exception, NotFound)
    signed(office, 2)
    added = run(office, "add", "list.json", "--signer", "list.pub")
    assert added.exit_code == 0, added.output
    assert "1 keys" in added.stdout
    shown = json.loads(run(office, "list", "--json").stdout)
    assert shown["version"] == 2
    assert [(key["country"], key["usage"]) for key in shown["keys"]] == [("EC", "xml")]
    assert "NPPO" in run(office, "list").stdout
    handed_on = run(office, "export").stdout.encode().strip()
    signer = spki_of(private("p256", "list").public_key())
    assert form.read(handed_on, signer=signer).version == 2


def test_a_node_hands_out_the_keys_it_issues_with_and_its_seals_are_believed(office: Path) -> None:
    assert isinstance(run(office, "own").exception, NotFound)
    chosen = Settings(data_directory=office / "node")
    keys = open_authority(Folder.of(chosen), "NPPO", Country("XA"), entropy, utc_now())
    (office / "hub.json").write_text(run(office, "own").stdout)
    made = run(office, "sign", "hub.json", "--key", "list.key", "--issuer", "Customs of XA")
    assert made.exit_code == 0, made.output
    assert made.stderr == ""
    signer = spki_of(private("p256", "list").public_key())
    found = form.read(made.stdout.encode().strip(), signer=signer)
    assert {(key.usage, key.public) for key in found.keys} == {
        (Usage.XML, keys.xml_key.public),
        (Usage.SEAL, keys.seal_key.public),
    }
    seal = keys.seal_key.key_id
    believed = found.find(seal, "seal", country=Country("XA"), type_code="851", at=utc_now())
    assert isinstance(believed, Trusted)
    assert "PRIVATE" not in (office / "hub.json").read_text()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("seal_key", "?", "base64"),
        ("valid_until", "soon", "ISO 8601"),
        ("usage", "seal", "each seal key"),
        ("country", "Kenya", "Country"),
    ],
)
def test_a_seal_key_that_is_none_is_refused_with_its_reason(
    office: Path, field: str, value: str, said: str
) -> None:
    row = {
        "country": "XA",
        "name": "NPPO",
        "seal_key": base64.b64encode(spki_of(private("p256", "seal").public_key())).decode(),
        "valid_from": "2026-01-01T00:00:00+00:00",
        "valid_until": "2027-01-01T00:00:00+00:00",
    }
    (office / "hub.json").write_text(json.dumps([row | {field: value}]))
    made = run(office, "sign", "hub.json", "--key", "list.key", "--issuer", "Customs of XA")
    assert isinstance(made.exception, InputError)
    assert said in str(made.exception)


def test_an_older_list_and_an_altered_one_are_refused(office: Path) -> None:
    signed(office, 2)
    assert run(office, "add", "list.json", "--signer", "list.pub").exit_code == 0
    assert isinstance(run(office, "add", "list.json", "--signer", "list.pub").exception, WrongState)
    text = (office / "list.json").read_text()
    (office / "list.json").write_text(text.replace('"version":2', '"version":3'))
    altered = run(office, "add", "list.json", "--signer", "list.pub")
    assert isinstance(altered.exception, VerificationError)
