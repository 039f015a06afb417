"""Devices that publish over MQTT as fast as they are let, in a process of their own.

    python -m clearway.cli.bench.coldchain_generator PORT MESSAGES PER DEVICES FIRST RATE

Publishes batches of PER readings at QoS 1 over one connection, with the instant of publishing as
the time of the last reading; RATE a second, 0: as fast as acknowledgements come. Ends when the
broker has acknowledged all.
"""

from __future__ import annotations

import socket
import sys
import time
from typing import Final

from clearway.connectors.mqtt import codec
from clearway.node.clock import utc_now
from clearway.terms.transport import ContainerNumber

_WINDOW: Final = 2_000  # unacknowledged messages
_CHUNK: Final = 100  # messages of one write
_VERSION: Final = 4
_TURN_S: Final = 0.002


def container_of(device: int) -> ContainerNumber:
    """Return the container in which a device of the bench sits."""
    return ContainerNumber.build(f"CWYU{device:06d}")


def head_of(device: int) -> bytes:
    """Return the beginning of each of a device's messages."""
    text = f'{{"device":"logger-{device}","container":"{container_of(device)}","boot_id":"1"'
    return f'{text},"readings":['.encode()


def body_of(first: int, per: int, stamp: str) -> bytes:
    """Return the readings of a message: numbers from `first`, all at the instant `stamp`."""
    readings = (
        f'{{"seq":{seq},"at":"{stamp}","supply_c":{seq % 13 / 10},"return_c":{seq % 17 / 10},'
        f'"ambient_c":18.5,"powered":true}}'
        for seq in range(first, first + per)
    )
    return ",".join(readings).encode()


def now() -> str:
    """Return this instant as a message has it."""
    return utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hello(client_id: str, version: int) -> bytes:
    """Return the packet with which a client of the bench introduces itself."""
    return codec.connect(
        client_id, keepalive_s=60, version=version, receive_maximum=65_535, largest=1 << 20
    )


class _Publisher:
    """One connection with all devices behind it, as a gateway has."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(hello("generator", _VERSION))
        self._socket.recv(4_096)
        self._acknowledged = 0

    def publish(self, messages: int, per: int, devices: int, first: int, rate: int) -> None:
        heads = [head_of(device) for device in range(devices)]
        topics = [f"clearway/v1/devices/logger-{device}/readings" for device in range(devices)]
        began, sent = time.monotonic(), 0
        while sent < messages:
            allowed = messages if not rate else int((time.monotonic() - began) * rate)
            count = min(_CHUNK, messages - sent, allowed - sent)
            if count <= 0:
                time.sleep(_TURN_S)
                continue
            stamp, out = now(), bytearray()
            for number in range(sent, sent + count):
                device, part = number % devices, number // devices
                body = heads[device] + body_of(first + part * per, per, stamp) + b"]}"
                packet = number % 65_535 + 1
                out += codec.publish(topics[device], body, packet, retain=False, version=_VERSION)
            self._socket.sendall(out)
            sent += count
            self._hear(sent - _WINDOW)
        self._hear(sent)

    def _hear(self, at_least: int) -> None:
        """Read acknowledgements (four bytes each) until so many have come."""
        while self._acknowledged < at_least * 4:
            heard = self._socket.recv(65_536)
            if not heard:
                raise SystemExit("the broker hung up")
            self._acknowledged += len(heard)

    def close(self) -> None:
        self._socket.sendall(codec.DISCONNECT)
        self._socket.close()


if __name__ == "__main__":
    port, *counts = map(int, sys.argv[1:])
    publisher = _Publisher(port)
    publisher.publish(*counts)
    publisher.close()
