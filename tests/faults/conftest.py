"""Machinery for breaking things: a child that is killed, a disk that loses power."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from clearway.ledger import witnessed
from clearway.ledger.database import open_writer
from clearway.ledger.log import Log
from clearway.ledger.verify import verify_store

from .child import ORIGIN, PARTNER, SIGNER

CHILD = Path(__file__).with_name("child.py")
# _IOR('X', 125, __u32) of Linux: the file system stops at once; 2 = without flushing its journal.
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2


class Child:
    """The process that commits, and the numbers that it has said."""

    def __init__(self, *arguments: object, wrapper: tuple[str, ...] = ()) -> None:
        command = [*wrapper, sys.executable, str(CHILD), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._said = b""
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)

    def listen(self, seconds: float, *, at_least: int = 1, patience: float = 20.0) -> None:
        """Read what it says for so long, from its first words on."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            self._read()
            if self._process.poll() is not None:
                return
            if self.count >= at_least and until - time.monotonic() > seconds:
                until = time.monotonic() + seconds
            time.sleep(0.001)

    @property
    def count(self) -> int:
        """How many numbers it has said."""
        return self._said.count(b"\n")

    @property
    def numbers(self) -> list[int]:
        """The numbers that it has said whole."""
        return [int(line) for line in self._said.rpartition(b"\n")[0].split()]

    def kill(self) -> None:
        """End it as `kill -9` does. What it said before still counts; what is in the pipe too."""
        self._process.kill()
        self.wait()

    def wait(self, *, read: bool = True) -> int:
        """Wait for its end and return its exit code."""
        assert self._process.stdout is not None and self._process.stderr is not None
        try:
            code = self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        if read:
            self._read()
        self.complaint = self._process.stderr.read().decode(errors="replace")
        self._process.stdout.close()
        self._process.stderr.close()
        return code

    def drop(self) -> None:
        """End it without counting anything that it said after the last `listen`."""
        self._process.kill()
        self.wait(read=False)

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while chunk := os.read(self._process.stdout.fileno(), 1 << 20):
                self._said += chunk
        except BlockingIOError:
            pass


@dataclass
class Verdict:
    """What a store holds after a fault.

    Args:
        size: facts stored.
        lost: numbers that were answered and are not there.
        doubled: numbers that are there more than once.
        faults: what the audit found.
    """

    size: int
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is lost, doubled or broken."""
        return not (self.lost or self.doubled or self.faults)


def judge(database: Path, answered: list[int]) -> Verdict:
    """Open the store as a node does after a crash, and compare it with what was answered."""
    engine = open_writer(database)
    try:
        with engine.connect() as connection:
            integrity = connection.execute(text("PRAGMA integrity_check")).scalar()
            log = Log.open(connection, ORIGIN, SIGNER)
            report = verify_store(connection, ORIGIN, [SIGNER.verifier], outside=[log.note])
            beside = _beside(connection, answered)
            subjects = connection.execute(text("SELECT subject FROM fact")).scalars().all()
    finally:
        engine.dispose()
    stored = [int(subject.partition(":")[2]) for subject in subjects]
    present = set(stored)
    faults = [fault.message for fault in report.faults] + beside
    return Verdict(
        log.size,
        [number for number in answered if number not in present],
        sorted({number for number in stored if stored.count(number) > 1})
        if len(present) != len(stored)
        else [],
        faults if integrity == "ok" else [*faults, f"integrity check: {integrity}"],
    )


def _beside(connection: Connection, answered: list[int]) -> list[str]:
    """Return what is wrong with the witness's state and the cosignatures kept with each number."""
    held = witnessed.find_held(connection, PARTNER)
    cosigned = set(connection.execute(text("SELECT size FROM cosignature")).scalars())
    size = 0 if held is None else held.state.size
    faults = []
    if held is not None and int.from_bytes(held.state.root, "big") != size - 1:
        faults.append(f"the witness's state of size {size} is torn")
    if answered and size <= max(answered):
        faults.append(f"the witness's state went back to {size}")
    lost = [number for number in answered if number + 1 not in cosigned]
    return [*faults, f"cosignatures are lost: {lost}"] if lost else faults


class Disk:
    """An ext4 file system in a file, whose power can be cut."""

    def __init__(self, folder: Path) -> None:
        self._image = folder / "disk.img"
        self.path = folder / "disk"
        self.path.mkdir()

    def format(self) -> None:
        """Make the file system anew and mount it."""
        self.unmount()
        self._image.unlink(missing_ok=True)
        _run("truncate", "-s", "96M", str(self._image))
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Mount it; its journal is replayed."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def unmount(self) -> None:
        """Unmount it, if it is mounted."""
        for _ in range(100):
            if not os.path.ismount(self.path):
                return
            subprocess.run(["umount", str(self.path)], stderr=subprocess.DEVNULL, check=False)
            time.sleep(0.02)
        raise RuntimeError(f"{self.path} cannot be unmounted")

    def cut_power(self) -> None:
        """Lose all that was not synchronised, as a power cut does."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def power_up(self) -> None:
        """Mount it again after a cut."""
        self.unmount()
        self.mount()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk whose power can be cut; skips where this machine cannot have one."""
    if os.geteuid() != 0:
        pytest.skip("power cuts need root: a loop device is mounted")
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"power cuts need {', '.join(missing)}")
    made = Disk(tmp_path)
    try:
        made.format()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"power cuts need a loop device: {error.stderr.decode().strip()}")
    yield made
    made.unmount()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named on the command line."""
    parser.addoption("--every-call", action="store_true", help="at every system call, no sample")
