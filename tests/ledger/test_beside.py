"""What lies beside the log is checked: claims by their facts, and only as far as those speak."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from clearway.ledger import cosigned, tables
from clearway.ledger.beside import Known, verify_beside
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer, split_note
from clearway.ledger.transaction import Transaction

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORIGIN = "customs.example/border"
SIGNER = Signer.from_seed(ORIGIN, bytes(32))
WITNESS = Cosigner.from_seed("plants.example/witness", bytes([7] * 32))
FORMER = Cosigner.from_seed("plants.example/witness", bytes([9] * 32))
NOBODY = Known((), (), {})


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_writer(tmp_path / "node.db")
    tables.METADATA.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def grow(connection: Connection, *bodies: bytes) -> Log:
    """Commit facts of these bodies, each claimed under its place with 32 zero bytes."""
    log = Log(ORIGIN, SIGNER)
    facts = [
        Fact(seq, "test.told/1", "t:1", "customs", "system:t", NOON, NOON, body)
        for seq, body in enumerate(bodies)
    ]
    batch = log.prepare(facts, [bytes([seq] * 32) for seq in range(len(facts))])
    log.write(connection, batch)
    log.accept(batch)
    tx = Transaction(connection, NOON, len(facts), {})
    for fact in facts:
        tx.claim("told", f"key {fact.seq}", bytes(32), fact)
    return log


def digest_of(value: bytes) -> bytes:
    return b'{"digest":"%s"}' % base64.b64encode(value)


def test_a_claim_agrees_with_the_digest_that_its_fact_states(connection: Connection) -> None:
    grow(connection, digest_of(bytes(32)), b'{"other":1}', b'{"digest":"f00d"}', b"{}")
    assert list(verify_beside(connection, NOBODY)) == []


def test_a_claim_on_another_message_or_on_nothing_is_found(connection: Connection) -> None:
    grow(connection, digest_of(bytes(32)), digest_of(b"\1" * 32))
    connection.execute(text("UPDATE claim SET seq = 77 WHERE key = 'key 0'"))
    found = list(verify_beside(connection, NOBODY))
    assert [(fault.code, fault.place) for fault in found] == [("claim", 1), ("claim", 77)]


def test_cosignatures_of_former_keys_hold_and_of_unknown_keys_do_not(
    connection: Connection,
) -> None:
    log = grow(connection, b"{}")
    head = split_note(log.note)[0]
    for key in (WITNESS, FORMER):
        line = key.cosign(head, NOON).encode()
        cosigned.keep(connection, 1, cosigned.read_answer(line, log.note, [key.verifier]))
    both = Known((WITNESS.verifier, FORMER.verifier), (), {})
    assert list(verify_beside(connection, both)) == []
    (fault,) = verify_beside(connection, Known((WITNESS.verifier,), (), {}))
    assert fault.code == "cosignature" and "ever known" in fault.message
    connection.execute(text("UPDATE cosignature SET at = at + 1"))
    assert len(list(verify_beside(connection, both))) == 2
