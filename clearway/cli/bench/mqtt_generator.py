"""Devices that publish over mutual TLS as fast as acknowledgements come, in a process of their own.

    python -m clearway.cli.bench.mqtt_generator PORT FOLDER MESSAGES PER

FOLDER holds `ca.pem`, and `<device>.pem` and `<device>.key` of each device; each publishes an equal
share of MESSAGES with PER readings each, over a connection of its own. It says `READY` when all are
connected, begins when it hears `GO`, and ends when the broker has acknowledged all.
"""

from __future__ import annotations

import select
import sys
import threading
from pathlib import Path
from typing import Final

from clearway.cli.bench.coldchain_generator import body_of, container_of, hello, now
from clearway.connectors.mqtt import codec, topics
from clearway.connectors.mqtt.link import Address, Link, context

READY: Final = b"ready\n"
GO: Final = b"go\n"
# Unacknowledged messages of one device; nats-server hangs up on whose wait for the disk 5 seconds.
_WINDOW: Final = 50
_CHUNK: Final = 25  # messages of one write
_VERSION: Final = 4
_TURN_MS: Final = 50
_LARGEST: Final = 1 << 20


class _Device:
    """One device on one connection."""

    def __init__(self, number: int, port: int, folder: Path) -> None:
        name = f"logger-{number}"
        files = folder / f"{name}.pem", folder / f"{name}.key"
        self._link = Link(
            Address("127.0.0.1", port, "localhost"), context(folder / "ca.pem", *files)
        )
        self._topic = topics.published(name, "readings")
        head = f'{{"device":"{name}","container":"{container_of(number)}","boot_id":"1"'
        self._head = f'{head},"readings":['.encode()
        self._rest, self._acknowledged, self._is_known = b"", 0, False
        self._link.send(hello(name, _VERSION))
        while not self._is_known:
            self._hear()

    def publish(self, messages: int, per: int) -> None:
        """Publish, and wait for the last acknowledgement."""
        sent = 0
        while self._acknowledged < messages:
            count = min(_CHUNK, messages - sent, _WINDOW - (sent - self._acknowledged))
            if count > 0:
                stamp = now()
                packets = [self._packet(i, per, stamp) for i in range(sent, sent + count)]
                self._link.send(b"".join(packets))
                sent += count
            self._hear()

    def _packet(self, number: int, per: int, stamp: str) -> bytes:
        payload = self._head + body_of(number * per, per, stamp) + b"]}"
        packet_id = number % 65_535 + 1
        return codec.publish(self._topic, payload, packet_id, retain=False, version=_VERSION)

    def _hear(self) -> None:
        self._link.flush()
        waits = select.poll()
        waits.register(self._link, select.POLLIN | (select.POLLOUT if self._link.waiting else 0))
        waits.poll(_TURN_MS)
        self._rest += self._link.receive()
        packets, used = codec.read(self._rest, largest=_LARGEST, version=_VERSION)
        self._rest = self._rest[used:]
        for packet in packets:
            self._acknowledged += isinstance(packet, codec.PubAck)
            self._is_known |= isinstance(packet, codec.ConnAck)


def main(port: int, folder: Path, messages: int, per: int) -> None:
    """Publish from all devices of a folder at once."""
    count = len(list(folder.glob("logger-*.pem")))
    devices = [_Device(number, port, folder) for number in range(count)]
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    if sys.stdin.buffer.readline() != GO:
        return
    threads = [
        threading.Thread(target=device.publish, args=(messages // count, per)) for device in devices
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
