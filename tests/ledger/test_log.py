"""The stored log: across restarts, failed commits and every size around a tile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from clearway.errors import NotFound, VerificationError
from clearway.ledger import checkpoint, tables
from clearway.ledger.commitment import leaf_hash
from clearway.ledger.database import open_reader
from clearway.ledger.log import Log
from clearway.ledger.merkle import EMPTY_ROOT, Frontier
from clearway.ledger.note import Signer, open_note
from clearway.ledger.proofs import verify_consistency, verify_inclusion

from .conftest import ORIGIN, SIGNER, fact_of, facts_of, fill, prepared, salt_of


def leaves(size: int, batches: list[int]) -> list[bytes]:
    """Return the leaf hashes that `fill` made of these batches."""
    found, first = [], 0
    for count in batches:
        found += [leaf_hash(fact, salt_of(fact.seq)) for fact in facts_of(first, count)]
        first += count
    return found[:size]


def root_of(hashes: list[bytes]) -> bytes:
    frontier = Frontier()
    for hash_ in hashes:
        frontier.append(hash_)
    return frontier.root()


def head_of_note(note: str) -> checkpoint.Checkpoint:
    return checkpoint.parse(open_note(note, [SIGNER.verifier]).text)


def head_of(log: Log) -> checkpoint.Checkpoint:
    return head_of_note(log.note)


def test_a_new_log_is_empty_and_says_so_under_its_signature() -> None:
    assert head_of(Log(ORIGIN, SIGNER)) == checkpoint.Checkpoint(ORIGIN, 0, EMPTY_ROOT)


def test_an_empty_store_opens_as_an_empty_log(engine: Engine) -> None:
    with engine.connect() as connection:
        assert Log.open(connection, ORIGIN, SIGNER).size == 0


@pytest.mark.parametrize(
    "batches",
    [[1], [255], [256], [257], [3, 250, 5], [300, 300, 1], [1] * 10, [1024, 1, 511]],
)
def test_the_log_after_a_restart_is_the_log_before_it(engine: Engine, batches: list[int]) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, batches)
        opened = Log.open(connection, ORIGIN, SIGNER)
        assert opened.note == log.note
        assert head_of(opened).root == root_of(leaves(sum(batches), batches))
        fill(connection, log, [7])
        connection.rollback()
    assert log.size == sum(batches) + 7


def test_a_restarted_log_goes_on_as_if_it_had_never_stopped(engine: Engine) -> None:
    batches = [100, 200, 300, 7]
    with engine.connect() as connection:
        for count in batches:
            fill(connection, Log.open(connection, ORIGIN, SIGNER), [count])
        assert head_of(Log.open(connection, ORIGIN, SIGNER)).root == root_of(leaves(607, batches))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25, deadline=None)
@given(
    batches=st.lists(st.integers(1, 600), min_size=1, max_size=4),
    data=st.data(),
)
def test_proofs_from_the_store_verify(batches: list[int], data: st.DataObject) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    tables.METADATA.create_all(engine)
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, batches)
        hashes = leaves(log.size, batches)
        for proving in (log, Log.open(connection, ORIGIN, SIGNER)):
            size = data.draw(st.integers(1, log.size))
            seq = data.draw(st.integers(0, size - 1))
            root = root_of(hashes[:size])
            verify_inclusion(seq, size, hashes[seq], proving.inclusion(connection, seq, size), root)
            path = proving.consistency(connection, seq + 1, size)
            verify_consistency(seq + 1, size, path, root_of(hashes[: seq + 1]), root)
    engine.dispose()


def test_three_tile_levels_are_grown_and_read_back(engine: Engine) -> None:
    """65,536 leaves fill a tile of level 1, whose root begins level 2."""
    batches = [16_384] * 4 + [300]
    log, size = Log(ORIGIN, SIGNER), sum(batches)
    with engine.connect() as connection:
        fill(connection, log, batches)
        opened = Log.open(connection, ORIGIN, SIGNER)
        assert opened.note == log.note
        hashes, root = leaves(size, batches), head_of(opened).root
        assert root == root_of(hashes)
        for seq in (0, 255, 256, 65_535, 65_536, size - 1):
            verify_inclusion(seq, size, hashes[seq], opened.inclusion(connection, seq), root)
        tiles = connection.execute(text("SELECT level, count(*) FROM tile GROUP BY level")).all()
        assert [tuple(row) for row in tiles] == [(0, 257), (1, 1)]


def test_preparing_a_batch_changes_nothing(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    before = log.note
    prepared(log, 300)
    assert (log.size, log.note) == (0, before)


def test_a_failed_commit_leaves_the_old_state(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [200])
        before = log.note
        log.write(connection, prepared(log, 300))
        connection.rollback()
        assert (log.size, log.note) == (200, before)
        assert Log.open(connection, ORIGIN, SIGNER).note == before
        fill(connection, log, [300])
        assert head_of(log).root == root_of(leaves(500, [200, 300]))


def test_a_batch_prepared_before_another_was_accepted_is_refused(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    late = prepared(log, 1)
    with engine.connect() as connection:
        fill(connection, log, [2])
    with pytest.raises(VerificationError, match="after 0 facts cannot follow 2"):
        log.accept(late)


def test_an_empty_batch_writes_nothing(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [5])
        before = log.note
        fill(connection, log, [0])
        assert log.note == before
        assert connection.execute(text("SELECT count(*) FROM checkpoint")).scalar() == 1


def test_a_gap_in_the_numbers_is_refused() -> None:
    with pytest.raises(VerificationError, match="Fact 3 cannot stand at place 0"):
        Log(ORIGIN, SIGNER).prepare([fact_of(3)], [salt_of(3)])


def test_a_salt_must_be_given_for_each_fact() -> None:
    with pytest.raises(VerificationError, match="2 facts, but 1 salts"):
        Log(ORIGIN, SIGNER).prepare(facts_of(0, 2), [salt_of(0)])


def test_facts_of_the_newest_batch_are_proved_without_a_read(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [1000, 400])
    closed = engine.connect()
    closed.close()
    for seq in (1000, 1279, 1280, 1399):
        path = log.inclusion(closed, seq)  # a closed connection cannot be read from
        verify_inclusion(seq, 1400, leaves(1400, [1000, 400])[seq], path, head_of(log).root)


@pytest.mark.parametrize(("seq", "size"), [(5, 5), (-1, 5), (0, 6), (0, 0)])
def test_a_proof_beyond_the_log_is_refused(engine: Engine, seq: int, size: int) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [5])
        with pytest.raises(VerificationError, match="this log has 5 facts"):
            log.inclusion(connection, seq, size)
        with pytest.raises(VerificationError, match="this log has 5 facts"):
            log.consistency(connection, 0, 5)


def test_a_receipt_from_the_store_bears_its_fact(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [3, 4])
        assert log.receipt(connection, 5) == log.receipt_for(
            connection, fact_of(5, batch=3), salt_of(5)
        )
        with pytest.raises(NotFound, match="No fact 7"):
            log.receipt(connection, 7)


def test_a_fact_of_a_commit_not_yet_accepted_has_no_receipt(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        log.write(connection, prepared(log, 3))
        connection.commit()
        with pytest.raises(NotFound, match="No fact 1"):
            log.receipt(connection, 1)


def test_a_missing_tile_is_named(engine: Engine) -> None:
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), [600])
        log = Log.open(connection, ORIGIN, SIGNER)
        connection.execute(text("DELETE FROM tile WHERE number = 0"))
        with pytest.raises(VerificationError, match="Tile 0 of level 0 is missing"):
            log.inclusion(connection, 3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DELETE FROM fact WHERE seq >= 590", "not those of the last signed checkpoint"),
        ("DELETE FROM fact WHERE seq = 595", "right edge"),
        ("DELETE FROM tile WHERE number = 1", "right edge"),
        ("DELETE FROM checkpoint", "no signed checkpoint"),
        ("DELETE FROM checkpoint WHERE size = 600", "not those of the last signed checkpoint"),
        ("UPDATE fact SET leaf_hash = zeroblob(32) WHERE seq = 599", "not those of the last"),
        ("UPDATE tile SET hashes = zeroblob(8192)", "not those of the last signed checkpoint"),
        ("UPDATE tile SET hashes = zeroblob(3)", "has 3 bytes"),
        ("UPDATE checkpoint SET note = replace(note, '600', '601')", "does not hold"),
        ("UPDATE checkpoint SET note = 'gone'", "no blank line"),
    ],
)
def test_a_damaged_store_does_not_open(engine: Engine, damage: str, message: str) -> None:
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), [300, 300])
        connection.execute(text(damage))
        with pytest.raises(VerificationError, match=message):
            Log.open(connection, ORIGIN, SIGNER)


def test_a_store_of_another_log_does_not_open(engine: Engine) -> None:
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), [3])
        with pytest.raises(VerificationError, match="are not those of the last signed checkpoint"):
            Log.open(connection, "plants.example/border", SIGNER)


def test_a_new_key_opens_the_store_when_the_former_one_is_named(engine: Engine) -> None:
    heir = Signer.from_seed(ORIGIN, bytes(range(1, 33)))
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), [3])
        with pytest.raises(VerificationError, match="No known key"):
            Log.open(connection, ORIGIN, heir)
        log = Log.open(connection, ORIGIN, heir, former=[SIGNER.verifier])
        fill(connection, log, [2])
    assert open_note(log.note, [heir.verifier]).names == (ORIGIN,)


def test_readers_prove_while_the_writer_goes_on(tmp_path: Path, engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    readers = open_reader(tmp_path / "node.db")
    ended = threading.Event()

    def prove() -> int:
        proved = 0
        with readers.connect() as connection:
            while not ended.is_set():
                head = head_of_note(log.note)
                if head.size:
                    seq = proved * 7919 % head.size
                    leaf = leaf_hash(fact_of(seq, batch=seq - seq % 37), salt_of(seq))
                    path = log.inclusion(connection, seq, head.size)
                    verify_inclusion(seq, head.size, leaf, path, head.root)
                    proved += 1
                connection.rollback()
        return proved

    with ThreadPoolExecutor(3) as pool, engine.connect() as connection:
        proofs = [pool.submit(prove) for _ in range(3)]
        fill(connection, log, [37] * 40)
        ended.set()
        assert all(proof.result() for proof in proofs)
    readers.dispose()


def test_the_newest_facts_are_proved_from_memory_and_only_they(engine: Engine) -> None:
    log = Log(ORIGIN, SIGNER)
    with engine.connect() as connection:
        fill(connection, log, [300])
        reopened = Log.open(connection, ORIGIN, SIGNER)
        assert log.recent_inclusion(0, 300) == log.inclusion(connection, 0)
        assert reopened.recent_inclusion(299, 300) == log.inclusion(connection, 299)
        assert reopened.recent_inclusion(0, 300) is None
