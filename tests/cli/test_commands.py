"""What operators and auditors type, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from clearway.cli.client import _error_of
from clearway.cli.output import exit_code, plain
from clearway.node.files import Folder

from .conftest import Clearway


def test_a_node_is_made_once_verified_and_gives_receipts(
    clearway: Clearway, tmp_path: Path
) -> None:
    missing = clearway("node", "status")
    assert (missing.returncode, "node init" in missing.stderr) == (65, True)
    made = clearway("node", "init", "--json")
    assert json.loads(made.stdout)["account"] == "admin"
    assert clearway("node", "init").returncode == 65
    note = tmp_path / "note"
    note.write_text(clearway("ledger", "checkpoint").stdout)
    assert clearway("ledger", "verify", "--checkpoint", note).returncode == 0
    good, bad = tmp_path / "r.json", tmp_path / "bad.json"
    good.write_text(clearway("ledger", "receipt", 0).stdout)
    bad.write_text(good.read_text().replace("admin", "adm1n"))
    key = Folder(tmp_path / "node").vkey
    assert clearway("receipt", "verify", good, "--key", key).returncode == 0
    refused = clearway("receipt", "verify", bad, "--key", key, "--json")
    assert (refused.returncode, json.loads(refused.stderr)["code"]) == (1, "verification_error")
    assert clearway("receipt", "verify", good, "--key", "nonsense").returncode == 65
    assert clearway("receipt", "verify", good).returncode == 2


def test_accounts_lake_and_tables(clearway: Clearway) -> None:
    assert clearway("node", "init").returncode == 0
    added = clearway("account", "add", "amina", "--role", "customs_officer")
    assert "cw_" in added.stdout.splitlines()[0], "a token is never broken over lines"
    assert clearway("account", "add", "x", "--role", "nonsense").returncode == 65
    assert (
        clearway("account", "party", "XA10000001", "A [b] Ltd", "--country", "XA").returncode == 0
    )
    assert clearway("account", "mandate", "XA10000001", "XA10000002").returncode == 0
    assert json.loads(clearway("lake", "sync", "--json").stdout)["facts"] > 4
    rows = clearway("lake", "query", "SELECT count(*) AS n FROM facts", "--json")
    assert json.loads(rows.stdout)[0]["n"] > 4
    assert clearway("lake", "query", "DROP TABLE facts").returncode == 65
    checked = clearway("rebuild", "--check", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["changed"]) == (0, [])


def test_a_lost_or_broken_database_is_told_in_a_sentence(
    clearway: Clearway, tmp_path: Path
) -> None:
    assert clearway("node", "init").returncode == 0
    database = Folder(tmp_path / "node").database
    database.write_bytes(b"not a database" * 1_000)
    broken = clearway("node", "status")
    assert (broken.returncode, "Traceback" in broken.stderr) == (70, False)
    database.unlink()
    gone = clearway("account", "token", "admin")
    assert (gone.returncode, "restore" in gone.stderr) == (70, True)


def test_answers_of_a_node_become_the_stated_exit_codes() -> None:
    def code(status: int, **problem: object) -> int:
        return exit_code(_error_of(status, SimpleNamespace(text="", json=lambda: problem)))

    expected = {
        400: 65,
        401: 77,
        403: 77,
        404: 65,
        409: 65,
        422: 65,
        429: 69,
        500: 70,
        502: 69,
        503: 69,
    }
    assert {status: code(status, detail="why") for status in expected} == expected
    assert code(422, detail="why", findings=[{"code": "DEC_R01", "field": "x"}]) == 65


def test_a_stranger_s_brackets_are_no_markup() -> None:
    assert plain("A [bold]") == r"A \[bold]"
