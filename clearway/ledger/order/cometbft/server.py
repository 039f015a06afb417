"""The application's socket: CometBFT opens four connections and speaks length-prefixed messages.

    python -m clearway.ledger.order.cometbft.server HOME [--until-eof]

listens on `app.sock` in HOME and keeps the order in `order.db` there, until SIGTERM; with
`--until-eof` also until its standard input ends, so that it never outlives who started it, however
that ended. Any failure
that could lead to a wrong answer ends the process: the engine then stops as well, and a restart
replays.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType

from clearway.errors import ClearwayError
from clearway.ledger.database import open_writer
from clearway.ledger.order.cometbft.application import Application
from clearway.ledger.order.cometbft.messages import read_request, split_frame, write_response
from clearway.ledger.order.tables import TABLES
from clearway.ledger.tables import METADATA

SOCKET = "app.sock"
DATABASE = "order.db"
_CHUNK = 65_536
_VISIT_S = 10.0
EXIT_STOP = 70
_visited = threading.Event()


def serve(home: Path) -> int:
    """Serve until SIGTERM or a failure; return the exit code."""
    os.chdir(home)  # the path of a Unix socket has at most 107 bytes: a relative one always fits
    engine = open_writer(Path(DATABASE))
    METADATA.create_all(engine, tables=list(TABLES))
    application = Application(engine)
    Path(SOCKET).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o600)
        listener.listen(8)
        signal.signal(signal.SIGTERM, _end)
        while True:
            connection, _ = listener.accept()
            _visited.set()
            threading.Thread(target=_attend, args=(application, connection), daemon=True).start()


def _attend(application: Application, connection: socket.socket) -> None:
    """Answer one connection until it ends; on a failure end the whole process."""
    try:
        with connection:
            converse(application, connection)
    except OSError:
        return  # the engine went away
    except ClearwayError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n")
        sys.stderr.flush()
        os._exit(EXIT_STOP)


def converse(application: Application, connection: socket.socket) -> None:
    """Answer requests in order, many in one write.

    Raises: ClearwayError: after the engine was told that it must stop.
    """
    buffer = b""
    while chunk := connection.recv(_CHUNK):
        buffer += chunk
        answers = []
        while (found := split_frame(buffer)) is not None:
            frame, buffer = found
            try:
                name, request = read_request(frame)
                answers.append(write_response(name, application.answer(name, request)))
            except ClearwayError as error:
                connection.sendall(write_response("Exception", {"error": error.detail}))
                raise
        if answers:
            connection.sendall(b"".join(answers))


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _end_with_input() -> None:
    """End when standard input does; an engine that has lost its application ends as well.

    An engine that never found one would try for ever, so it is let in first.
    """
    sys.stdin.buffer.read()
    _visited.wait(_VISIT_S)
    os._exit(0)


if __name__ == "__main__":
    if "--until-eof" in sys.argv[2:]:
        threading.Thread(target=_end_with_input, daemon=True).start()
    sys.exit(serve(Path(sys.argv[1])))
