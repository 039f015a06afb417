"""The packets of MQTT 3.1.1 and 5.0 that a consumer needs, read and written; pure.

    packets, used = read(buffer, largest=300_000, version=5)
    write.send(puback(1) + puback(2))

Only what the consumer speaks: QoS 0 and 1, no will, no password (the certificate says who we are).
Section numbers are those of the OASIS MQTT 5.0 standard; 3.1.1 differs by its lack of properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from clearway.errors import MalformedMessage, TooLarge

V311: Final = 4
V5: Final = 5
PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP, _DISCONNECTED = 2, 3, 4, 9, 13, 14
_RECEIVE_MAXIMUM, _SESSION_EXPIRY, _LARGEST_PACKET = 0x21, 0x11, 0x27


class Publish(NamedTuple):
    """A message (3.3). `packet_id` is 0 for QoS 0."""

    topic: bytes
    payload: bytes
    packet_id: int
    is_repeated: bool
    is_retained: bool


class ConnAck(NamedTuple):
    """The broker's answer to CONNECT (3.2). `reason` 0 is success."""

    reason: int
    session_present: bool


class PubAck(NamedTuple):
    """The broker took our message (3.4); `reason` from 0x80 on means it did not (5.0 only)."""

    packet_id: int
    reason: int


class SubAck(NamedTuple):
    """The broker's answer to SUBSCRIBE (3.9): a granted QoS each, from 0x80 on refused."""

    packet_id: int
    reasons: tuple[int, ...]


class PingResp(NamedTuple):
    """The broker lives (3.13)."""


class Disconnected(NamedTuple):
    """The broker ends the connection (3.14, 5.0 only)."""

    reason: int


Packet = Publish | ConnAck | PubAck | SubAck | PingResp | Disconnected


def read(buffer: bytes, *, largest: int, version: int) -> tuple[list[Packet], int]:
    """Return the whole packets at the beginning of a buffer, and how many bytes they take.

    Args:
        largest: bytes of one packet; a longer one is refused as soon as its length is known.

    Raises: TooLarge: a packet says it is longer. MalformedMessage: not MQTT, or a packet that a
    client is never sent.
    """
    packets: list[Packet] = []
    at, end = 0, len(buffer)
    while at + 1 < end:
        length, body = buffer[at + 1], at + 2
        if length > 127:
            long = _variable(buffer, at + 1, end)
            if long is None:
                break
            length, body = long
        if length > largest:
            raise TooLarge(f"A packet of {length:,} bytes; at most {largest:,} are taken")
        after = body + length
        if after > end:
            break
        packets.append(_packet(buffer, buffer[at], body, after, version))
        at = after
    return packets, at


def _packet(buffer: bytes, first: int, at: int, end: int, version: int) -> Packet:
    kind = first >> 4
    try:
        if kind == _PUBLISH:
            return _publish(buffer, first, at, end, version)
        return _answer(buffer, kind, at, end, version)
    except IndexError as error:
        raise MalformedMessage(f"A packet of type {kind} ends too early") from error


def _publish(buffer: bytes, first: int, at: int, end: int, version: int) -> Publish:
    topic_end = at + 2 + (buffer[at] << 8 | buffer[at + 1])
    place, packet_id = topic_end, 0
    if first & 0x06:
        packet_id = buffer[place] << 8 | buffer[place + 1]
        place += 2
    if version == V5:
        place = _skip_properties(buffer, place, end)
    if place > end or first & 0x06 == 0x06:
        raise MalformedMessage("A PUBLISH whose parts do not fit into it")
    return Publish(
        buffer[at + 2 : topic_end],
        buffer[place:end],
        packet_id,
        bool(first & 0x08),
        bool(first & 0x01),
    )


def _answer(buffer: bytes, kind: int, at: int, end: int, version: int) -> Packet:
    if kind == _PUBACK:
        reason = buffer[at + 2] if end - at > 2 else 0
        return PubAck(buffer[at] << 8 | buffer[at + 1], reason)
    if kind == _PINGRESP:
        return PingResp()
    if kind == _CONNACK:
        return ConnAck(buffer[at + 1], bool(buffer[at] & 1))
    if kind == _SUBACK:
        place = at + 2 if version == V311 else _skip_properties(buffer, at + 2, end)
        return SubAck(buffer[at] << 8 | buffer[at + 1], tuple(buffer[place:end]))
    if kind == _DISCONNECTED and version == V5:
        return Disconnected(buffer[at] if end > at else 0)
    raise MalformedMessage(f"A packet of type {kind} is never sent to us")


def _variable(buffer: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Return a variable byte integer (1.5.5) and the place after it; None: more must come."""
    value = 0
    for i in range(4):
        if at + i >= end:
            return None
        value |= (buffer[at + i] & 0x7F) << 7 * i
        if buffer[at + i] < 0x80:
            return value, at + i + 1
    raise MalformedMessage("A length of more than four bytes")


def _skip_properties(buffer: bytes, at: int, end: int) -> int:
    found = _variable(buffer, at, end)
    if found is None or sum(found) > end:
        raise MalformedMessage("Properties that do not fit into their packet")
    return sum(found)


def connect(
    client_id: str, *, keepalive_s: int, version: int, receive_maximum: int, largest: int
) -> bytes:
    """Return CONNECT (3.1) for a session that the broker keeps while we are away.

    Args:
        receive_maximum: messages that the broker may send unacknowledged, 1 to 65,535 (5.0 only).
        largest: bytes of a packet that we take (5.0 only).
    """
    # Flags 0: neither a clean session (3.1.1) nor a clean start (5.0), no will, no name, no word.
    head = _text("MQTT") + bytes([version, 0]) + keepalive_s.to_bytes(2, "big")
    if version == V5:
        properties = (
            bytes([_SESSION_EXPIRY])
            + b"\xff\xff\xff\xff"
            + bytes([_RECEIVE_MAXIMUM])
            + receive_maximum.to_bytes(2, "big")
            + bytes([_LARGEST_PACKET])
            + largest.to_bytes(4, "big")
        )
        head += _length(len(properties)) + properties
    return _framed(0x10, head + _text(client_id))


def subscribe(packet_id: int, filters: Sequence[str], *, version: int) -> bytes:
    """Return SUBSCRIBE (3.8) with QoS 1 for each filter."""
    head = packet_id.to_bytes(2, "big") + (b"\x00" if version == V5 else b"")
    return _framed(0x82, head + b"".join(_text(each) + b"\x01" for each in filters))


def publish(topic: str, payload: bytes, packet_id: int, *, retain: bool, version: int) -> bytes:
    """Return PUBLISH (3.3) with QoS 1. `packet_id`: 1 to 65,535."""
    head = _text(topic) + packet_id.to_bytes(2, "big") + (b"\x00" if version == V5 else b"")
    return _framed(0x32 | retain, head + payload)


def puback(packet_id: int) -> bytes:
    """Return PUBACK (3.4), success."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def _framed(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(value: int) -> bytes:
    parts = bytearray()
    while True:
        value, low = divmod(value, 128)
        parts.append(low | (0x80 if value else 0))
        if not value:
            return bytes(parts)


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data
