"""One agency's validator: the pinned CometBFT binary and our application, started and stopped.

    with Validator(home, find_binary("")) as validator:
        ...

Both run in processes of their own with the home as their folder; what they say goes to `app.log`
and `comet.log` there. If one ends, the other is of no use: `alive` says so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from clearway.errors import InputError, TryLater
from clearway.ledger.order.cometbft.server import SOCKET

VERSION = "0.38."
_START_S = 20.0
_STOP_S = 5.0


def find_binary(setting: str) -> Path:
    """Return the CometBFT binary: of the setting, beside this Python, or on the PATH.

    Raises: InputError: there is none, or it is of another version; says what to do.
    """
    beside = Path(sys.executable).parent / "cometbft"
    on_path = shutil.which("cometbft")
    for candidate in (setting, beside if beside.exists() else None, on_path):
        if candidate:
            return _require_version(Path(candidate))
    raise InputError(
        "There is no cometbft binary; run tools/install_cometbft.sh (needs Go), or get v0.38.25"
        " and name it by the setting cometbft_path"
    )


def _require_version(binary: Path) -> Path:
    try:
        said = subprocess.run(
            [binary, "version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(f"{binary} cannot be run as cometbft: {error}") from error
    if not said.removeprefix("v").startswith(VERSION):
        raise InputError(f"{binary} is version {said[:40]!r}; the order needs {VERSION}x")
    return binary


class Validator:
    """The two processes of one home; use as a context manager."""

    def __init__(self, home: Path, binary: Path) -> None:
        self.home = home
        self._binary = binary
        self._app: subprocess.Popen[bytes] | None = None
        self._comet: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Validator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether both processes run."""
        return all(each is not None and each.poll() is None for each in (self._app, self._comet))

    @property
    def pids(self) -> tuple[int, int]:
        """Process ids of application and engine. Raises: TryLater: it is not started."""
        if self._app is None or self._comet is None:
            raise TryLater("The validator is not started")
        return self._app.pid, self._comet.pid

    def start(self) -> None:
        """Start both. Raises: TryLater: the application does not come up; says where to look."""
        self.stop()
        (self.home / SOCKET).unlink(missing_ok=True)
        server = "clearway.ledger.order.cometbft.server"
        self._app = self._spawn("app.log", sys.executable, "-m", server, ".", "--until-eof")
        end = time.monotonic() + _START_S
        while not (self.home / SOCKET).exists():
            if self._app.poll() is not None or time.monotonic() > end:
                self.stop()
                raise TryLater(f"The order's application does not start; see {self.home}/app.log")
            time.sleep(0.02)
        self._comet = self._spawn("comet.log", str(self._binary), "start", "--home", ".")

    def stop(self) -> None:
        """Stop both in order, engine first; kill what does not end."""
        for process in (self._comet, self._app):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(_STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
        self._reap()

    def kill(self) -> None:
        """Kill both at once, as a power cut of the process would (SIGKILL)."""
        for process in (self._comet, self._app):
            if process is not None:
                process.kill()
        self._reap()

    def _reap(self) -> None:
        for process in (self._comet, self._app):
            if process is not None:
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()
        self._app = self._comet = None

    def _spawn(self, log: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / log).open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self.home,
                # Closed when we end, however we end; the application ends with it, and the engine
                # with the application.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C goes to us, and we stop it in order
            )
