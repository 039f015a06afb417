"""The page on the order's form tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

from clearway.ledger.order import nullifier
from clearway.ledger.order.encoding import BatchSigner, decode
from clearway.ledger.order.model import MAX_ITEMS, Use, UseBatch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "order.md"


def test_the_example_is_what_is_signed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    block = re.findall(r"```text\n(.*?)```", text, re.S)[0]
    use = Use(nullifier.of("certificate-line/2026", bytes(range(16))), "reference-7")
    signer = BatchSigner("border-order", "customs", bytes(32))
    signed = signer.sign(UseBatch(bytes(range(16)), (use,)))
    assert signed[:-64].hex() == "".join(block.split())
    read = decode(signed)
    read.verify(signer.public_key)
    assert read.batch.items == (use,)


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert f"1 to {MAX_ITEMS}" in PAGE.read_text(encoding="utf-8")
