"""The export: what any tlog-tiles client reads, grown step by step, safe to break off anywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from clearway.errors import NotFound, StorageFailure, TryLater, VerificationError
from clearway.ledger import durable, publish, tables
from clearway.ledger.audit import audit
from clearway.ledger.commitment import commitment, entry
from clearway.ledger.durable import held
from clearway.ledger.export import export
from clearway.ledger.log import Log
from clearway.ledger.quorum import Quorum
from clearway.ledger.resource import ENTRIES, Resource
from clearway.ledger.source import FolderSource

from .conftest import ORIGIN, SIGNER, facts_of, fill, salt_of
from .foreign_log import static_files

QUORUM = Quorum.of([SIGNER.verifier])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def entries_of(batches: list[int]) -> list[bytes]:
    found: list[bytes] = []
    for count in batches:
        facts = facts_of(len(found), count)
        found += [entry(commitment(fact, salt_of(fact.seq))) for fact in facts]
    return found


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    yield engine
    engine.dispose()


def fresh(engine: Engine) -> Connection:
    tables.METADATA.drop_all(engine)
    tables.METADATA.create_all(engine)
    return engine.connect()


def publish_to(connection: Connection, log: Log, folder: Path, **options: bool) -> object:
    return export(connection, folder, log.note, [log.verifier], **options)


@pytest.mark.parametrize(
    "size", [0, 1, 255, 256, 257, 512, pytest.param(70_000, marks=pytest.mark.slow)]
)
def test_the_files_are_those_that_the_specifications_define(
    engine: Engine, tmp_path: Path, size: int
) -> None:
    batches = [size] if size else []
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, batches)
        publish_to(connection, log, tmp_path / "out")
    found = files_of(tmp_path / "out")
    assert found.pop("checkpoint").decode() == log.note
    assert found == static_files(entries_of(batches))


@settings(suppress_health_check=list(HealthCheck), max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.booleans())
def test_an_export_grown_in_steps_is_a_fresh_one_and_an_audit_accepts_each(
    memory: Engine, tmp_path_factory: pytest.TempPathFactory, batches: list[int], prune: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")
    with fresh(memory) as connection:
        log = Log(ORIGIN, SIGNER)
        notes: list[str] = []
        for count in batches:
            fill(connection, log, [count])
            publish_to(connection, log, folder / "grown", prune=prune)
            notes.append(log.note)
            report = audit(FolderSource(folder / "grown"), QUORUM.judge, since=notes)
            assert report.holds, report.faults
            assert report.checkpoint.size == log.size
        publish_to(connection, log, folder / "fresh")
        connection.rollback()
    grown, new = files_of(folder / "grown"), files_of(folder / "fresh")
    assert {path: grown[path] for path in new} == new
    assert all(".p/" in path for path in grown.keys() - new.keys())
    shutil.rmtree(folder)


def test_partial_tiles_stay_until_the_full_one_stood_under_a_former_checkpoint(
    engine: Engine, tmp_path: Path
) -> None:
    seen = []
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        for count in (10, 20, 300, 1, 1):
            fill(connection, log, [count])
            publish_to(connection, log, tmp_path, prune=True)
            found = sorted((tmp_path / "tile" / "0").rglob("*.p/*"))
            seen.append([f"{file.parent.name}/{file.name}" for file in found])
    assert seen == [
        ["000.p/10"],
        ["000.p/10", "000.p/30"],
        ["000.p/10", "000.p/30", "001.p/74"],
        ["001.p/74", "001.p/75"],
        ["001.p/74", "001.p/75", "001.p/76"],
    ]


def test_without_pruning_every_partial_tile_ever_published_stays(
    engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        for count in (10, 300, 1, 300):
            fill(connection, log, [count])
            publish_to(connection, log, tmp_path)
    assert (tmp_path / "tile/0/000.p/10").is_file()
    assert (tmp_path / "tile/0/001.p/54").is_file()


def test_what_is_there_already_is_not_written_again(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [600])
        publish_to(connection, log, tmp_path)
        again = export(connection, tmp_path, log.note, [log.verifier])
        assert (again.files, again.bytes, again.since) == (0, 0, 600)
        fill(connection, log, [1])
        more = export(connection, tmp_path, log.note, [log.verifier])
        assert more.files == 3  # a tile and a bundle one wider, and the checkpoint


def test_an_export_broken_off_anywhere_is_resumed_to_the_same_files(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at the n-th fsync, for each n: clients see the old checkpoint or the new."""
    real = os.fsync
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [300])
        publish_to(connection, log, tmp_path / "before")
        fill(connection, log, [300])
        shutil.copytree(tmp_path / "before", tmp_path / "whole")
        publish_to(connection, log, tmp_path / "whole")
        wanted = files_of(tmp_path / "whole")
        broken = 0
        for at in range(100):
            folder = tmp_path / f"broken{at}"
            shutil.copytree(tmp_path / "before", folder)
            calls = iter(range(at))

            def fsync(descriptor: int, calls: Iterator[int] = calls) -> None:
                if next(calls, None) is None:
                    raise OSError(5, "Input/output error")
                real(descriptor)

            monkeypatch.setattr(durable.os, "fsync", fsync)
            try:
                publish_to(connection, log, folder)
                break
            except StorageFailure as error:
                assert "Input/output error" in error.detail
                broken += 1
            finally:
                monkeypatch.setattr(durable.os, "fsync", real)
            assert audit(FolderSource(folder), QUORUM.judge).holds
            publish_to(connection, log, folder)
            assert {p: c for p, c in files_of(folder).items() if not p.endswith(".new")} == wanted
    assert broken > 10


def test_a_folder_with_a_later_checkpoint_shows_that_this_store_was_rolled_back(
    engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [30])
        older = log.note
        fill(connection, log, [30])
        publish_to(connection, log, tmp_path)
        before = files_of(tmp_path)
        with pytest.raises(VerificationError, match="60 entries, this log has 30: it was rolled"):
            export(connection, tmp_path, older, [log.verifier])
    assert files_of(tmp_path) == before


def test_a_folder_of_another_history_or_another_log_is_left_alone(
    engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [30])
        publish_to(connection, log, tmp_path)
        connection.execute(text("UPDATE fact SET leaf_hash = zeroblob(32) WHERE seq = 3"))
        with pytest.raises(VerificationError, match="history was changed"):
            publish_to(connection, log, tmp_path)
        connection.rollback()
        (tmp_path / "checkpoint").write_bytes(b"\xff")
        with pytest.raises(VerificationError, match="not UTF-8"):
            publish_to(connection, log, tmp_path)


def test_a_changed_fact_is_not_published(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [30])
        connection.execute(text("UPDATE fact SET body = '{}' WHERE seq = 7"))
        with pytest.raises(VerificationError, match="Fact 7 is not what its leaf commits to"):
            publish_to(connection, log, tmp_path)
        connection.rollback()
    assert not (tmp_path / "checkpoint").exists()


def test_an_erased_fact_still_has_its_entry(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        log = Log(ORIGIN, SIGNER)
        fill(connection, log, [30])
        erased = {"seq": 7, "commitment": entries_of([30])[7][-32:]}
        connection.execute(tables.erased.insert(), erased)
        connection.execute(text("UPDATE fact SET body = x'', salt = x'' WHERE seq = 7"))
        connection.commit()
        publish_to(connection, log, tmp_path)
    assert audit(FolderSource(tmp_path), QUORUM.judge).holds


def test_two_exports_into_one_folder_do_not_mix(engine: Engine, tmp_path: Path) -> None:
    log = Log(ORIGIN, SIGNER)
    with (
        engine.connect() as connection,
        held(tmp_path),
        pytest.raises(TryLater, match="Another process writes"),
    ):
        publish_to(connection, log, tmp_path)


def test_a_folder_that_cannot_be_written_is_said_so(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with engine.connect() as connection, pytest.raises(StorageFailure, match="cannot be written"):
        publish_to(connection, Log(ORIGIN, SIGNER), tmp_path / "file" / "log")


def test_what_the_log_does_not_reach_is_not_found(engine: Engine) -> None:
    with engine.connect() as connection:
        fill(connection, Log(ORIGIN, SIGNER), [30])
        for resource in (Resource(0, 0, 31), Resource(ENTRIES, 0), Resource(ENTRIES, 4, 1)):
            with pytest.raises(NotFound):
                publish.read_resource(connection, resource)
