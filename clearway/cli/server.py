"""Running a node behind uvicorn: API and console in one process, workers beside them."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from clearway.api.admission import Admission, Turns
from clearway.api.app import LONG_PATHS, build_api
from clearway.api.guard import Guard
from clearway.cli.interpreter import SWITCH_S, tuned
from clearway.cli.logs import configure_logging
from clearway.cli.output import EXIT_STOP, say
from clearway.cli.partner_server import partners_served
from clearway.cli.store import readable
from clearway.console.app import build_console
from clearway.errors import InputError, MustStop
from clearway.node.clock import entropy, utc_now
from clearway.node.devices_intake import devices_served
from clearway.node.files import Folder
from clearway.node.hub import hub_served
from clearway.node.node import Node, create
from clearway.node.workers import Workers
from clearway.settings import Settings


def application(node: Node) -> ASGIApp:
    """Return the whole ASGI application of a node: console, API, and the gate before both."""
    api = build_api(node)
    routes = [
        Route("/", lambda request: RedirectResponse("/console/")),
        Mount("/console", build_console(node)),
        Mount("/", api),
    ]
    turns = Turns(node.settings.at_work_limit, node.settings.lane_limit)
    inside = Admission(Starlette(routes=routes), api.state.doorkeeper, turns, LONG_PATHS)
    return Guard(inside, node.settings, LONG_PATHS)


class Server:
    """uvicorn in a thread of its own, for the demo and the tests; or in the foreground."""

    def __init__(self, node: Node, *, port: int | None = None) -> None:
        settings = node.settings
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(node),
                host=settings.host,
                port=settings.port if port is None else port,
                http="httptools",
                loop="uvloop",
                limit_concurrency=settings.connection_limit,
                backlog=4_096,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=10,
                access_log=False,
                server_header=False,
                log_config=None,
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)
        node.on_stop(self._halt)

    def run(self, listening: socket.socket) -> None:
        """Serve in this thread until interrupted or the node stops."""
        # uvicorn passes the signal on when it has ended; the node must still be closed then.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with tuned(), suppress(KeyboardInterrupt):
            self._server.run(sockets=[listening])

    def __enter__(self) -> Server:
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def _halt(self, error: MustStop) -> None:
        self._server.should_exit = True


def serve(settings: Settings, *, create: bool) -> None:
    """Run until interrupted; exit 70 when the node had to stop."""
    configure_logging(settings.log_level)
    _create_if_asked(settings, create)
    database = Folder.of(settings).store
    with (
        _listen(settings) as listening,
        readable(database),
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
        Workers(node),
        partners_served(node),
        hub_served(node),
        devices_served(node) as intake,
    ):
        port = listening.getsockname()[1]
        say(f"Clearway listens on http://{settings.host}:{port}/ (Ctrl-C ends it)")
        if intake is not None and intake.address:
            say(f"Devices connect to {intake.address}")
        Server(node).run(listening)
        failure = node.failure
    if failure is not None:
        say(f"[red]{failure.title}:[/] {failure.detail}")
        sys.exit(EXIT_STOP)


def _listen(settings: Settings) -> socket.socket:
    """Raises: InputError: the address is not ours, or taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise InputError(
            f"Clearway cannot listen on {settings.host}, port {settings.port}: {error.strerror};"
            " change the settings host and port, or stop what listens there"
        ) from error


def _create_if_asked(settings: Settings, wanted: bool) -> None:
    if not wanted or Folder(settings.data_directory).key.exists():
        return
    from clearway.cli.setup import first_administrator

    create(settings, entropy)
    name, token = first_administrator(settings)
    say(f"A new node was made. Administrator {name}, token, shown once: [bold]{token}[/]")
