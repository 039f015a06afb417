"""Notices what a broker dropped although it acknowledged it, from the broker's log.

    with Watch(server, told) as watch:
        watch.dropped

The log is read while it grows; a new file under its name is followed after the old one's end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Final

import structlog

from clearway.connectors.mqtt.model import Denial
from clearway.connectors.mqtt.servers import Server

logger = structlog.get_logger()
_TURN_S: Final = 0.25
_CHUNK: Final = 1024 * 1024
_LONGEST_LINE: Final = 64 * 1024


class Watch:
    """Follows one broker's log in a thread of its own; use as a context manager.

    Args:
        told: hears of each denial, from the thread; be quick.
    """

    def __init__(self, server: Server, told: Callable[[Denial], None]) -> None:
        self._server = server
        self._told = told
        self._path: Path = server.folder / server.log
        self._file: IO[bytes] | None = None
        self._rest = b""
        self.dropped = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-log", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._close()

    def _run(self) -> None:
        while not self._ended.wait(_TURN_S):
            try:
                self._follow()
                if self._file is not None and _is_same(self._path, self._file):
                    self._server.limit_log()  # never a file that was not begun to be read
            except OSError as error:
                logger.warning("mqtt_log_unread", path=str(self._path), detail=str(error))
        self._follow()

    def _follow(self) -> None:
        """Read to the end; if another file has the name by now, go on with that one."""
        while True:
            if self._file is None:
                self._file = _opened(self._path)
            if self._file is None:
                return
            self._read(self._file)
            if not self._path.exists() or _is_same(self._path, self._file):
                return  # nothing new yet; a renamed file is written on until the broker lets go
            self._read(self._file)  # what came between the reading and the renaming
            self._close()

    def _read(self, file: IO[bytes]) -> None:
        while chunk := file.read(_CHUNK):
            whole, _, self._rest = (self._rest + chunk).rpartition(b"\n")
            self._rest = self._rest[-_LONGEST_LINE:]
            for denial in self._server.denials(whole):
                self.dropped += 1
                self._told(denial)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""


def _opened(path: Path) -> IO[bytes] | None:
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        return None


def _is_same(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
