"""A database administrator edits the store: every edit is found, and the unedited store holds."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from clearway.ledger import tables
from clearway.ledger.database import open_writer
from clearway.ledger.erasure import erase
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.verify import Report, verify_store

from .conftest import ORIGIN, SIGNER, fact_of, fill, prepared, salt_of

BATCHES = [40, 1, 300, 7, 252, 33]  # 633 facts, 2 full tiles, 6 checkpoints
SIZE = sum(BATCHES)
Edit = Callable[[Connection, random.Random], None]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole store in one file, without the rooms' tables, of which the audit reads nothing."""
    path = tmp_path_factory.mktemp("honest") / "node.db"
    engine = open_writer(path)
    own = [tables.fact, tables.erased, tables.tile, tables.checkpoint, tables.claim]
    tables.METADATA.create_all(engine, tables=own)
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), BATCHES)
    engine.dispose()
    return path


@pytest.fixture
def copy(honest: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of it that may be edited."""
    shutil.copy(honest, tmp_path / "copy.db")
    opened = open_writer(tmp_path / "copy.db")
    yield opened
    opened.dispose()


def outside_of(count: int) -> str:
    """Return the checkpoint that others saw after `count` facts."""
    log = Log(ORIGIN, SIGNER)
    batch = prepared(log, count)
    facts = [fact_of(seq, batch=first_of(seq)) for seq in range(count)]
    return log.prepare(facts, batch.salts).state.note


def first_of(seq: int) -> int:
    """Return the first fact of the batch of `seq`, which decides when it was recorded."""
    first = 0
    for count in BATCHES:
        if seq < first + count:
            return first
        first += count
    raise AssertionError(seq)


OUTSIDE = outside_of(SIZE)


def check(connection: Connection, *outside: str) -> Report:
    return verify_store(connection, ORIGIN, [SIGNER.verifier], outside=outside)


def codes(report: Report) -> set[str]:
    return {fault.code for fault in report.faults}


def test_an_honest_store_holds(copy: Engine) -> None:
    seen: list[tuple[int, int]] = []
    with copy.connect() as connection:
        report = verify_store(
            connection,
            ORIGIN,
            [SIGNER.verifier],
            outside=[OUTSIDE, outside_of(100), outside_of(100)],
            progress=lambda done, total: seen.append((done, total)),
        )
    assert report.faults == ()
    assert report.holds
    assert (report.head.size, report.checkpoints, report.tiles) == (SIZE, len(BATCHES), 2)
    assert seen[-1] == (SIZE, SIZE)


def test_an_empty_store_holds(engine: Engine) -> None:
    with engine.connect() as connection:
        assert check(connection).holds
        assert codes(check(connection, OUTSIDE)) == {"cut_off"}


def sql(statement: str, *, before: int = SIZE) -> Edit:
    """An edit of one row, chosen at random below `before`."""

    def edit(connection: Connection, chance: random.Random) -> None:
        one = chance.randrange(before - 1)
        values = {"one": one, "next": one + 1, "byte": bytes([chance.randrange(256)] * 32)}
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        assert connection.execute(text(statement), used).rowcount > 0

    return edit


def swap(columns: str) -> Edit:
    """Exchange two neighbours' columns."""

    def edit(connection: Connection, chance: random.Random) -> None:
        one = chance.randrange(SIZE - 1)
        read = text(f"SELECT {columns} FROM fact WHERE seq = :seq")
        names = columns.split(", ")
        write = text(f"UPDATE fact SET {', '.join(f'{n} = :{n}' for n in names)} WHERE seq = :seq")
        for seq, other in (
            (one, connection.execute(read, {"seq": one + 1}).one()),
            (one + 1, connection.execute(read, {"seq": one}).one()),
        ):
            connection.execute(write, {**other._mapping, "seq": seq})

    return edit


def flip_in_tile(connection: Connection, chance: random.Random) -> None:
    number = chance.randrange(2)
    stored = connection.execute(
        text("SELECT hashes FROM tile WHERE number = :number"), {"number": number}
    ).scalar_one()
    changed = bytearray(stored)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    connection.execute(
        text("UPDATE tile SET hashes = :hashes WHERE number = :number"),
        {"hashes": bytes(changed), "number": number},
    )


def flip_in_body(connection: Connection, chance: random.Random) -> None:
    seq = chance.randrange(SIZE)
    read = text("SELECT body FROM fact WHERE seq = :seq")
    changed = bytearray(connection.execute(read, {"seq": seq}).scalar_one())
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    connection.execute(
        text("UPDATE fact SET body = :body WHERE seq = :seq"), {"body": bytes(changed), "seq": seq}
    )


def flip_in_note(connection: Connection, chance: random.Random) -> None:
    sizes = connection.execute(text("SELECT size FROM checkpoint")).scalars().all()
    size = chance.choice(sizes)
    read = text("SELECT note FROM checkpoint WHERE size = :size")
    changed = bytearray(connection.execute(read, {"size": size}).scalar_one().encode())
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(7)
    connection.execute(
        text("UPDATE checkpoint SET note = :note WHERE size = :size"),
        {"note": bytes(changed).decode(errors="replace"), "size": size},
    )


def rewrite(connection: Connection, chance: random.Random, signer: Signer | None = None) -> None:
    """The able forger: edits a body, then leaf, tiles and, without the true key, checkpoints."""
    seq = chance.randrange(SIZE)
    connection.execute(
        text('UPDATE fact SET body = \'{"mass_kg":"0"}\' WHERE seq = :seq'), {"seq": seq}
    )
    connection.execute(text("UPDATE fact SET body = CAST(body AS BLOB)"))
    forged = Log(ORIGIN, signer or SIGNER)
    facts = []
    for row in connection.execute(tables.fact.select().order_by(tables.fact.c.seq)):
        facts.append(type(fact_of(0))(*row[:8]))
    batch = forged.prepare(facts, [salt_of(fact.seq) for fact in facts])
    for fact, leaf in zip(facts, batch.leaf_hashes, strict=True):
        connection.execute(
            text("UPDATE fact SET leaf_hash = :leaf WHERE seq = :seq"),
            {"leaf": leaf, "seq": fact.seq},
        )
    for level, number, tile in batch.tiles:
        connection.execute(
            text("UPDATE tile SET hashes = :hashes WHERE level = :level AND number = :number"),
            {"hashes": b"".join(tile.hashes), "level": level, "number": number},
        )
    if signer is not None:
        connection.execute(text("DELETE FROM checkpoint"))
        log = Log(ORIGIN, signer)
        for count in BATCHES:
            part = facts[log.size : log.size + count]
            log.accept(log.prepare(part, [salt_of(fact.seq) for fact in part]))
            row = {"size": log.size, "note": log.note, "signed_at": part[-1].recorded_at}
            connection.execute(tables.checkpoint.insert(), row)


def resign_with_another_key(connection: Connection, chance: random.Random) -> None:
    rewrite(connection, chance, Signer.from_seed(ORIGIN, sha256(b"thief").digest()))


def cut_tail(connection: Connection, chance: random.Random) -> None:
    """Remove the last batches with all that belongs to them: what an older copy looks like."""
    keep = sum(BATCHES[: chance.randrange(1, len(BATCHES))])
    connection.execute(text("DELETE FROM fact WHERE seq >= :keep"), {"keep": keep})
    connection.execute(text("DELETE FROM checkpoint WHERE size > :keep"), {"keep": keep})
    connection.execute(text("DELETE FROM tile WHERE number >= :full"), {"full": keep // 256})


def replay_with_the_true_key(connection: Connection, chance: random.Random) -> None:
    """Even the operator, who has the key, cannot rewrite what others saw."""
    rewrite(connection, chance, SIGNER)


def empty_unsaid(connection: Connection, chance: random.Random) -> None:
    """Destroy content as an erasure does, without the fact that must say so."""
    erase(connection, chance.randrange(SIZE), reason="none", legal_basis="none")


INSERT = (
    "INSERT INTO fact SELECT seq + 633, type, subject, issuer, actor, occurred_at, recorded_at,"
    " body, form, salt, leaf_hash FROM fact WHERE seq = :one"
)
EDITS: dict[str, Edit] = {
    "type": sql("UPDATE fact SET type = 'parcel.lost/1' WHERE seq = :one"),
    "subject": sql("UPDATE fact SET subject = subject || ' ' WHERE seq = :one"),
    "issuer": sql("UPDATE fact SET issuer = 'plants' WHERE seq = :one"),
    "actor": sql("UPDATE fact SET actor = 'officer:ghost' WHERE seq = :one"),
    "occurred": sql("UPDATE fact SET occurred_at = occurred_at - 1 WHERE seq = :one"),
    "recorded": sql("UPDATE fact SET recorded_at = recorded_at + 1 WHERE seq = :one"),
    "recorded as a fraction": sql("UPDATE fact SET recorded_at = 0.5 WHERE seq = :one"),
    "recorded out of all years": sql("UPDATE fact SET recorded_at = 1 << 62 WHERE seq = :one"),
    "body": sql("UPDATE fact SET body = CAST('{}' AS BLOB) WHERE seq = :one"),
    "body as text": sql("UPDATE fact SET body = CAST(body AS TEXT) WHERE seq = :one"),
    "body, one bit": flip_in_body,
    "salt": sql("UPDATE fact SET salt = :byte WHERE seq = :one"),
    "salt erased": sql("UPDATE fact SET salt = zeroblob(0) WHERE seq = :one"),
    "subject as bytes": sql("UPDATE fact SET subject = CAST(subject AS BLOB) WHERE seq = :one"),
    "subject not unicode": sql("UPDATE fact SET subject = CAST(X'FF' AS TEXT) WHERE seq = :one"),
    "leaf": sql("UPDATE fact SET leaf_hash = :byte WHERE seq = :one"),
    "leaf shortened": sql("UPDATE fact SET leaf_hash = X'00' WHERE seq = :one"),
    "tile, one bit": flip_in_tile,
    "tile as text": sql("UPDATE tile SET hashes = 'x' WHERE number = 1 OR number = :one"),
    "tile deleted": sql("DELETE FROM tile WHERE number = 0 OR number = :one"),
    "tile renumbered": sql("UPDATE tile SET number = 2 WHERE number = 1 OR number = :one"),
    "tile invented": sql("INSERT INTO tile SELECT 1, 0, hashes FROM tile WHERE number = 0"),
    "fact deleted": sql("DELETE FROM fact WHERE seq = :one"),
    "last fact deleted": sql("DELETE FROM fact WHERE seq = 632 OR seq = :one"),
    "fact invented": sql(INSERT),
    "facts swapped": swap("type, subject, issuer, actor, occurred_at, recorded_at, body, salt"),
    "facts and leaves swapped": swap(
        "type, subject, issuer, actor, occurred_at, recorded_at, body, form, salt, leaf_hash"
    ),
    "seq moved": sql("UPDATE fact SET seq = seq + 1000 WHERE seq = :one"),
    "note, one bit": flip_in_note,
    "note of another size": sql(
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 40)"
        " WHERE size = 341 OR size = :one"
    ),
    "checkpoint's time": sql(
        "UPDATE checkpoint SET signed_at = signed_at - 1 WHERE size = 341 OR size = :one"
    ),
    "last checkpoint deleted": sql("DELETE FROM checkpoint WHERE size = 633 OR size = :one"),
    "one checkpoint of many deleted": sql(
        "DELETE FROM checkpoint WHERE size IN (SELECT size FROM checkpoint WHERE size < 600"
        " ORDER BY (size * 7919 + :one) % 101 LIMIT 1)"
    ),
    "fact emptied": sql("UPDATE fact SET body = X'', salt = X'' WHERE seq = :one"),
    "fact emptied, its leaf kept": empty_unsaid,
    "all checkpoints deleted": sql("DELETE FROM checkpoint WHERE size > 0"),
    "edited, leaf and tiles made to fit": rewrite,
    "the same, signed by a thief": resign_with_another_key,
}
HIDDEN: dict[str, Edit] = {
    "older copy put back": cut_tail,
    "rewritten and signed by the operator": replay_with_the_true_key,
}
ROUNDS = 6


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_the_store_is_found(copy: Engine, name: str) -> None:
    chance = random.Random(name)
    with copy.connect() as connection:
        for _ in range(ROUNDS):
            EDITS[name](connection, chance)
            assert not check(connection).holds
            connection.rollback()
        assert check(connection).faults == ()  # the control: the honest store is left


@pytest.mark.parametrize("name", HIDDEN)
def test_what_no_store_can_know_is_found_with_a_checkpoint_from_outside(
    copy: Engine, name: str
) -> None:
    chance = random.Random(name)
    with copy.connect() as connection:
        for _ in range(ROUNDS):
            HIDDEN[name](connection, chance)
            assert check(connection).holds, "else this edit belongs to the others"
            assert codes(check(connection, OUTSIDE)) <= {"cut_off", "outside_root_differs"}
            assert not check(connection, OUTSIDE).holds
            connection.rollback()


def test_the_campaign_has_at_least_200_edits() -> None:
    assert ROUNDS * (len(EDITS) + len(HIDDEN)) >= 200


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE fact SET body = CAST('{}' AS BLOB) WHERE seq = 300", "leaf_differs"),
        ("UPDATE fact SET body = 3 WHERE seq = 300", "fact_unreadable"),
        ("UPDATE fact SET leaf_hash = 3 WHERE seq = 300", "leaf_malformed"),
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE number = 1", "tile_differs"),
    ],
)
def test_an_edit_of_one_thing_is_told_as_one_fault(copy: Engine, statement: str, code: str) -> None:
    with copy.connect() as connection:
        connection.execute(text(statement))
        report = check(connection)
    assert [fault.code for fault in report.faults] == [code]
    assert report.faults[0].place in (1, 300)


def test_a_million_faults_are_counted_but_not_all_kept(copy: Engine) -> None:
    with copy.connect() as connection:
        connection.execute(text("UPDATE fact SET body = CAST('{}' AS BLOB)"))
        report = check(connection)
    assert report.fault_count == SIZE
    assert len(report.faults) == 100


def test_checkpoints_of_others_from_outside_are_refused(copy: Engine) -> None:
    foreign = Signer.from_seed("plants.example/border", bytes(range(1, 33)))
    other = Log("plants.example/border", foreign).note
    with copy.connect() as connection:
        assert codes(check(connection, other)) == {"outside_note"}
        assert codes(check(connection, "not a note")) == {"outside_note"}
        known = [SIGNER.verifier, foreign.verifier]
        report = verify_store(connection, ORIGIN, known, outside=[other])
    assert "of 'plants.example/border', not of" in report.faults[0].message


def test_pages_overwritten_in_the_file_are_found(honest: Path, tmp_path: Path) -> None:
    chance, found = random.Random(5), 0
    for turn in range(20):
        damaged = bytearray(honest.read_bytes())
        at = chance.randrange(4096, len(damaged) - 512)
        damaged[at : at + 512] = chance.randbytes(512)
        path = tmp_path / f"{turn}.db"
        path.write_bytes(damaged)
        engine = open_writer(path)
        with engine.connect() as connection:
            found += not check(connection).holds
        engine.dispose()
    # Indexes and free space hold nothing that an audit of facts reads.
    assert found >= 10
