"""The example of docs/design/peer.md is true."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from clearway.connectors.peer import rules
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.model import Cursor, Partner, Verified
from clearway.identity.entitlement import digest, parse_all
from clearway.ledger.note import read_vkey
from clearway.ledger.sealed import RecipientKey, open_sealed

PAGE = Path(__file__).resolve().parents[3] / "docs" / "design" / "peer.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def test_the_batch_of_the_page_holds_and_opens() -> None:
    key = re.search(r"under the key `([^`]+)`", PAGE.read_text(encoding="utf-8"))
    assert key is not None
    giver = Partner("plants", "plants.example/xb", (read_vkey(key[1]),), (), None, "", ())
    private = RecipientKey.from_seed(bytes(range(32, 64)))
    batch = batches.parse(base64.b64decode("".join(blocks("batch")[0].split())))
    assert batch.head == blocks("text")[0]
    verified = rules.judge(
        batch,
        giver,
        "customs.example/xa",
        Cursor(),
        lambda content, context: open_sealed(content, "customs.example/xa", private, context),
    )
    assert isinstance(verified, Verified)
    (fact,) = verified.facts
    assert fact.item.seq == 2 and b"certificate.withdrawn/1" in fact.item.envelope
    assert verified.head.rules == digest(parse_all(["certificate.withdrawn/1"]))


def test_the_rules_of_the_page_are_rules() -> None:
    assert len(parse_all(blocks("text")[1].splitlines())) == 3
