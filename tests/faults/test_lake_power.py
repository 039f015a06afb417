"""Power cuts while facts are copied to the lake: what its manifest lists is whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import polars.exceptions
import pytest
from sqlalchemy import text

from clearway.errors import ClearwayError
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log

from .child import ORIGIN, SIGNER
from .conftest import Disk

FACTS = 600
CUTS = 3
COPY = """
import os, sys
from pathlib import Path
from clearway.lake.writer import LakeWriter
from clearway.ledger.database import open_reader
if sys.argv[3] == "careless":
    os.fsync = lambda descriptor: None
engine = open_reader(Path(sys.argv[1]))
print("ready", flush=True)
with engine.connect() as connection:
    LakeWriter(Path(sys.argv[2]), chunk=2).copy(connection)
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some facts."""
    path = tmp_path_factory.mktemp("store") / "node.db"
    engine = open_writer(path)
    tables.METADATA.create_all(engine)
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    log = Log(ORIGIN, SIGNER)
    facts = [
        Fact(n, "number.counted/1", f"number:{n}", "customs", "a", noon, noon, b"{}")
        for n in range(FACTS)
    ]
    batch = log.prepare(facts, [sha256(b"%d" % n).digest() for n in range(FACTS)])
    with engine.begin() as connection:
        log.write(connection, batch)
    engine.dispose()
    return path


def cut_while_copying(disk: Disk, database: Path, how: str, seconds: float | None) -> None:
    """Cut the power so many seconds after the copy began, or right after its end."""
    command = [sys.executable, "-c", COPY, str(database), str(disk.path / "lake"), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        if seconds is None:
            assert child.stdout.readline() == b"done\n"
        else:
            time.sleep(seconds)
        disk.cut_power()
        child.kill()
    disk.power_up()


def numbers(folder: Path) -> list[int]:
    with Lake(folder) as lake:
        return [seq for (seq,) in lake.rows("SELECT seq FROM facts ORDER BY seq")[1]]


@pytest.mark.slow
def test_a_power_cut_leaves_a_whole_lake_and_the_next_copy_goes_on(
    disk: Disk, database: Path
) -> None:
    chance = random.Random(5)
    for _ in range(CUTS):
        cut_while_copying(disk, database, "careful", chance.uniform(0.1, 0.4))
        found = numbers(disk.path / "lake")
        assert found == list(range(len(found)))
        engine = open_writer(database)
        with engine.connect() as connection:
            LakeWriter(disk.path / "lake").copy(connection)
            assert connection.execute(text("SELECT count(*) FROM fact")).scalar() == FACTS
        engine.dispose()
        assert numbers(disk.path / "lake") == list(range(FACTS))
        disk.format()
    cut_while_copying(disk, database, "careful", None)
    assert numbers(disk.path / "lake") == list(range(FACTS)), "a copy that ended is durable"


@pytest.mark.slow
def test_the_control_that_never_synchronises_loses(disk: Disk, database: Path) -> None:
    for _ in range(5):
        cut_while_copying(disk, database, "careless", None)
        try:
            if numbers(disk.path / "lake") != list(range(FACTS)):
                return
        except (ClearwayError, polars.exceptions.PolarsError):
            return
        disk.format()
    raise AssertionError("a lake without fsync never lost anything: these cuts are none")
