"""Erased facts: nothing of them is left in the files, and the log holds as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from clearway.errors import InputError, NotFound, WrongState
from clearway.ledger import proofs, tables
from clearway.ledger.checkpoint import parse
from clearway.ledger.database import open_writer
from clearway.ledger.erasure import Erased, erase, is_erased, scrub
from clearway.ledger.fact import BY_FIELD, Fact, encode
from clearway.ledger.log import Log
from clearway.ledger.verify import Report, verify_store

from .conftest import NOON, ORIGIN, SIGNER, fill, salt_of

CANARY = b"Ama Mensah, 12 Harbour Road"
LAW = {"reason": "asked for by the person", "legal_basis": "Data Protection Act, s. 40"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Engine]:
    folder.mkdir()
    engine = open_writer(folder / "node.db")
    tables.METADATA.create_all(engine)
    yield engine
    engine.dispose()


def fact(seq: int, *, form: int = 1) -> Fact:
    body = b'{"name":"' + CANARY + b" %d" % seq + b'","more":"' + b"x" * 9_000 + b'"}'
    return Fact(seq, "person.noted/1", f"person:{seq}", "c", "officer:a", NOON, NOON, body, form)


def commit(engine: Engine, log: Log, facts: list[Fact]) -> None:
    batch = log.prepare(facts, [salt_of(one.seq) for one in facts])
    with engine.begin() as connection:
        log.write(connection, batch)
    log.accept(batch)


def erase_one(engine: Engine, log: Log, seq: int) -> Erased:
    """Erase and record it, in one transaction, as the node does."""
    with engine.begin() as connection:
        body = erase(connection, seq, **LAW)
        said = Fact(log.size, body.TYPE, "person:0", "c", "officer:b", NOON, NOON, encode(body))
        batch = log.prepare([said], [salt_of(said.seq)])
        log.write(connection, batch)
    log.accept(batch)
    return body


def check(engine: Engine) -> Report:
    with engine.connect() as connection:
        return verify_store(connection, ORIGIN, [SIGNER.verifier])


def found_in(folder: Path, needle: bytes) -> list[str]:
    return [
        path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()
    ]


@pytest.mark.parametrize("form", [1, BY_FIELD])
def test_no_byte_of_an_erased_fact_is_left_in_the_files(
    store: Engine, folder: Path, form: int
) -> None:
    log = Log(ORIGIN, SIGNER)
    commit(store, log, [fact(seq, form=form) for seq in range(5)])
    assert found_in(folder, CANARY + b" 3"), "the control: it is there before"
    erase_one(store, log, 3)
    assert found_in(folder, CANARY + b" 3"), "the control: an UPDATE alone leaves bytes behind"
    store.dispose()
    scrub(store)
    assert found_in(folder, CANARY + b" 3") == []
    assert found_in(folder, salt_of(3)) == []
    assert found_in(folder, CANARY + b" 2")
    assert check(store).faults == ()


def test_proofs_and_the_log_go_on_after_an_erasure(store: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    commit(store, log, [fact(seq) for seq in range(5)])
    before = log.note
    erase_one(store, log, 3)
    with store.connect() as connection:
        again = Log.open(connection, ORIGIN, SIGNER)
        assert again.note == log.note
        head = parse("\n".join(log.note.split("\n")[:3]) + "\n")
        old = parse("\n".join(before.split("\n")[:3]) + "\n")
        leaf = connection.execute(text("SELECT leaf_hash FROM fact WHERE seq = 3")).scalar_one()
        proofs.verify_inclusion(3, head.size, leaf, again.inclusion(connection, 3), head.root)
        path = again.consistency(connection, 5)
        proofs.verify_consistency(old.size, head.size, path, old.root, head.root)
        assert is_erased(connection, 3) and not is_erased(connection, 2)


def test_the_key_of_an_erased_fact_stays_used_and_confirms_nothing(store: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    commit(store, log, [fact(0)])
    with store.begin() as connection:
        row = {"scope": "s", "key": "k", "digest": b"d" * 32, "seq": 0}
        connection.execute(tables.claim.insert(), row)
    erase_one(store, log, 0)
    with store.connect() as connection:
        assert connection.execute(text("SELECT digest FROM claim")).scalars().all() == [b""]


def test_what_cannot_be_erased_is_refused(store: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    commit(store, log, [fact(0), fact(1)])
    erase_one(store, log, 0)
    with store.connect() as connection:
        for seq, error in ((0, WrongState), (2, WrongState), (9, NotFound)):
            with pytest.raises(error):
                erase(connection, seq, **LAW)
        for name in LAW:
            with pytest.raises(InputError, match="1 to 2000 characters"):
                erase(connection, 1, **{**LAW, name: " "})


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE fact SET actor = 'officer:x' WHERE seq = 3", "header_differs"),
        ("UPDATE fact SET body = X'00' WHERE seq = 3", "not_emptied"),
        ("UPDATE erased SET commitment = zeroblob(32)", "leaf_differs"),
        ("DELETE FROM erased", "fact_unreadable"),
        ("INSERT INTO erased VALUES (77, zeroblob(32))", "erased_unknown"),
        ("UPDATE erased SET seq = 4", "fact_unreadable"),
        ("UPDATE fact SET body = CAST('{}' AS BLOB) WHERE seq = 5", "fact_unreadable"),
    ],
)
def test_an_edit_of_what_an_erasure_left_is_found(store: Engine, statement: str, code: str) -> None:
    log = Log(ORIGIN, SIGNER)
    commit(store, log, [fact(seq) for seq in range(5)])
    erase_one(store, log, 3)
    assert check(store).holds
    with store.begin() as connection:
        connection.execute(text(statement))
    assert code in {fault.code for fault in check(store).faults}


def test_an_erasure_that_did_not_happen_is_found(store: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with store.connect() as connection:
        fill(connection, log, [4])
    with store.connect() as connection:
        body = erase(connection, 2, **LAW)
        connection.rollback()
    said = Fact(4, body.TYPE, "person:2", "c", "officer:b", NOON, NOON, encode(body))
    commit(store, log, [said])
    assert [fault.code for fault in check(store).faults] == ["not_erased"]
