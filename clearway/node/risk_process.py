"""One job of `risk_job` in a process of its own: begun, watched, ended, and told what came of it.

The process may be killed, starve or find the disk full; the node hears of it as an outcome with a
code. When the node stops, the process stops.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from clearway.ledger.fact import decode, encode
from clearway.node.risk_job import Done, Job

_LOOK_S = 0.1
_GRACE_S = 5.0
_MOST_WORDS = 2_000


class Process:
    """Runs jobs, one at a time.

    Args:
        timeout_s: after so long a job is killed.
    """

    def __init__(self, timeout_s: float = 3 * 3600.0) -> None:
        self._timeout_s = timeout_s
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, None without one."""
        return None if self._process is None else self._process.pid

    def run(self, job: Job) -> Done:
        """Do a job elsewhere and return what came of it; an outcome with a code when it failed."""
        with tempfile.TemporaryDirectory(prefix="clearway-risk-") as folder:
            out = Path(folder) / "done.json"
            file = Path(folder) / "job.json"
            file.write_bytes(encode(replace(job, out=str(out))))
            with (Path(folder) / "said").open("w+b") as said:
                status = self._watch(file, said.fileno())
                said.seek(0)
                words = said.read()[-_MOST_WORDS:].decode(errors="replace").strip()
            return _outcome(out, status, words)

    def stop(self) -> None:
        """End the running job, if any, and take no more."""
        self._stopping.set()

    def _watch(self, file: Path, said: int) -> int:
        """Run the process until it ends, takes too long or is to stop; return its status."""
        if self._stopping.is_set():
            return 1
        command = [sys.executable, "-m", "clearway.node.risk_job", str(file)]
        # One core, whatever the libraries would take.
        few = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=_environment(few)
        )
        until = time.monotonic() + self._timeout_s
        try:
            while self._process.poll() is None:
                if self._stopping.wait(_LOOK_S) or time.monotonic() > until:
                    _end(self._process)
            return self._process.returncode
        finally:
            self._process = None


# The child reads the lake and models, and nothing that this process was trusted with: no password
# of a store or a mail server, no key. It must find what this process found, wherever that started.
_HANDED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT",
)  # fmt: skip


def _environment(few: dict[str, str]) -> dict[str, str]:
    known = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return {**known, **few, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _outcome(out: Path, status: int, words: str) -> Done:
    if not out.is_file():
        why = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        last = words.splitlines()[-1] if words else ""
        return Done(code="process_ended", detail=f"The process {why}. {last}".strip())
    try:
        return decode(out.read_bytes(), Done)
    except (msgspec.DecodeError, msgspec.ValidationError) as broken:
        return Done(code="process_ended", detail=f"The outcome cannot be read: {broken}")
