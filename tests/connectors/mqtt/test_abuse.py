"""A device with a good certificate that behaves badly: brokers and consumer outlive it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from clearway.connectors.mqtt import topics

from .conftest import Records, World, until

MINE = topics.published("reefer-1", "readings").encode()
OTHERS = topics.published("reefer-2", "readings").encode()


def text(value: bytes) -> bytes:
    """Return a text as MQTT writes it, whatever is in it."""
    return len(value).to_bytes(2, "big") + value


def framed(first: int, body: bytes) -> bytes:
    """Return a packet of this first byte."""
    length, parts = len(body), bytearray()
    while True:
        length, low = divmod(length, 128)
        parts.append(low | (0x80 if length else 0))
        if not length:
            return bytes([first]) + bytes(parts) + body


def connect(client: bytes = b"reefer-1", *, level: int = 4, flags: int = 2) -> bytes:
    """Return CONNECT of MQTT 3.1.1."""
    return framed(0x10, text(b"MQTT") + bytes([level, flags, 0, 60]) + text(client))


def publish(topic: bytes, payload: bytes = b"forged", qos: int = 1, packet_id: int = 1) -> bytes:
    """Return PUBLISH of MQTT 3.1.1."""
    number = packet_id.to_bytes(2, "big") if qos else b""
    return framed(0x30 | qos << 1, text(topic) + number + payload)


WILL = text(OTHERS) + text(b"forged")
CASES = {
    "the topic of another": connect() + publish(OTHERS),
    "a wildcard for all levels": connect() + publish(b"clearway/v1/devices/reefer-1/#"),
    "a wildcard for one level": connect() + publish(b"clearway/v1/devices/+/readings"),
    "the broker's own topics": connect() + publish(b"$SYS/broker/x") + publish(b"$MQTT/msgs/x"),
    "the other's name by a detour": connect() + publish(b"clearway/v1/devices/x/../reefer-2/x"),
    "an empty level": connect() + publish(b"clearway/v1/devices//readings"),
    "a dot in a level": connect() + publish(b"clearway.v1.devices.reefer-2.readings"),
    "an empty topic": connect() + publish(b""),
    "a null in a topic": connect() + publish(OTHERS + b"\x00"),
    "a topic that is no UTF-8": connect() + publish(OTHERS + b"\xff\xfe"),
    "a surrogate in a topic": connect() + publish(OTHERS + b"\xed\xa0\x80"),
    "a line break in a topic": connect() + publish(OTHERS + b"\r\nPUB x 1\r\nx\r\n"),
    "a topic of 65,000 bytes": connect() + publish(MINE + b"a" * 65_000),
    "60,000 levels": connect() + publish(MINE + b"/" * 60_000),
    "a length of 256 MB": connect() + b"\x30\xff\xff\xff\x7f",
    "a length of five bytes": connect() + b"\x30\xff\xff\xff\xff\x7f",
    "QoS 3": connect() + b"\x36" + publish(OTHERS)[1:],
    "QoS 2": connect() + publish(OTHERS, qos=2),
    "PUBLISH before CONNECT": publish(OTHERS),
    "CONNECT twice": connect() + connect() + publish(OTHERS),
    "an unknown packet": connect() + b"\xf0\x00",
    "SUBSCRIBE with wrong flags": connect() + b"\x83\x05\x00\x01\x00\x00\x00",
    "a packet cut short": connect() + b"\x32\x20" + text(OTHERS)[:8],
    "a version that does not exist": connect(level=9) + publish(OTHERS),
    "another protocol": framed(0x10, text(b"HTTP") + b"\x04\x02\x00\x3c" + text(b"x")),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a will for another": framed(0x10, text(b"MQTT") + b"\x04\x2e\x00\x3c" + text(b"x") + WILL),
    "a name and word of another": framed(
        0x10, text(b"MQTT") + b"\x04\xc2\x00\x3c" + text(b"x") + text(b"reefer-2") + text(b"x")
    )
    + publish(OTHERS),
    "the consumer's name": connect(b"clearway.consumer") + publish(OTHERS),
    "a client id of 60,000 bytes": connect(b"x" * 60_000) + publish(OTHERS),
    "an acknowledgement of nothing": connect() + b"\x40\x02\x12\x34" + b"\x62\x02\x12\x34",
    "subscriptions to everything": connect()
    + framed(0x82, b"\x00\x01" + text(b"#") + b"\x01" + text(b"$MQTT/#") + b"\x01"),
    "a thousand subscriptions": connect()
    + framed(0x82, b"\x00\x01" + b"".join(text(b"a/%d/+" % i) + b"\x01" for i in range(1_000))),
}


@pytest.fixture
def rogue(world: World) -> Iterator[RogueMaker]:
    with ExitStack() as closing:
        yield RogueMaker(world, closing)


class RogueMaker:
    """Opens raw connections with the certificate of reefer-1."""

    def __init__(self, world: World, closing: ExitStack) -> None:
        self._world, self._closing = world, closing
        self._tls = ssl.create_default_context(cafile=str(world.pki.ca))
        certificate, key = world.files["reefer-1"]
        self._tls.load_cert_chain(str(certificate), str(key))

    def plain(self) -> socket.socket:
        """Return a connection without TLS."""
        made = socket.create_connection(("127.0.0.1", self._world.server.port), timeout=5)
        self._closing.callback(made.close)
        return made

    def open(self) -> ssl.SSLSocket:
        """Return a connection with TLS on which nothing was said."""
        made = self._tls.wrap_socket(self.plain(), server_hostname="localhost")
        self._closing.callback(made.close)
        made.settimeout(5)
        return made

    def say(self, data: bytes, seconds: float = 0.05) -> bytes:
        """Say something, and return what came back until the broker closed or fell silent."""
        answer, link = b"", self.open()
        link.settimeout(seconds)
        try:
            link.sendall(data)
            while part := link.recv(65_536):
                answer += part
        except OSError:
            return answer  # closed, or nothing more to say
        finally:
            link.close()
        return answer


def test_no_bad_packet_reaches_the_consumer_or_harms_anybody(
    world: World, rogue: RogueMaker
) -> None:
    sink = Records()
    consumer = world.running(sink)
    for data in CASES.values():
        rogue.say(data)
    assert world.server.alive
    honest = world.device("reefer-2").up()
    honest.say(b"honest")
    until(lambda: sink.payloads)
    assert sink.payloads == [b"honest"]
    assert consumer.counters.connections == 1
    assert consumer.failure is None


def test_half_open_connections_leave_room_for_honest_devices(
    world: World, rogue: RogueMaker
) -> None:
    sink = Records()
    world.running(sink)
    for _ in range(200):
        rogue.plain().sendall(b"\x16\x03\x01")  # the first bytes of a handshake, no more
    for _ in range(20):
        rogue.open().sendall(b"\x10")  # the first byte of CONNECT, no more
    began = time.monotonic()
    world.device("reefer-2").up().say(b"honest")
    until(lambda: sink.payloads)
    assert time.monotonic() - began < 10


def test_a_slow_sender_holds_up_nobody(world: World, rogue: RogueMaker) -> None:
    sink = Records()
    world.running(sink)
    slow = rogue.open()
    slow.sendall(connect())
    data = publish(MINE, b"slow" * 10)
    honest = world.device("reefer-2").up()
    for i, byte in enumerate(data):
        slow.sendall(bytes([byte]))
        if i % 10 == 0:
            honest.say(b"%d" % i)
    until(lambda: b"slow" * 10 in sink.payloads)
    assert len(sink.payloads) == 1 + len(range(0, len(data), 10))


def test_a_flood_that_is_never_finished_stays_bounded(world: World, rogue: RogueMaker) -> None:
    """QoS 2 without its second half: what is kept for it is bounded, or it is not taken at all."""
    sink = Records()
    world.running(sink)
    before = _resident(world.server.pid)
    flood = rogue.open()
    flood.sendall(connect())
    payload, until_when = b"x" * 60_000, time.monotonic() + 1.5
    flood.settimeout(0.2)
    for number in range(1, 2_000):
        if time.monotonic() > until_when:
            break
        try:
            flood.sendall(publish(MINE, payload, 2, number))
        except OSError:
            break
    world.device("reefer-2").up().say(b"honest")
    until(lambda: b"honest" in sink.payloads)
    assert payload not in sink.payloads
    assert _resident(world.server.pid) - before < 64 * 1024, "kilobytes"


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])
