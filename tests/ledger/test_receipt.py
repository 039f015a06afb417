"""Receipts: they prove what they say, offline, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import receipt as receipts
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.receipt import Receipt, issue, parse, verify

from .conftest import ORIGIN, SIGNER, fact_of, fill, prepared, salt_of

PLANTS = Signer.from_seed("plants.example/border", bytes(range(1, 33)))
KNOWN = [SIGNER.verifier, PLANTS.verifier]


def made(count: int = 11, seq: int = 6) -> Receipt:
    """Return a receipt without any database: the log's newest facts need none."""
    log = Log(ORIGIN, SIGNER)
    batch = prepared(log, count)
    log.accept(batch)
    path = log.inclusion(None, seq)  # type: ignore[arg-type]
    return issue(batch.facts[seq], batch.salts[seq], path, log.note)


GOOD = made()
FILE = GOOD.marshal()


def test_a_receipt_proves_its_fact_place_and_log() -> None:
    proved = verify(parse(FILE), KNOWN)
    assert proved.fact == fact_of(6)
    assert proved.checkpoint.origin == ORIGIN
    assert proved.checkpoint.size == 11
    assert proved.signed_by == (ORIGIN,)


def test_every_fact_of_the_store_gets_a_receipt_that_holds(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [250, 13, 40])
        for seq in (0, 249, 250, 255, 256, 302):
            proved = verify(parse(log.receipt(connection, seq).marshal()), KNOWN)
            assert proved.fact.subject == f"parcel:{seq % 17}"
            assert proved.fact.seq == seq


def test_the_file_is_the_one_that_the_documentation_shows() -> None:
    members = json.loads(FILE)
    assert list(members) == ["receipt", "fact", "salt", "index", "path", "checkpoint"]
    assert members["receipt"] == "clearway-receipt/1"
    assert json.loads(json.loads(members["fact"])["body"])["mass_kg"] == "6.50"
    assert FILE.endswith(b"}\n")


def test_a_receipt_comes_back_from_its_file() -> None:
    assert parse(FILE) == GOOD


def test_a_cosignature_in_the_note_is_named_and_changes_nothing_else() -> None:
    text = GOOD.note.partition("\n\n")[0] + "\n"
    cosigned = replace(GOOD, note=GOOD.note + PLANTS.signature_line(text))
    assert verify(parse(cosigned.marshal()), KNOWN).signed_by == (ORIGIN, PLANTS.name)
    assert verify(cosigned, [SIGNER.verifier]).signed_by == (ORIGIN,)


def test_another_known_key_cannot_speak_for_the_log() -> None:
    text = GOOD.note.partition("\n\n")[0] + "\n"
    with pytest.raises(VerificationError, match="not signed by that log itself, only by plants"):
        verify(replace(GOOD, note=PLANTS.sign(text)), KNOWN)


def test_without_a_known_key_nothing_is_proved() -> None:
    with pytest.raises(VerificationError, match="No known key"):
        verify(GOOD, [])


@given(bit=st.integers(0, 8 * len(FILE) - 1))
def test_any_flipped_bit_of_the_file_is_refused_or_changes_no_meaning(bit: int) -> None:
    changed = bytearray(FILE)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        receipt = parse(bytes(changed))
    except MalformedMessage:
        return
    if receipt == GOOD:
        assert chr(changed[bit // 8]).isspace()  # white space between members
        return
    with pytest.raises(VerificationError):
        verify(receipt, KNOWN)


@given(data=st.binary(max_size=400))
def test_anything_else_is_refused_in_our_own_words(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"envelope": GOOD.envelope.replace("6.50", "7.50")}, "does not lead to the root"),
        ({"envelope": GOOD.envelope + " "}, "does not lead to the root"),
        ({"envelope": "\ud800"}, "not valid Unicode"),
        ({"salt": bytes(32)}, "does not lead to the root"),
        ({"salt": b""}, "A salt has 32 bytes"),
        ({"index": 5}, "does not lead to the root"),
        ({"index": 11}, "Leaf 11 cannot be in a tree of 11"),
        ({"path": GOOD.path[:-1]}, "has 3 hashes; these sizes need 4"),
        ({"path": GOOD.path[::-1]}, "does not lead to the root"),
        ({"note": GOOD.note.replace("\n11\n", "\n12\n")}, "does not hold"),
        ({"note": SIGNER.sign("customs.example/border\n")}, "at least three lines"),
        ({"note": made(count=12).note}, "inclusion proof"),
    ],
)
def test_what_does_not_hold_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        verify(replace(GOOD, **change), KNOWN)  # type: ignore[arg-type]


def changed(**members: object) -> bytes:
    return json.dumps({**json.loads(FILE), **members}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a receipt"),
        (b"\xff\xfe", "not a receipt"),
        (b"[" * 100_000, "not a receipt"),
        (b'{"receipt":' * 20_000, "not a receipt"),
        (changed(more=1), "unknown field"),
        (changed(more=[[[]]]), "unknown field"),
        (changed(index="6"), "Expected `int`"),
        (changed(index=6.5), "Expected `int`"),
        (changed(index=-1), "outside 0 to"),
        (changed(index=10**30), "outside 0 to|not a receipt"),
        (changed(receipt="clearway-receipt/2"), "only 'clearway-receipt/1'"),
        (changed(path=["AAAA"] * 64), "64 hashes, over 63"),
        (changed(path=["AAAA"]), r"path\[0\] is not the base64 of 32 bytes"),
        (changed(salt="?"), "salt is not base64"),
        (changed(salt="\u00e4"), "salt is not base64"),
        (changed(salt=json.loads(FILE)["salt"][:-2] + "9="), "not the base64 of 32 bytes"),
        (FILE.replace(b'"index": 6', b'"index": 6, "index": 6'), "occurs twice"),
        (FILE.replace(b'"index": 6', b'"index": 5, "index": 6'), "occurs twice"),
        (FILE.replace(b'"index": 6,', b""), "missing required field `index`"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(data: bytes, message: str) -> None:
    with pytest.raises(MalformedMessage, match=message):
        parse(data)


def test_a_file_over_the_limit_is_not_even_read() -> None:
    with pytest.raises(TooLarge, match="at most 33554432 bytes"):
        parse(bytes(receipts.MAX_SIZE + 1))


def test_verifying_loads_no_database_and_no_network() -> None:
    script = (
        "import sys; from clearway.ledger import receipt;"
        "print(sorted({'sqlalchemy', 'pysqlite3', 'sqlite3', 'socket', 'httpx', 'ssl'}"
        " & set(sys.modules)))"
    )
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert seen.stdout.decode().strip() == "[]"


def test_the_salt_of_another_fact_opens_nothing() -> None:
    with pytest.raises(VerificationError):
        verify(replace(GOOD, salt=salt_of(7)), KNOWN)
