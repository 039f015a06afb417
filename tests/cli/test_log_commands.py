"""Export, audit and fork evidence, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.note import Signer

Clearway = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def exported(clearway: Clearway, tmp_path: Path) -> Path:
    """A node with a few facts, and its static files."""
    assert clearway("node", "init").returncode == 0
    done = clearway("ledger", "export", "--to", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["since"] == 0
    return tmp_path / "out"


def test_an_export_is_audited_and_a_changed_byte_is_named(
    clearway: Clearway, exported: Path, tmp_path: Path
) -> None:
    key = tmp_path / "node" / "log.vkey"
    good = clearway("ledger", "audit", exported, "--key", key, "--since", exported / "checkpoint")
    assert good.returncode == 0, good.stderr
    assert "Holds." in good.stdout
    bundle = next((exported / "tile/entries").rglob("*.p/*"))
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"?")
    bad = clearway("ledger", "audit", exported, "--key", key)
    assert bad.returncode == 1
    assert bundle.relative_to(exported).as_posix() in bad.stdout
    assert clearway("ledger", "audit", exported).returncode == 65
    assert clearway("ledger", "audit", tmp_path / "no", "--key", key).returncode == 65


def test_a_folder_is_brought_up_to_date_after_the_logs_key_was_rotated(
    clearway: Clearway, exported: Path, tmp_path: Path
) -> None:
    before = (exported / "checkpoint").read_text()
    rotated = clearway("node", "rotate", "--log", "--at-once")
    assert rotated.returncode == 0, rotated.stderr
    again = clearway("ledger", "export", "--to", exported, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["since"] == int(before.splitlines()[1])
    key = tmp_path / "node" / "log.vkey"
    assert clearway("ledger", "audit", exported, "--key", key).returncode == 0
    stranger = Signer.from_seed(before.splitlines()[0], b"s" * 32)
    (exported / "checkpoint").write_text(stranger.sign(before.split("\n\n")[0] + "\n"))
    assert clearway("ledger", "export", "--to", exported).returncode == 1


def test_a_fork_is_proved_to_third_parties(
    clearway: Clearway, exported: Path, tmp_path: Path
) -> None:
    key = tmp_path / "node" / "log.vkey"
    signer = Signer.from_skey((tmp_path / "node" / "log.key").read_text().strip())
    other = tmp_path / "other.txt"
    other.write_text(signer.sign(Checkpoint(signer.name, 1, b"x" * 32).marshal()))
    evidence = tmp_path / "fork.json"
    found = clearway(
        "ledger", "audit", exported, "--key", key, "--since", other, "--evidence", evidence
    )
    assert found.returncode == 1
    proven = clearway("ledger", "fork", "verify", evidence, "--key", key)
    assert proven.returncode == 0, proven.stderr
    assert "Forked." in proven.stdout
    stranger = Signer.from_seed(signer.name, b"s" * 32).verifier.vkey
    assert clearway("ledger", "fork", "verify", evidence, "--key", stranger).returncode == 1


def test_a_checkpoint_comes_back_from_an_e_mail(clearway: Clearway, tmp_path: Path) -> None:
    clearway("node", "init")
    note = clearway("ledger", "checkpoint").stdout
    mail = tmp_path / "mail.txt"
    text = clearway("ledger", "checkpoint", "--export", "text").stdout
    mail.write_text("Dear auditor,\n" + "".join(f"> {line}\n" for line in text.splitlines()))
    key = tmp_path / "node" / "log.vkey"
    read = clearway("ledger", "checkpoint", "--read", mail, "--key", key)
    assert (read.returncode, read.stdout) == (0, note)
    stranger = Signer.from_seed("customs.example/test", b"s" * 32).verifier.vkey
    assert clearway("ledger", "checkpoint", "--read", mail, "--key", stranger).returncode == 1
    code = tmp_path / "code.png"
    assert clearway("ledger", "checkpoint", "--export", "qr", "--out", code).returncode == 0
    assert code.read_bytes().startswith(b"\x89PNG")
    asked = clearway("ledger", "timestamp", "request", "--out", tmp_path / "stamps")
    assert asked.returncode == 0, asked.stderr
    assert len(list((tmp_path / "stamps").iterdir())) == 2


@pytest.mark.slow
def test_an_independent_client_accepts_the_export_and_no_damaged_one(
    exported: Path, tmp_path: Path
) -> None:
    """Tessera's fsck (Go) reads the same folder and comes to the same root."""
    fsck = Path(sys.executable).parent / "fsck-tessera"
    if not fsck.exists():
        pytest.skip("Tessera's fsck is absent: make engine builds it, where Go is")
    (tmp_path / "key").write_text((tmp_path / "node" / "log.vkey").read_text().strip())
    where, trusted = f"--storage_url=file://{exported}/", f"--public_key={tmp_path / 'key'}"
    command = [str(fsck), where, trusted, "--ui=false"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0 and "Successfully" in ran.stderr, ran.stderr
    assert "expected:" not in ran.stderr, ran.stderr
    damaged = next(each for each in (exported / "tile" / "entries").rglob("*") if each.is_file())
    content = bytearray(damaged.read_bytes())
    content[30] ^= 1
    damaged.write_bytes(content)
    # It tells what it expected of a small log, and comes to no end on a large one.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            _, said = process.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
    assert "expected:" in said
