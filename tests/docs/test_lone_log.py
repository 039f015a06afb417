"""The pages on lone logs and forks are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.errors import VerificationError
from clearway.ledger import carried, fork
from clearway.ledger.keys import read_vkey
from clearway.settings import NAMES

DESIGN = Path(__file__).resolve().parents[2] / "docs" / "design"


def block(page: str, kind: str) -> str:
    text = (DESIGN / page).read_text(encoding="utf-8")
    return str(re.findall(rf"```{kind}\n(.*?)```", text, re.S)[0])


def test_the_evidence_of_the_page_proves_a_fork_under_its_key() -> None:
    key = read_vkey(block("fork.md", "text").strip())
    evidence = block("fork.md", "json").encode()
    proven = fork.verify(fork.parse(evidence), [key])
    assert (proven.first.size, proven.second.size) == (3, 5)
    with pytest.raises(VerificationError):
        fork.verify(fork.parse(evidence.replace(b"\\n5\\n", b"\\n6\\n")), [key])


def test_the_page_names_lines_and_settings_that_exist() -> None:
    page = " ".join((DESIGN / "lone-log.md").read_text(encoding="utf-8").split())
    assert carried.BEGIN in page
    assert carried.END in page
    assert {"checkpoint_directory", "checkpoint_seconds"} <= set(NAMES)
    assert f"{carried.MAX_QR_SIZE:,} bytes" in page
