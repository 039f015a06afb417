"""Receipts on the command line: what a policy changes, and the three forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.ledger.cosignature import Cosigner
from clearway.ledger.note import add_lines, read_vkey, split_note
from clearway.ledger.quorum import Quorum
from clearway.ledger.receipt import parse
from clearway.node.files import Folder

from .conftest import Clearway

WITNESS = Cosigner.from_seed("plants.example/witness", bytes([7] * 32), "ml-dsa-44")


@pytest.mark.slow
def test_a_policy_decides_and_the_exit_code_tells(clearway: Clearway, tmp_path: Path) -> None:
    assert clearway("node", "init").returncode == 0
    folder = Folder(tmp_path / "node")
    pending, cosigned = tmp_path / "r.json", tmp_path / "c.json"
    pending.write_text(clearway("ledger", "receipt", 0).stdout)
    members = json.loads(pending.read_text())
    text = split_note(members["checkpoint"])[0]
    line = WITNESS.cosign(text, datetime(2026, 3, 2, tzinfo=UTC))
    members["checkpoint"] = add_lines(members["checkpoint"], [line])
    cosigned.write_text(json.dumps(members))
    policy = tmp_path / "policy"
    log_key = folder.vkey.read_text().strip()
    policy.write_text(f"log {log_key}\nwitness plants {WITNESS.verifier.vkey}\nquorum plants\n")
    assert Quorum.parse(policy.read_text()).verifiers[0] == read_vkey(log_key)

    waiting = clearway("receipt", "verify", pending, "--policy", policy)
    assert (waiting.returncode, "Not valid yet" in waiting.stdout) == (3, True)
    assert "log-signed, cosignatures pending" in waiting.stdout
    held = clearway("receipt", "verify", cosigned, "--policy", policy, "--json")
    shown = json.loads(held.stdout)
    assert (held.returncode, shown["standing"], shown["satisfied"]) == (0, "cosigned", True)
    assert shown["cosigned_by"][0]["name"] == "plants.example/witness"
    both = clearway("receipt", "verify", cosigned, "--policy", policy, "--key", log_key)
    assert both.returncode == 2
    policy.write_text("quorum nobody\n")
    bad = clearway("receipt", "verify", cosigned, "--policy", policy)
    assert (bad.returncode, "line 1: 'nobody' is not defined" in bad.stderr) == (65, True)


@pytest.mark.slow
def test_a_receipt_goes_through_all_forms_and_comes_back(
    clearway: Clearway, tmp_path: Path
) -> None:
    assert clearway("node", "init").returncode == 0
    folder = Folder(tmp_path / "node")
    first, proof, cose, last = (tmp_path / name for name in ("a.json", "b", "c", "d.json"))
    first.write_text(clearway("ledger", "receipt", 0).stdout)
    made = clearway("receipt", "convert", first, "--to", "tlog-proof")
    assert made.stdout.startswith("c2sp.org/tlog-proof@v1\nextra ")
    proof.write_text(made.stdout)
    command = ("receipt", "convert", proof, "--to", "cose", "--output", cose)
    assert clearway(*command, "--log-key", folder.key).returncode == 0
    assert clearway("receipt", "convert", cose, "--to", "json", "--output", last).returncode == 0
    for file in (first, proof, cose, last):
        assert clearway("receipt", "verify", file, "--key", folder.vkey).returncode == 0
    before, after = parse(first.read_bytes()), parse(last.read_bytes())
    assert (before.envelope, before.salt, before.path) == (after.envelope, after.salt, after.path)
    assert after.note.startswith(before.note)
    missing = clearway("receipt", "convert", proof, "--to", "pdf")
    assert missing.returncode == 2
