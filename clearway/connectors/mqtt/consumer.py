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
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import datetime
from types import TracebackType
from typing import Any, Final

import structlog

from clearway.connectors.mqtt import answers, codec, topics
from clearway.connectors.mqtt.answers import Outbox
from clearway.connectors.mqtt.link import Address, Link, LinkLost
from clearway.connectors.mqtt.model import (
    LARGEST_MESSAGE,
    Bounds,
    Counters,
    Incoming,
    Receipt,
    Sink,
)
from clearway.connectors.mqtt.topics import Form
from clearway.errors import ClearwayError, InputError, MustStop, Refused, TryLater

logger = structlog.get_logger()
_LARGEST_PACKET: Final = LARGEST_MESSAGE + 1_024
_CONNACK_S: Final = 10.0
_TURN_S: Final = 0.5
_HELD_S: Final = 0.02
_SUBSCRIPTION: Final = 1
_KNOWN_TOPICS: Final = 100_000


class _Flight:
    """One message between the broker and the sink."""

    __slots__ = ("future", "message", "packet_id")

    def __init__(self, packet_id: int, message: Incoming, future: Future[Any] | None) -> None:
        self.packet_id = packet_id
        self.message = message
        self.future = future


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
        self._sink = sink
        self._client_id = client_id
        self._version = version
        self._clock = clock
        self._draw = draw
        self._admits = admits
        self._bounds = bounds or Bounds()
        self.counters = Counters()
        self.failure: MustStop | None = None
        self._outbox = Outbox(self._bounds.marks, self._bounds.refusals)
        self._flights: deque[_Flight] = deque()
        self._held: deque[_Flight] = deque()
        self._bytes = 0
        self._topics: dict[bytes, tuple[str, Form]] = {}
        self._bell, self._hears = socket.socketpair()
        self._bell.setblocking(False)
        self._hears.setblocking(False)
        self._rung = False
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
        return len(self._flights)

    @property
    def unsaid(self) -> int:
        """Answers to devices that the broker does not have yet."""
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
            turn += 1
            self._let_go()
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
                self._take(link, packets[1:])
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
                    packets, used = self._packets(rest + data if rest else data)
                    rest = (rest + data if rest else data)[used:]
                    self._take(link, packets)
                    heard = time.monotonic()
            self._submit_held()
            self._settle(link)
            self._tell(link)
            now = time.monotonic()
            if now - max(heard, asked) > self._bounds.keepalive_s / 2:
                link.send(codec.PINGREQ)
                asked = now
            if now - heard > self._bounds.keepalive_s * 1.5 and not self._is_full():
                raise LinkLost("the broker fell silent")
            link.flush()

    def _wait(self, link: Link) -> bool:
        """Wait for something to do; return whether the broker may be read."""
        full = self._is_full()
        if full:
            self.counters.held += 1
        elif link.holds:
            return True
        waits = select.poll()
        waits.register(self._hears, select.POLLIN)
        asks = (0 if full else select.POLLIN) | (select.POLLOUT if link.waiting else 0)
        if asks:
            waits.register(link, asks)
        ready = dict(waits.poll(1_000 * (_HELD_S if self._held else _TURN_S)))
        if self._hears.fileno() in ready:
            self._hears.recv(4_096)
            self._rung = False  # only now: who rings from here on is heard at the next turn
        return bool(ready.get(link.fileno(), 0) & ~select.POLLOUT)

    def _is_full(self) -> bool:
        bounds = self._bounds
        return (
            len(self._flights) >= bounds.messages or self._bytes >= bounds.bytes or bool(self._held)
        )

    def _take(self, link: Link, packets: Sequence[codec.Packet]) -> None:
        now = self._clock() if packets else None
        for packet in packets:
            if isinstance(packet, codec.Publish) and now is not None:
                self._message(packet, now)
            elif isinstance(packet, codec.PubAck):
                answer = self._outbox.arrived(packet.packet_id)
                self.counters.marks += answer is not None and answer.is_retained
            elif isinstance(packet, codec.SubAck):
                self._subscribed(packet)
            elif isinstance(packet, codec.Disconnected):
                raise LinkLost(f"the broker ended the connection, reason {packet.reason}")

    def _subscribed(self, packet: codec.SubAck) -> None:
        if any(reason >= 0x80 for reason in packet.reasons):
            raise LinkLost(f"the broker refuses our subscription: {packet.reasons}")
        self._ready.set()

    def _message(self, packet: codec.Publish, now: datetime) -> None:
        self.counters.received += 1
        self.counters.redelivered += packet.is_repeated
        known = self._topics.get(packet.topic) or self._learn(packet.topic)
        device, form = known or ("", "json")
        flight = _Flight(packet.packet_id, Incoming(device, packet.payload, form, now), None)
        self._flights.append(flight)
        self._bytes += len(packet.payload)
        if known is None:
            flight.future = _answered(InputError("No topic of a device"))
        elif self._held:
            self._held.append(flight)
        else:
            self._submit(flight)

    def _learn(self, topic: bytes) -> tuple[str, Form] | None:
        found = topics.read(topic)
        if found is not None and len(self._topics) < _KNOWN_TOPICS:
            self._topics[topic] = found
        return found

    def _submit(self, flight: _Flight) -> None:
        message = flight.message
        try:
            _require_size(message)
            self._require_admitted(message.device)
            flight.future = self._sink.submit(message)
        except TryLater:
            self._held.append(flight)
            return
        except MustStop:
            raise
        except ClearwayError as error:
            flight.future = _answered(error)
        flight.future.add_done_callback(self._ring)

    def _submit_held(self) -> None:
        for _ in range(len(self._held)):
            flight = self._held.popleft()
            self._submit(flight)
            if flight.future is None:  # still too much: it went to the end; turn back in order
                self._held.rotate(1)
                return

    def _require_admitted(self, device: str) -> None:
        if not self._admits(device):
            raise Refused(f"The device {device} is not enrolled, or was revoked")

    def _settle(self, link: Link) -> None:
        """Acknowledge what is durable or refused, in the order in which it came (4.6)."""
        flights, acks = self._flights, bytearray()
        while flights:
            flight = flights[0]
            if flight.future is None or not flight.future.done():
                break
            if not self._settled(flight, flight.future):
                break
            flights.popleft()
            self._bytes -= len(flight.message.payload)
            if flight.packet_id:
                acks += codec.puback(flight.packet_id)
        if acks:
            link.send(bytes(acks))

    def _settled(self, flight: _Flight, future: Future[Any]) -> bool:
        """Count and answer one message; return whether it may be acknowledged."""
        error = future.exception()
        if error is None:
            receipt: Receipt = future.result()
            self.counters.committed += 1
            if receipt.committed_seq >= 0:
                self._outbox.add(answers.mark(receipt))
            return True
        if isinstance(error, MustStop):
            raise error
        if isinstance(error, TryLater):
            flight.future = None
            self._held.append(flight)
            return False
        self._refuse(flight.message, error)
        return True

    def _refuse(self, message: Incoming, error: BaseException) -> None:
        if not message.device:
            self.counters.strange += 1
            return
        self.counters.refused += 1
        if not isinstance(error, ClearwayError):
            # It would fail again the next time, and hold up everybody. The device keeps it.
            logger.critical("mqtt_message_failed", device=message.device, exc_info=error)
        self._outbox.add(answers.refusal(message.device, message.payload, error, self._clock()))

    def _tell(self, link: Link) -> None:
        for packet_id, answer in self._outbox.leaving():
            link.send(
                codec.publish(
                    answer.topic,
                    answer.payload,
                    packet_id,
                    retain=answer.is_retained,
                    version=self._version,
                )
            )

    def _let_go(self) -> None:
        """Forget what the broker will send again; wait for the sink, so that bounds still hold."""
        under_way = [each.future for each in self._flights if each.future is not None]
        wait(under_way, timeout=self._bounds.longest_wait_s)
        self._flights.clear()
        self._held.clear()
        self._bytes = 0
        self._outbox.lost()

    def _ring(self, _: object = None) -> None:
        if self._rung:
            return
        self._rung = True
        try:
            self._bell.send(b"\x00")
        except BlockingIOError:
            return  # it rings already


def _answered(error: ClearwayError) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _require_size(message: Incoming) -> None:
    if len(message.payload) > LARGEST_MESSAGE:
        raise InputError(
            f"A message of {len(message.payload):,} bytes; at most {LARGEST_MESSAGE:,} are taken."
            " Send fewer readings in one batch"
        )
