"""Packets of MQTT read and written: whole, cut anywhere, and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.connectors.mqtt import codec
from clearway.connectors.mqtt.codec import ConnAck, Disconnected, PingResp, PubAck, Publish, SubAck
from clearway.errors import ClearwayError, MalformedMessage, TooLarge

LARGEST = 300_000
VERSIONS = st.sampled_from((codec.V311, codec.V5))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
            st.binary(max_size=400),
            st.integers(1, 65_535),
            st.booleans(),
        ),
        max_size=6,
    ),
    VERSIONS,
    st.integers(1, 200),
)
def test_what_is_published_is_read_however_it_is_cut(
    messages: list[tuple[str, bytes, int, bool]], version: int, cut: int
) -> None:
    sent = b"".join(
        codec.publish(topic, payload, number, retain=retain, version=version)
        for topic, payload, number, retain in messages
    )
    found: list[codec.Packet] = []
    rest = b""
    for start in range(0, len(sent), cut):
        rest += sent[start : start + cut]
        packets, used = codec.read(rest, largest=LARGEST, version=version)
        found, rest = found + packets, rest[used:]
    assert rest == b""
    assert found == [
        Publish(topic.encode(), payload, number, False, retain)
        for topic, payload, number, retain in messages
    ]


@pytest.mark.parametrize(
    ("data", "version", "packet"),
    [
        # Examples of the standard's tables, by hand.
        (b"\x20\x02\x01\x00", 4, ConnAck(0, True)),
        (b"\x20\x02\x00\x05", 4, ConnAck(5, False)),
        (b"\x20\x03\x00\x00\x00", 5, ConnAck(0, False)),
        (b"\x40\x02\x12\x34", 4, PubAck(0x1234, 0)),
        (b"\x40\x03\x12\x34\x87", 5, PubAck(0x1234, 0x87)),
        (b"\x90\x04\x00\x01\x01\x80", 4, SubAck(1, (1, 128))),
        (b"\x90\x05\x00\x01\x00\x01\x01", 5, SubAck(1, (1, 1))),
        (b"\xd0\x00", 4, PingResp()),
        (b"\xe0\x00", 5, Disconnected(0)),
        (b"\xe0\x01\x8e", 5, Disconnected(0x8E)),
        (b"\x30\x05\x00\x01a\x00x", 4, Publish(b"a", b"\x00x", 0, False, False)),
        (b"\x3b\x06\x00\x01a\x00\x07x", 4, Publish(b"a", b"x", 7, True, True)),
        # A content type (0x03) among the properties is passed over.
        (b"\x32\x0b\x00\x01a\x00\x07\x04\x03\x00\x01tx", 5, Publish(b"a", b"x", 7, False, False)),
    ],
)
def test_a_packet_is_read_as_the_standard_writes_it(
    data: bytes, version: int, packet: codec.Packet
) -> None:
    assert codec.read(data, largest=LARGEST, version=version) == ([packet], len(data))
    for end in range(len(data)):
        assert codec.read(data[:end], largest=LARGEST, version=version) == ([], 0)


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"\x30\xff\xff\xff\xff\x01", 4),  # a length of five bytes
        (b"\x30\x02\x00\x05", 4),  # a topic longer than its packet
        (b"\x32\x03\x00\x01a", 4),  # no packet id
        (b"\x36\x06\x00\x01a\x00\x01x", 4),  # QoS 3
        (b"\x32\x06\x00\x01a\x00\x07\x7f", 5),  # properties longer than their packet
        (b"\x10\x00", 4),  # CONNECT is never sent to a client
        (b"\xe0\x00", 4),  # nor is DISCONNECT before 5.0
        (b"\x40\x01\x00", 4),
    ],
)
def test_what_is_not_mqtt_is_refused(data: bytes, version: int) -> None:
    with pytest.raises(MalformedMessage):
        codec.read(data, largest=LARGEST, version=version)


def test_a_packet_too_large_is_refused_before_it_has_come() -> None:
    with pytest.raises(TooLarge):
        codec.read(b"\x30\xff\xff\xff\x7f", largest=LARGEST, version=4)


@given(st.binary(max_size=200), VERSIONS)
def test_any_bytes_are_read_or_refused(data: bytes, version: int) -> None:
    try:
        packets, used = codec.read(data, largest=LARGEST, version=version)
    except ClearwayError:
        return
    assert used <= len(data)
    assert (used == 0) == (packets == [])


def test_connect_asks_for_a_session_that_stays() -> None:
    old = codec.connect("c", keepalive_s=30, version=4, receive_maximum=9, largest=1_000)
    assert old == b"\x10\x0d\x00\x04MQTT\x04\x00\x00\x1e\x00\x01c"
    new = codec.connect("c", keepalive_s=30, version=5, receive_maximum=9, largest=1_000)
    properties = b"\x0d\x11\xff\xff\xff\xff\x21\x00\x09\x27\x00\x00\x03\xe8"
    assert new == b"\x10\x1b\x00\x04MQTT\x05\x00\x00\x1e" + properties + b"\x00\x01c"


def test_subscribe_and_puback_are_written_as_the_standard_says() -> None:
    assert codec.subscribe(1, ["a/+"], version=4) == b"\x82\x08\x00\x01\x00\x03a/+\x01"
    assert codec.subscribe(1, ["a/+"], version=5) == b"\x82\x09\x00\x01\x00\x00\x03a/+\x01"
    assert codec.puback(0x1234) == b"\x40\x02\x12\x34"
