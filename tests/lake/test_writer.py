"""Copying: every fact once, in its place, whatever is killed when."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from clearway.errors import StorageFailure, TryLater, WrongState
from clearway.lake import compaction, manifest
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter, alone

from .conftest import appender, in_lake, stored


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}


def listed(folder: Path) -> set[str]:
    state = manifest.load(folder)
    return {part.path for part in state.parts} | set(state.retired)


def test_the_lake_holds_what_the_store_holds(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        appender(connection)(47)
        assert LakeWriter(tmp_path / "lake").copy(connection) == 47
        assert in_lake(tmp_path / "lake") == stored(connection)


def test_files_stand_by_noun_and_recorded_date(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        appender(connection)(12)
        LakeWriter(tmp_path).copy(connection)
    assert files_of(tmp_path) == {
        "facts/noun=parcel/date=2026-03-02/0-9.parquet",
        "facts/noun=gate/date=2026-03-02/2-8.parquet",
        "facts/noun=parcel/date=2026-03-03/10-10.parquet",
        "facts/noun=gate/date=2026-03-03/11-11.parquet",
    }


def test_a_second_copy_brings_only_what_is_new(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        append, writer = appender(connection), LakeWriter(tmp_path)
        assert writer.copy(connection) == 0
        append(5)
        assert writer.copy(connection) == 5
        before = files_of(tmp_path)
        assert writer.copy(connection) == 0
        assert files_of(tmp_path) == before
        append(3)
        assert LakeWriter(tmp_path).copy(connection) == 3
        assert in_lake(tmp_path) == stored(connection)


def test_chunks_make_no_difference(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        appender(connection)(50)
        LakeWriter(tmp_path / "one").copy(connection)
        LakeWriter(tmp_path / "many", chunk=7).copy(connection)
        assert in_lake(tmp_path / "one") == in_lake(tmp_path / "many") == stored(connection)


def test_small_files_are_merged_and_old_ones_leave_at_the_next_merge(
    engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        append, writer = appender(connection, per_day=1000), LakeWriter(tmp_path, chunk=3)
        append(45)
        writer.copy(connection)
        assert len(files_of(tmp_path)) == 30, "two nouns, fifteen chunks"
        with Lake(tmp_path) as opened_before:
            append(3)
            writer.copy(connection)
            assert {part.path for part in manifest.load(tmp_path).parts} == {
                "facts/noun=parcel/date=2026-03-02/0-46.parquet",
                "facts/noun=gate/date=2026-03-02/2-47.parquet",
            }
            assert len(files_of(tmp_path)) == 34, "old files stay for those who read them"
            assert opened_before.rows("SELECT count(*) FROM facts")[1] == [(45,)]
        assert in_lake(tmp_path) == stored(connection)
        append(45)
        writer.copy(connection)
        assert in_lake(tmp_path) == stored(connection)
        assert len(manifest.load(tmp_path).parts) == 2
        assert files_of(tmp_path) == listed(tmp_path)


def test_a_merge_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = tuple(
        manifest.Part(f"facts/noun=a/date=b/{n}-{n}.parquet", n, n, 99_999) for n in range(20)
    )
    (due,) = compaction._due(manifest.Manifest(cursor=19, parts=parts))
    assert sum(part.rows for part in due) <= 2 * compaction.SMALL
    assert len(due) == 2


class Killed(BaseException):
    """Stands for the end of the process at this very moment."""


ARMED: list[int] = []


def _count_down(event: str, _arguments: object) -> None:
    """Stop the copy before its n-th change of the file system."""
    if ARMED and event in ("open", "os.rename", "os.mkdir", "os.remove"):
        ARMED[0] -= 1
        if ARMED[0] < 0:
            raise Killed


sys.addaudithook(_count_down)


def crash_at(step: int, connection: Connection, folder: Path, chunk: int) -> bool:
    """Copy with a crash at this step; return whether it came that far."""
    writer = LakeWriter(folder, chunk=chunk)
    ARMED[:] = [step]
    try:
        writer.copy(connection)
    except Killed:
        return True
    finally:
        ARMED.clear()
    return False


def test_a_crash_at_any_step_leaves_a_whole_lake(engine: Engine, tmp_path: Path) -> None:
    """Every change of the file system of a copy with 34 files and a merge is a place to die."""
    with engine.connect() as connection:
        append = appender(connection, per_day=1000)
        append(45)
        LakeWriter(tmp_path / "start", chunk=3).copy(connection)
        append(6)
        everything, step = stored(connection), 0
        while True:
            folder = tmp_path / str(step)
            shutil.copytree(tmp_path / "start", folder)
            if not crash_at(step, connection, folder, chunk=3):
                break
            facts = in_lake(folder)
            assert facts == everything[: len(facts)], step
            assert manifest.load(folder).cursor == len(facts) - 1
            LakeWriter(folder).copy(connection)
            assert in_lake(folder) == everything
            assert files_of(folder) == listed(folder)
            assert not list(folder.rglob("*.tmp"))
            step += 1
        assert step > 25


CHILD = """
import sys
from pathlib import Path
from clearway.lake.writer import LakeWriter
from clearway.ledger.database import open_reader
engine = open_reader(Path(sys.argv[1]))
print("ready", flush=True)
with engine.connect() as connection:
    LakeWriter(Path(sys.argv[2]), chunk=3).copy(connection)
"""


def test_kill_9_in_the_middle_of_a_copy_leaves_a_whole_lake(engine: Engine, tmp_path: Path) -> None:
    folder, database, cut = tmp_path / "lake", tmp_path / "node.db", 0
    with engine.connect() as connection:
        append = appender(connection, per_day=10_000)
        for turn in range(3):
            append(600)
            command = [sys.executable, "-c", CHILD, str(database), str(folder)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(0.01 + 0.03 * turn)
                child.kill()
            facts = in_lake(folder)
            assert facts == stored(connection)[: len(facts)]
            cut += len(facts) < (turn + 1) * 600
        assert cut > 0, "the control: at least one copy was really cut"
        LakeWriter(folder).copy(connection)
        assert in_lake(folder) == stored(connection)
        assert files_of(folder) == listed(folder)


def test_two_copies_at_once_are_refused_not_mixed(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection, alone(tmp_path):
        appender(connection)(5)
        with pytest.raises(TryLater, match="Somebody else is copying"):
            LakeWriter(tmp_path).copy(connection)


def test_a_lake_of_another_ledger_is_refused(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        append = appender(connection)
        append(8)
        LakeWriter(tmp_path).copy(connection)
        connection.execute(text("UPDATE fact SET leaf_hash = zeroblob(32) WHERE seq = 7"))
        with pytest.raises(WrongState, match="delete that folder and copy the facts again"):
            LakeWriter(tmp_path).copy(connection)
        connection.execute(text("DELETE FROM fact WHERE seq > 5"))
        with pytest.raises(WrongState, match="ends with a fact 7"):
            LakeWriter(tmp_path).copy(connection)


@pytest.mark.parametrize("content", [b"", b"{", b'{"parts": 3}', b'{"other": 1}', b"\xff"])
def test_a_damaged_manifest_says_what_to_do(engine: Engine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / manifest.NAME).write_bytes(content)
    with engine.connect() as connection, pytest.raises(StorageFailure, match="copy the facts agai"):
        LakeWriter(tmp_path).copy(connection)


def test_a_manifest_of_a_later_version_is_not_touched(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_bytes(b'{"lake": "clearway-lake/2"}')
    with engine.connect() as connection, pytest.raises(StorageFailure, match="only 'clearway-lake"):
        LakeWriter(tmp_path).copy(connection)


def test_a_fact_that_is_not_text_is_told(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        appender(connection)(3)
        connection.execute(text("UPDATE fact SET body = X'FF' WHERE seq = 1"))
        with pytest.raises(StorageFailure, match="between 0 and 1 is not text"):
            LakeWriter(tmp_path).copy(connection)
        assert in_lake(tmp_path) == []


def test_a_noun_cannot_lead_out_of_the_folder(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "lake"
    with engine.connect() as connection:
        appender(connection)(1)
        connection.execute(text("UPDATE fact SET type = '/../../x y=1'"))
        LakeWriter(folder).copy(connection)
        assert in_lake(folder) == stored(connection)
        with Lake(folder) as lake:
            assert lake.rows("SELECT noun FROM facts")[1] == [("/",)]
    assert {path.parts[0] for path in (p.relative_to(tmp_path) for p in tmp_path.glob("*"))} == {
        "deep",
        "node.db",
        "node.db-wal",
        "node.db-shm",
    }
