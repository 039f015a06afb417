"""The examples of the pages on receipts and the lake are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.cli import store
from clearway.cli.setup import first_administrator
from clearway.errors import VerificationError
from clearway.ledger import receipt, receipt_forms
from clearway.ledger.note import read_vkey
from clearway.ledger.quorum import Quorum
from clearway.node.clock import entropy
from clearway.node.node import create
from clearway.settings import Settings

DESIGN = Path(__file__).resolve().parents[2] / "docs" / "design"


def block(page: str, kind: str) -> str:
    text = (DESIGN / page).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.S)[0]


def test_the_receipt_of_the_page_holds_under_its_key() -> None:
    key = read_vkey(block("receipt.md", "text").strip())
    text = block("receipt.md", "json")
    verified = receipt.verify(receipt.parse(text.encode()), [key])
    assert verified.fact.subject == "account:admin"
    with pytest.raises(VerificationError):
        receipt.verify(
            receipt.parse(text.replace("account:admin", "account:other").encode()), [key]
        )


def test_the_tlog_proof_of_the_page_is_the_same_receipt_cosigned_under_its_policy() -> None:
    plain = receipt.parse(block("receipt.md", "json").encode())
    cosigned = receipt_forms.read(block("receipt.md", "tlog-proof").encode())
    assert cosigned.note.startswith(plain.note)
    assert receipt_forms.write(cosigned, "tlog-proof").decode() == block("receipt.md", "tlog-proof")
    policy = Quorum.parse(block("receipt.md", "policy"))
    assert receipt.verify(cosigned, policy).standing == "cosigned"
    pending = receipt.verify(plain, policy)
    assert (pending.standing, pending.satisfied) == ("log-signed, cosignatures pending", False)
    assert pending.fact == receipt.verify(cosigned, policy).fact


def test_the_query_and_the_columns_of_the_lake_page_are_true(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path / "node")
    create(settings, entropy)
    first_administrator(settings)
    file = tmp_path / "settings.toml"
    file.write_text(f'data_directory = "{settings.data_directory}"\n')
    assert store.sync_lake(file) == 2
    assert store.query_lake(file, block("lake.md", "sql"))[1] == [("account:admin", "admin")]
    page = (DESIGN / "lake.md").read_text(encoding="utf-8")
    for column in store.query_lake(file, "SELECT * FROM facts")[0]:
        assert f"`{column}`" in page
