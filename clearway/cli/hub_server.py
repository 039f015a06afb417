"""Running a hub: its store, its door with mutual TLS, in one process."""

from __future__ import annotations

import fcntl
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import structlog

from clearway.cli.hub_folder import HubFolder, read_directory, read_lists
from clearway.cli.logs import configure_logging
from clearway.cli.mutual_tls import TlsServer
from clearway.cli.output import EXIT_STOP, say
from clearway.connectors.ippc_hub import letterbox, tls
from clearway.connectors.ippc_hub.server import PATH, HubServer
from clearway.connectors.ippc_hub.service import Service
from clearway.connectors.ippc_hub.store import Store
from clearway.errors import InputError, TryLater
from clearway.ledger.database import open_aside
from clearway.node.clock import Clock, utc_now

_MOST_CONNECTIONS: Final = 1_024
_LOOK_S: Final = 2.0
# The door and the store's writer share one interpreter; an answer must not wait 5 ms for its turn.
_SWITCH_S: Final = 0.0005
logger = structlog.get_logger()


def forget(folder: HubFolder, before: datetime) -> int:
    """Empty letters that were answered and came before; return how many. May run while it serves.

    Raises: InputError: there is no hub.
    """
    read_directory(folder)
    engine = open_aside(folder.database)
    try:
        with engine.begin() as connection:
            return letterbox.forget(connection, before)
    finally:
        engine.dispose()


@contextmanager
def hub_opened(folder: HubFolder, clock: Clock = utc_now) -> Iterator[Service]:
    """Open a hub. Raises: InputError: there is none. TryLater: another process has it."""
    directory, lists = read_directory(folder), read_lists(folder)
    with (folder.root / "hub.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TryLater(f"Another process serves the hub in {folder.root}") from error
        with Store(folder.database) as store:
            yield Service(store, directory, clock, lists)


def listener(
    folder: HubFolder, service: Service, listening: socket.socket, address: str = ""
) -> TlsServer:
    """Return the hub's door; use as a context manager, or `run` it.

    Args:
        address: under which members reach it; "": where it listens.
    """
    host, port = listening.getsockname()[:2]
    app: Any = HubServer(service, address or f"https://{host}:{port}")
    context = tls.server_context(folder.certificate, folder.key, folder.trusted)
    return TlsServer(app, context, listening, name="hub", most_connections=_MOST_CONNECTIONS)


class Rereading:
    """Takes up a directory that changed while the hub serves; use as a context manager.

    One that cannot be read is told and changes nothing.
    """

    def __init__(self, folder: HubFolder, service: Service, look_s: float = _LOOK_S) -> None:
        self._folder, self._service, self._look_s = folder, service, look_s
        self._seen = _stamp(folder)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="directory", daemon=True)

    def __enter__(self) -> Rereading:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._look_s):
            found = _stamp(self._folder)
            if found == self._seen:
                continue
            self._seen = found
            try:
                self._service.directory = read_directory(self._folder)
            except InputError as error:
                logger.warning("hub_directory_unread", detail=error.detail)


def _stamp(folder: HubFolder) -> tuple[int, int]:
    try:
        found = folder.directory.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def serve(folder: HubFolder, host: str, port: int, address: str) -> None:
    """Serve until interrupted; exit 70 when the store failed."""
    configure_logging("INFO")
    sys.setswitchinterval(_SWITCH_S)
    listening = _listen(host, port)
    with hub_opened(folder) as service, Rereading(folder, service):
        door = listener(folder, service, listening, address)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        shown = address or f"https://{host}:{door.port}"
        say(f"The hub listens on {shown}{PATH} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            door.run()
        listening.close()
        failure = service.store.failure
    if failure is not None:
        say(f"[red]{failure.title}:[/] {failure.detail}")
        sys.exit(EXIT_STOP)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"The hub cannot listen on {host}, port {port}: {error.strerror}; choose another --port"
        ) from error
