"""What every store keeps: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from clearway.errors import BadTerm, ConflictingKey, StorageFailure
from clearway.ledger import receipt as receipts
from clearway.ledger import schema
from clearway.ledger.committer import Committer
from clearway.ledger.database import Address, open_reader, open_writer
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.statement import run
from clearway.ledger.transaction import Transaction
from clearway.ledger.verify import verify_store

ORIGIN = "customs.example/stores"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Weighed:
    TYPE: ClassVar[str] = "parcel.weighed/1"
    note: str


def weigh(note: str, **named: str) -> Callable[[Transaction], Any]:
    given = {"subject": "parcel:1", "issuer": "customs", "actor": "officer:amina"} | named
    return lambda tx: tx.append(Weighed(note), **given)


class Opened:
    """A store with its log and its committer."""

    def __init__(self, address: Address) -> None:
        self.writer, self.reader = open_writer(address), open_reader(address)
        with self.writer.begin() as connection:
            schema.prepare(connection)
            self.log = Log.open(connection, ORIGIN, SIGNER)
        self.committer = Committer(
            self.writer, self.log, {}, clock=lambda: NOON, entropy=os.urandom
        )
        self.committer.start()

    def do(self, action: Callable[[Transaction], Any]) -> Any:
        return self.committer.submit("amina", action).result(30)

    def close(self) -> None:
        self.committer.close()
        self.writer.dispose()
        self.reader.dispose()


@pytest.fixture
def opened(address: Address) -> Iterator[Opened]:
    store = Opened(address)
    yield store
    store.close()


def test_facts_are_proved_and_the_whole_store_verifies(opened: Opened) -> None:
    futures = [opened.committer.submit("amina", weigh(f"mängo {n}")) for n in range(700)]
    first = futures[0].result(30)
    assert [future.result(30).facts[0].seq for future in futures] == list(range(700))
    with opened.reader.begin() as connection:
        report = verify_store(connection, ORIGIN, [SIGNER.verifier])
        one = opened.log.receipt(connection, 3)
        proof = opened.log.consistency(connection, 100)
    assert report.holds and report.head.size == 700 and report.tiles == 2 and proof
    assert receipts.verify(one, [SIGNER.verifier]).fact.body == b'{"note":"m\xc3\xa4ngo 3"}'
    assert first.facts[0].recorded_at == NOON


def test_a_log_goes_on_where_it_ended(address: Address) -> None:
    for round_ in range(3):
        store = Opened(address)
        assert store.log.size == round_ * 300
        for future in [store.committer.submit("a", weigh(str(n))) for n in range(300)]:
            future.result(30)
        store.close()


def test_an_edited_fact_is_found(opened: Opened, address: Address) -> None:
    for n in range(20):
        opened.do(weigh(str(n)))
    opened.close()
    engine = open_writer(address)
    with engine.begin() as connection:
        run(connection, "UPDATE fact SET actor = ? WHERE seq = ?", ("officer:eve", 7))
    with engine.begin() as connection:
        report = verify_store(connection, ORIGIN, [SIGNER.verifier])
    engine.dispose()
    assert [(fault.code, fault.place) for fault in report.faults] == [("leaf_differs", 7)]


def test_an_action_that_fails_leaves_nothing_and_the_others_stay(opened: Opened) -> None:
    def fails(tx: Transaction) -> None:
        weigh("lost")(tx)
        raise ConflictingKey("no")

    def breaks(tx: Transaction) -> None:
        weigh("lost")(tx)
        run(tx.connection, "SELECT nothing FROM nowhere")

    def hides(tx: Transaction) -> None:
        with pytest.raises(DBAPIError):
            run(tx.connection, "SELECT nothing FROM nowhere")
        weigh("hidden")(tx)

    opened.do(weigh("first"))
    with pytest.raises(ConflictingKey):
        opened.do(fails)
    with pytest.raises(DBAPIError):
        opened.do(breaks)
    # PostgreSQL gives up what follows an error, SQLite does not: the log is sound on both.
    with suppress(DBAPIError):
        opened.do(hides)
    opened.do(weigh("last"))
    with opened.reader.begin() as connection:
        assert verify_store(connection, ORIGIN, [SIGNER.verifier]).holds


def test_a_key_is_claimed_once_and_other_content_conflicts(opened: Opened) -> None:
    def claim(digest: bytes) -> Callable[[Transaction], Any]:
        def action(tx: Transaction) -> int:
            earlier = tx.earlier("parcel", "k%1?", digest)
            if earlier is None:
                fact = weigh("claimed")(tx)
                tx.claim("parcel", "k%1?", digest, fact)
                return int(fact.seq)
            return earlier

        return action

    assert [opened.do(claim(b"a")).result for _ in range(2)] == [0, 0]
    with pytest.raises(ConflictingKey):
        opened.do(claim(b"b"))


@pytest.mark.parametrize("named", [{}, {"subject": "parcel:\0"}, {"actor": "officer:\0"}])
def test_u0000_is_refused_on_every_engine(opened: Opened, named: dict[str, str]) -> None:
    with pytest.raises(BadTerm, match="U\\+0000"):
        opened.do(weigh("zero \0 byte" if not named else "", **named))
    outcome = opened.do(weigh("the six characters \\u0000 are no such thing"))
    assert outcome.facts[0].seq == 0


def test_quoted_marks_stand_for_themselves(engine: Engine) -> None:
    with engine.begin() as connection:
        row = run(connection, "SELECT '100%', 'why?', 5 % ?, 'it''s ?'", (3,)).fetchone()
    assert tuple(row) == ("100%", "why?", 2, "it's ?")


def test_whole_numbers_have_64_bits_and_text_is_ordered_by_its_bytes(engine: Engine) -> None:
    insert = "INSERT INTO claim (scope, key, digest, seq) VALUES (?, ?, ?, ?)"
    with engine.begin() as connection:
        for key in ("a", "B", "-", "é", "Z", "_"):
            run(connection, insert, ("s", key, b"\0\xff", 2**62))
    with engine.begin() as connection:
        found = run(connection, "SELECT key, digest, seq FROM claim ORDER BY key").fetchall()
    assert [row[0] for row in found] == ["-", "B", "Z", "_", "a", "é"]
    assert {(bytes(row[1]), row[2]) for row in found} == {(b"\0\xff", 2**62)}


def test_a_reader_sees_one_snapshot_and_cannot_write(opened: Opened) -> None:
    opened.do(weigh("first"))
    count = text("SELECT count(*) FROM fact")
    with opened.reader.begin() as connection:
        assert connection.execute(count).scalar() == 1
        opened.do(weigh("second"))
        assert connection.execute(count).scalar() == 1
    with opened.reader.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM fact"))


def test_a_store_of_another_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(StorageFailure, match="version none"):
        schema.prepare(connection)


def test_the_version_is_raised_with_the_columns() -> None:
    columns = {
        name: " ".join(schema.METADATA.tables[name].columns.keys()) for name in schema.VERSIONED
    }
    # If this fails, raise `schema.VERSION` and write both down here.
    assert (schema.VERSION, columns) == (
        2,
        {
            "fact": "seq type subject issuer actor occurred_at recorded_at body form salt"
            " leaf_hash",
            "erased": "seq commitment",
            "tile": "level number hashes",
            "checkpoint": "size note signed_at",
            "claim": "scope key digest seq",
        },
    )
