"""A disk that fills up: who is not stored is told so, and all goes on when there is room again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from clearway.errors import TryLater
from clearway.ledger import tables
from clearway.ledger.committer import Committer
from clearway.ledger.database import open_writer
from clearway.ledger.log import Log

from .child import ORIGIN, SIGNER, count
from .conftest import judge

LONG = "x" * 20_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk needs root: a tmpfs is mounted")
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs a tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_and_a_freed_one_goes_on(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    database = small_disk / "node.db"
    engine = open_writer(database)
    tables.METADATA.create_all(engine)
    with engine.connect() as connection:
        log = Log.open(connection, ORIGIN, SIGNER)
    committer = Committer(
        engine, log, {}, clock=lambda: datetime(2026, 3, 2, tzinfo=UTC), entropy=os.urandom
    )
    committer.start()
    answered, refused = [], 0
    for number in range(200):
        try:
            committer.submit("a", partial(count, number=number, padding=LONG)).result(10)
            answered.append(number)
        except TryLater:
            refused += 1
            ballast.unlink(missing_ok=True)  # what an operator keeps for this hour
            if refused == 3:
                break
    committer.close()
    engine.dispose()
    assert committer.failure is None
    assert refused == 3
    assert answered[-1] > 10
    # The audit needs a little room itself: on a copy, as an operator would.
    for file in small_disk.glob("node.db*"):
        shutil.copy(file, small_disk.parent / file.name)
    verdict = judge(small_disk.parent / "node.db", answered)
    assert verdict.holds, verdict
    assert verdict.size == len(answered)
