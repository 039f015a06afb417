"""A broker for the bench, plain and on loopback, and the bare path through it: read, acknowledge.

Certificates are left out on both sides: what is measured is our share of the work.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clearway.cli.bench.coldchain_generator import hello
from clearway.connectors.mqtt import codec, topics
from clearway.connectors.mqtt.servers import find_mosquitto, find_nats, free_port
from clearway.errors import TryLater

_START_S: Final = 10.0
_LARGEST: Final = 1 << 20
_MOSQUITTO: Final = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
"""
_NATS: Final = """
server_name: bench
host: 127.0.0.1
port: {other}
jetstream {{ store_dir: "{folder}" }}
mqtt {{ host: 127.0.0.1, port: {port}, max_ack_pending: 65535 }}
"""


@contextmanager
def broker(kind: str = "mosquitto") -> Iterator[int]:
    """Give the port of a running broker: `mosquitto` or `nats`. Raises: InputError: not there."""
    program = find_mosquitto() if kind == "mosquitto" else find_nats()
    text = _MOSQUITTO if kind == "mosquitto" else _NATS
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        port, file = free_port(), Path(folder) / "broker.conf"
        file.write_text(text.format(port=port, other=free_port(), folder=folder), encoding="utf-8")
        process = subprocess.Popen(
            [program, "-c", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ended = atexit.register(process.kill)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()
            atexit.unregister(ended)


def _wait_for(port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TryLater("The broker of the bench does not start")


@contextmanager
def generator(port: int, *counts: int) -> Iterator[None]:
    """Run the generator beside; it has ended well when this ends."""
    command = [sys.executable, "-m", "clearway.cli.bench.coldchain_generator", str(port)]
    process = subprocess.Popen([*command, *map(str, counts)])
    try:
        yield
        if process.wait(timeout=60):
            raise TryLater("The generator of the bench did not end well")
    finally:
        process.kill()
        process.wait()


class Bare:
    """Reads messages, acknowledges each, and counts; use as a context manager."""

    def __init__(self, port: int, version: int) -> None:
        self.count = 0
        self._version = version
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(hello("bare", version))
        self._socket.recv(4_096)
        self._socket.sendall(codec.subscribe(1, topics.FILTERS, version=version))
        self._socket.recv(4_096)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Bare:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        rest = b""
        while data := self._socket.recv(262_144):
            rest += data
            packets, used = codec.read(rest, largest=_LARGEST, version=self._version)
            rest = rest[used:]
            found = [one.packet_id for one in packets if isinstance(one, codec.Publish)]
            self._socket.sendall(b"".join(map(codec.puback, found)))
            self.count += len(found)
