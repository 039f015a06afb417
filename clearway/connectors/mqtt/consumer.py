"""The consumer: takes devices' messages from a broker, and acknowledges what is durable.

    with Consumer([address], tls, sink, client_id=..., version=5, clock=utc_now, draw=node.draw):
        ...

A message is acknowledged when the sink's future is answered: after the commit, or with a refusal
that would be the same again. Whatever ends before that, the broker keeps the message and sends it
again; the sink knows it by device, boot and sequence. What is in flight is bounded in number and
bytes: above, nothing is read, and the broker has to wait.

One thread does it all (a TLS connection has one user at a time); futures only ring its bell.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Final

import structlog

from clearway.connectors.mqtt import codec, topics, words
from clearway.connectors.mqtt.flights import Flight, Flights
from clearway.connectors.mqtt.link import Address, Link, LinkLost
from clearway.connectors.mqtt.model import (
    LARGEST_MESSAGE,
    Bounds,
    Counters,
    Incoming,
    Sink,
)
from clearway.connectors.mqtt.topics import Form
from clearway.connectors.mqtt.words import Outbox
from clearway.errors import ClearwayError, InputError, MustStop

logger = structlog.get_logger()
_LARGEST_PACKET: Final = LARGEST_MESSAGE + 1_024
_CONNACK_S: Final = 10.0
_TURN_S: Final = 0.5
_HELD_S: Final = 0.02
_FLOOD: Final = 256  # unacknowledged messages; above, marks of devices are collected
_MARKS_S: Final = 0.25
_SUBSCRIPTION: Final = 1
_KNOWN_TOPICS: Final = 100_000
_NOBODY: Final[tuple[str, Form]] = ("", "json")


class Consumer:
    """Takes messages in a thread of its own; use as a context manager.

    Args:
        addresses: of the broker, or of each server of a cluster; the next one after a failure.
        tls: shows the consumer's certificate (`link.context`); None: plain, in tests of speed only.
        client_id: names the session that the broker keeps for us. Nobody else may know it where
            the broker does not bind it to the certificate: who connects under it ends our session.
        version: 4 for MQTT 3.1.1, 5 for 5.0.
        clock: gives the instant of arrival, aware UTC.
        draw: gives numbers from 0 to below 1, to spread when many connect again.
        admits: whether this device may send still, whatever the broker let through.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        tls: ssl.SSLContext | None,
        sink: Sink,
        *,
        client_id: str,
        version: int,
        clock: Callable[[], datetime],
        draw: Callable[[], float],
        admits: Callable[[str], bool] = lambda device: True,
        bounds: Bounds | None = None,
    ) -> None:
        self._addresses = tuple(addresses)
        self._tls = tls
        self._client_id = client_id
        self._version = version
        self._clock = clock
        self._draw = draw
        self._bounds = bounds or Bounds()
        self.counters = Counters()
        self.failure: MustStop | None = None
        self._outbox = Outbox(self._bounds.marks, self._bounds.refusals)
        self._flights = Flights(sink, self._bounds, admits, self._ring)
        self._topics: dict[bytes, tuple[str, Form]] = {}
        self._bell, self._hears = socket.socketpair()
        self._bell.setblocking(False)
        self._hears.setblocking(False)
        self._rung = False
        self._marks_due, self._marks_at = 0, 0.0
        self._ended = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def __enter__(self) -> Consumer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._ring()
        self._thread.join()
        self._bell.close()
        self._hears.close()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until the broker took our subscription; return whether it did in that time."""
        return self._ready.wait(seconds)

    @property
    def is_connected(self) -> bool:
        """Whether messages come in now."""
        return self._ready.is_set()

    @property
    def in_flight(self) -> int:
        """Messages that the broker sent and we have not acknowledged."""
        return self._flights.count

    @property
    def unsaid(self) -> int:
        """Words for devices that the broker does not have yet."""
        return self._outbox.waiting

    def _run(self) -> None:
        """Connect again and again, longer apart each time, until told to end."""
        pause, turn = self._bounds.first_wait_s, 0
        while not self._ended.is_set():
            before = self.counters.connections
            try:
                self._connected(self._addresses[turn % len(self._addresses)])
            except MustStop as error:
                self.failure = error
                logger.critical("mqtt_sink_failed", detail=error.detail)
                break
            except (LinkLost, InputError) as error:
                logger.warning("mqtt_link_lost", detail=str(error))
            except Exception:  # a defect of ours: devices must not wait for somebody to see it
                logger.exception("mqtt_consumer_failed")
            turn += 1
            self._flights.let_go()
            self._outbox.lost()
            if self.counters.connections > before:
                pause = self._bounds.first_wait_s
            self._ended.wait(pause * (0.5 + self._draw()))
            pause = min(pause * 2, self._bounds.longest_wait_s)
        self._ready.clear()

    def _connected(self, address: Address) -> None:
        """Live with one connection until it breaks or we end."""
        link = Link(address, self._tls)
        try:
            rest = self._introduce(link)
            self._serve(link, rest)
            link.send(codec.DISCONNECT)
            link.flush()
        finally:
            link.close()
            self._ready.clear()

    def _introduce(self, link: Link) -> bytes:
        """Send CONNECT and SUBSCRIBE; return bytes that came after CONNACK."""
        link.send(
            codec.connect(
                self._client_id,
                keepalive_s=self._bounds.keepalive_s,
                version=self._version,
                receive_maximum=min(self._bounds.messages, 65_535),
                largest=_LARGEST_PACKET,
            )
        )
        link.flush()
        data, end = b"", time.monotonic() + _CONNACK_S
        while time.monotonic() < end and not self._ended.is_set():
            self._wait(link)
            data += link.receive()
            packets, used = self._packets(data[:_LARGEST_PACKET])
            if packets:
                self._require_welcome(packets[0])
                link.send(codec.subscribe(_SUBSCRIPTION, topics.FILTERS, version=self._version))
                self._take(packets[1:])
                return data[used:]
        raise LinkLost("the broker does not answer CONNECT")

    def _require_welcome(self, packet: codec.Packet) -> None:
        if not isinstance(packet, codec.ConnAck) or packet.reason:
            raise LinkLost(f"the broker does not let us in: {packet}")
        self.counters.connections += 1

    def _packets(self, data: bytes) -> tuple[list[codec.Packet], int]:
        return codec.read(data, largest=_LARGEST_PACKET, version=self._version)

    def _serve(self, link: Link, rest: bytes) -> None:
        heard = asked = time.monotonic()
        while not self._ended.is_set():
            if self._wait(link):
                data = link.receive()
                if data:
                    data = rest + data if rest else data
                    packets, used = self._packets(data)
                    rest = data[used:]
                    self._take(packets)
                    heard = time.monotonic()
            self._flights.hand_on()
            self._settle(link)
            self._tell(link)
            now = time.monotonic()
            if now - max(heard, asked) > self._bounds.keepalive_s / 2:
                link.send(codec.PINGREQ)
                asked = now
            if now - heard > self._bounds.keepalive_s * 1.5 and not self._flights.is_full:
                raise LinkLost("the broker fell silent")
            link.flush()

    def _wait(self, link: Link) -> bool:
        """Wait for something to do; return whether the broker may be read."""
        full = self._flights.is_full
        if full:
            self.counters.held += 1
        elif link.holds:
            return True
        waits = select.poll()
        waits.register(self._hears, select.POLLIN)
        asks = (0 if full else select.POLLIN) | (select.POLLOUT if link.waiting else 0)
        if asks:
            waits.register(link, asks)
        ready = dict(waits.poll(1_000 * (_HELD_S if self._flights.is_held else _TURN_S)))
        if self._hears.fileno() in ready:
            self._hears.recv(4_096)
            self._rung = False  # only now: who rings from here on is heard at the next turn
        return bool(ready.get(link.fileno(), 0) & ~select.POLLOUT)

    def _take(self, packets: Sequence[codec.Packet]) -> None:
        now, flights = self._clock(), list[Flight]()
        for packet in packets:
            if isinstance(packet, codec.Publish):
                device, form = self._topics.get(packet.topic) or self._learn(packet.topic)
                self.counters.redelivered += packet.is_repeated
                message = Incoming(device, packet.payload, form, now)
                flights.append(Flight(packet.packet_id, message))
            else:
                self._answer(packet)
        self.counters.received += len(flights)
        self._flights.take(flights)

    def _answer(self, packet: codec.Packet) -> None:
        """Take note of what the broker says to what we sent."""
        if isinstance(packet, codec.PubAck):
            word = self._outbox.arrived(packet.packet_id)
            self.counters.marks += word is not None and word.is_mark
        elif isinstance(packet, codec.SubAck):
            if any(reason >= 0x80 for reason in packet.reasons):
                raise LinkLost(f"the broker refuses our subscription: {packet.reasons}")
            self._ready.set()
        elif isinstance(packet, codec.Disconnected):
            raise LinkLost(f"the broker ended the connection, reason {packet.reason}")

    def _learn(self, topic: bytes) -> tuple[str, Form]:
        found = topics.read(topic)
        if found is not None and len(self._topics) < _KNOWN_TOPICS:
            self._topics[topic] = found
        return found or _NOBODY

    def _settle(self, link: Link) -> None:
        """Acknowledge what is durable or refused, in the order in which it came (4.6)."""
        acks = bytearray()
        for (packet_id, message), answer in self._flights.settled():
            if packet_id:
                acks += codec.puback(packet_id)
            if isinstance(answer, BaseException):
                self._refuse(message, answer)
            else:
                self.counters.committed += 1
                self._outbox.mark(answer)
        if acks:
            link.send(bytes(acks))

    def _refuse(self, message: Incoming, error: BaseException) -> None:
        if not message.device:
            self.counters.strange += 1
            return
        self.counters.refused += 1
        if not isinstance(error, ClearwayError):
            # It would fail again the next time, and hold up everybody. The device keeps it.
            logger.critical("mqtt_message_failed", device=message.device, exc_info=error)
        self._outbox.refuse(words.refusal(message, error, self._clock()))

    def _tell(self, link: Link) -> None:
        """Send words that wait; in a flood marks only four times a second, the newest of each."""
        now = time.monotonic()
        if self._flights.count <= _FLOOD or now >= self._marks_at:
            self._marks_due, self._marks_at = self._outbox.marks, now + _MARKS_S
        for packet_id, word in self._outbox.leaving(self._marks_due):
            self._marks_due -= word.is_mark
            link.send(
                codec.publish(
                    word.topic,
                    word.payload,
                    packet_id,
                    retain=word.is_mark,
                    version=self._version,
                )
            )

    def _ring(self, _: object = None) -> None:
        if self._rung:
            return
        self._rung = True
        try:
            self._bell.send(b"\x00")
        except BlockingIOError:
            return  # it rings already
