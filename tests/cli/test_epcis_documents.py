"""`clearway epcis check | convert` on real files, by exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clearway.cli.epcis import app
from clearway.errors import RuleViolation
from clearway.movements.epcis.event_hash import bytes_digest, hash_of
from clearway.movements.epcis.formats import jsonld, xml
from tests.movements.epcis import samples


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A good document."""
    path = tmp_path / "arrival.json"
    path.write_bytes(samples.DOCUMENT)
    return path


def test_check_shows_digest_and_hashes_and_says_yes(document: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(document), "--json"])
    assert done.exit_code == 0, done.output
    (event,) = jsonld.read(samples.DOCUMENT).events
    shown = json.loads(done.stdout)
    assert shown == {
        "digest": bytes_digest(samples.DOCUMENT),
        "hashes": [hash_of(event)],
        "findings": [],
    }
    assert hash_of(event) in CliRunner().invoke(app, ["check", str(document)]).stdout


def test_check_names_the_place_and_says_no(tmp_path: Path) -> None:
    path = tmp_path / "wrong.xml"
    path.write_bytes(samples.xml_event("<epcList><epc>no uri</epc></epcList>"))
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    assert "EPC_R4 /ObjectEvent/epcList/epc" in done.stdout


@pytest.mark.parametrize("form", ["json", "xml", "xml-1.2"])
def test_convert_keeps_the_events(document: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["convert", str(document), "--to", form, "--out", str(out)])
    assert done.exit_code == 0, done.output
    read = jsonld.read if form == "json" else xml.read
    assert read(out.read_bytes()).events == jsonld.read(samples.DOCUMENT).events


def test_convert_refuses_a_document_that_breaks_a_rule(tmp_path: Path) -> None:
    path, out = tmp_path / "wrong.json", tmp_path / "out"
    path.write_bytes(samples.DOCUMENT.replace(b'"OBSERVE"', b'"LOOK"'))
    done = CliRunner().invoke(app, ["convert", str(path), "--to", "xml", "--out", str(out)])
    assert isinstance(done.exception, RuleViolation)
    assert not out.exists()
