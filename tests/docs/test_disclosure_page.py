"""The example of the page on disclosures is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.errors import VerificationError
from clearway.ledger import disclosure
from clearway.ledger.note import read_vkey

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "disclosure.md"


def block(kind: str) -> str:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.S)[0]


def test_the_disclosure_of_the_page_holds_under_its_key() -> None:
    key, text = read_vkey(block("text").strip()), block("json")
    proved = disclosure.verify(disclosure.parse(text.encode()), [key])
    assert proved.type == "declaration.released/1"
    assert proved.fields["/reasons/0/code"] == '"R12"'
    assert "/reasons/0/text" in proved.kept_back
    changed = text.replace("R12", "R13")
    with pytest.raises(VerificationError):
        disclosure.verify(disclosure.parse(changed.encode()), [key])
