"""What every broker has to keep, held against each; what differs is a flag of `World`."""

from __future__ import annotations

import hashlib
import json
import queue
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from clearway.connectors.mqtt import link, topics
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import LARGEST_MESSAGE, Bounds, Denial
from clearway.connectors.mqtt.watching import Watch
from clearway.errors import BadTerm, StorageFailure

from .conftest import DEVICES, Device, Pki, Records, World, until

READINGS = topics.published("reefer-1", "readings")
COMMITTED = topics.published("reefer-1", "committed")
REFUSED = topics.published("reefer-1", "refused")


def test_a_message_is_handed_on_and_its_device_is_told(world: World) -> None:
    sink = Records()
    consumer = world.running(sink)
    device = world.device().up()
    assert device.subscribe(COMMITTED) == 1
    device.publish(b"one")
    assert device.hear() == (COMMITTED, b'{"boot_id": "boot", "seq": 0}')
    device.publish(b"two", topics.published("reefer-1", "signed"))
    until(lambda: len(sink.messages) == 2)
    assert [(m.device, m.payload, m.form) for m in sink.messages] == [
        ("reefer-1", b"one", "json"),
        ("reefer-1", b"two", "signed"),
    ]
    until(lambda: consumer.counters.committed == 2 and consumer.in_flight == 0)


def test_nothing_is_acknowledged_before_it_is_committed(world: World) -> None:
    careful = Records(holds=True)
    with world.consumer(careful) as consumer:
        assert consumer.wait_ready(20)
        device = world.device().up()
        assert device.say(b"kept") in (0, 16)
        until(lambda: careful.messages)
        assert consumer.in_flight == 1
    second = Records()
    consumer = world.running(second)
    until(lambda: second.payloads)
    assert second.payloads == [b"kept"]
    until(lambda: consumer.in_flight == 0)


def test_what_was_acknowledged_does_not_come_again(world: World) -> None:
    sink = Records()
    with world.consumer(sink) as consumer:
        assert consumer.wait_ready(20)
        world.device().up().say(b"once")
        until(lambda: consumer.counters.committed == 1 and consumer.in_flight == 0)
    again = Records()
    world.running(again)
    world.device("reefer-2").up().say(b"other")
    until(lambda: again.payloads)
    assert again.payloads == [b"other"]


def test_a_message_given_again_says_so(world: World) -> None:
    """The broker marks what it sent before, however often: the sink decides, not the mark."""
    first = Records(holds=True)
    with world.consumer(first) as consumer:
        assert consumer.wait_ready(20)
        world.device().up().say(b"twice")
        until(lambda: first.messages)
    consumer = world.running(Records())
    until(lambda: consumer.counters.redelivered >= 1)


def test_a_device_cannot_write_for_another_and_that_is_noticed(world: World) -> None:
    sink, heard = Records(), list[Denial]()
    world.running(sink)
    with Watch(world.server, heard.append) as watch:
        device = world.device().up()
        foreign = topics.published("reefer-2", "readings")
        device.publish(b"forged", foreign)
        device.publish(b"forged", topics.published("reefer-1", "committed"))
        device.publish(b"forged", "clearway/v1/devices/reefer-1")
        device.publish(b"forged", "elsewhere")
        device.say(b"honest")
        until(lambda: watch.dropped == 4)
    assert sink.payloads == [b"honest"]
    assert heard[0] == Denial("reefer-1", foreign)


def test_a_device_hears_nothing_that_is_for_others(world: World) -> None:
    sink = Records()
    world.running(sink)
    nosy = world.device().up()
    for topic in ("#", "clearway/v1/devices/+/readings", topics.published("reefer-2", "committed")):
        nosy.subscribe(topic)
    other = world.device("reefer-2").up()
    other.subscribe(topics.published("reefer-2", "committed"))
    other.say(b"private")
    assert other.hear()[0] == topics.published("reefer-2", "committed")
    assert nosy.subscribe(COMMITTED) == 1
    nosy.say(b"mine")
    with pytest.raises(queue.Empty):
        while True:  # as often as its subscriptions overlap
            assert nosy.hear(0.3) == (COMMITTED, b'{"boot_id": "boot", "seq": 1}')


def test_who_has_no_good_certificate_is_not_let_in(world: World, tmp_path: Path) -> None:
    stranger = Pki(tmp_path / "stranger")
    ended = world.pki.client("ended", at=world.pki.now - timedelta(days=9))
    for files in (None, stranger.client("reefer-1"), ended):
        try:
            device = world.device("reefer-1", files=files)
        except (ssl.SSLError, ConnectionError):
            continue
        until(lambda tried=device: tried.lost)
        assert not any(device.connected)


def test_a_good_certificate_of_no_device_of_ours_can_do_nothing(world: World) -> None:
    sink = Records()
    world.running(sink)
    device = world.device("reefer-9", files=world.pki.client("reefer-9"))
    until(lambda: device.connected or device.lost)
    device.publish(b"unknown", topics.published("reefer-9", "readings"))
    device.publish(b"unknown", READINGS)
    world.device().up().say(b"known")
    until(lambda: sink.payloads)
    assert sink.payloads == [b"known"]


def test_a_revoked_device_can_do_nothing_from_then_on(world: World) -> None:
    sink = Records()
    world.running(sink)
    device = world.device().up()
    device.say(b"before")
    until(lambda: sink.payloads == [b"before"])
    world.server.reload(["reefer-2"])
    other = world.device("reefer-2").up()
    until(lambda: _is_shut_out(world, device))
    other.say(b"other")
    until(lambda: b"other" in sink.payloads)
    device.publish(b"after")
    other.say(b"last")
    until(lambda: b"last" in sink.payloads)
    assert b"after" not in sink.payloads


def _is_shut_out(world: World, device: Device) -> bool:
    """Whether the broker took up the new list: nats closes, mosquitto says it in its log."""
    if device.lost:
        return True
    device.publish(b"probe")
    log = (world.server.folder / world.server.log).read_bytes()
    return any(denial.client == "reefer-1" for denial in world.server.denials(log))


def test_the_consumer_refuses_whom_the_node_no_longer_admits(world: World) -> None:
    sink = Records()
    consumer = world.running(sink, admits=lambda device: device != "reefer-1")
    device = world.device().up()
    device.subscribe(REFUSED)
    device.say(b"late")
    topic, payload = device.hear()
    assert topic == REFUSED
    assert json.loads(payload)["code"] == "refused"
    assert sink.payloads == []
    until(lambda: consumer.counters.refused == 1 and consumer.in_flight == 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadTerm("seq", -1, "must be at least 0"), "bad_term"),
        (ValueError("a defect"), "internal_error"),
    ],
)
def test_a_message_that_is_refused_is_told_and_does_not_loop(
    world: World, error: Exception, code: str
) -> None:
    sink = Records(failing={b"poison": error})
    with world.consumer(sink) as consumer:
        assert consumer.wait_ready(20)
        device = world.device().up()
        device.subscribe(REFUSED)
        device.say(b"poison")
        device.say(b"good")
        said = json.loads(device.hear()[1])
        assert said["code"] == code
        assert said["sha256"] == hashlib.sha256(b"poison").hexdigest()
        until(lambda: consumer.counters.committed == 1 and consumer.in_flight == 0)
        assert consumer.counters.refused == 1
    again = Records()
    world.running(again)
    world.device("reefer-2").up().say(b"next")
    until(lambda: again.payloads)
    assert again.payloads == [b"next"]


def test_a_message_too_large_never_reaches_the_consumer(world: World) -> None:
    sink = Records()
    world.running(sink)
    device = world.device().up()
    device.publish(b"x" * (LARGEST_MESSAGE + 2_000))
    until(lambda: device.lost)
    largest = b"y" * (LARGEST_MESSAGE - 100)
    world.device().up().publish(largest)
    until(lambda: sink.payloads)
    assert sink.payloads == [largest]


def test_the_consumer_comes_back_after_the_broker(world: World) -> None:
    sink = Records()
    consumer = world.running(sink)
    world.device().up().say(b"before")
    until(lambda: consumer.in_flight == 0 and consumer.counters.committed == 1)
    world.server.stop()
    until(lambda: not consumer.is_connected)
    world.server.start()
    assert consumer.wait_ready(20)
    world.device().up().say(b"after")
    until(lambda: sink.payloads[-1:] == [b"after"])
    assert consumer.counters.connections >= 2


def test_what_was_published_while_the_consumer_was_away_is_kept(world: World) -> None:
    with world.consumer(Records()) as consumer:
        assert consumer.wait_ready(20)
    device = world.device().up()
    expected = [b"%d" % i for i in range(50)]
    for payload in expected:
        device.say(payload)
    sink = Records()
    world.running(sink)
    until(lambda: len(sink.payloads) == 50)
    assert sink.payloads == expected


def test_a_broker_killed_comes_back_with_what_it_kept(world: World) -> None:
    """Why a broker's word is not durability: mosquitto acknowledges what it holds in memory."""
    with world.consumer(Records()) as consumer:
        assert consumer.wait_ready(20)
    device = world.device().up()
    for i in range(20):
        device.say(b"%d" % i)
    world.server.kill()
    world.server.start()
    sink = Records()
    world.running(sink)
    world.device("reefer-2").up().say(b"end")
    until(lambda: b"end" in sink.payloads)
    kept = len(sink.payloads) - 1
    assert kept == (0 if world.forgets_when_killed else 20)


def test_a_device_that_was_away_finds_its_newest_mark(world: World) -> None:
    consumer = world.running(Records())
    device = world.device().up()
    for _ in range(3):
        device.say(b"x")
    until(lambda: consumer.counters.committed == 3 and not consumer.unsaid)
    device.close()
    world.server.stop()
    world.server.start()
    back = world.device().up()
    back.subscribe(COMMITTED)
    topic, payload = back.hear()
    assert (topic, json.loads(payload)) == (COMMITTED, {"boot_id": "boot", "seq": 2})


def test_a_session_of_a_device_keeps_what_it_was_told_meanwhile(world: World) -> None:
    sink = Records(holds=True)
    consumer = world.running(sink)
    device = world.device(keeps=True).up()
    device.subscribe(REFUSED)
    sink.failing[b"bad"] = BadTerm("seq", -1, "must be at least 0")
    device.say(b"bad")
    until(lambda: sink.open)
    device.close()
    sink.commit()
    until(lambda: consumer.counters.refused == 1 and not consumer.unsaid)
    back = world.device(keeps=True).up()
    assert back.hear()[0] == REFUSED


def test_nobody_takes_over_the_consumers_session_unnoticed(world: World) -> None:
    """A device that knows the client id gets no reading; where it disturbs, all comes again."""
    sink = Records()
    consumer = world.running(sink)
    thief = world.device("reefer-2", client_id="consumer-7f3a", keeps=True)
    until(lambda: thief.connected or thief.lost)
    world.device().up().say(b"secret")
    until(lambda: b"secret" in sink.payloads, 30)
    with pytest.raises(queue.Empty):
        thief.hear(0.2)
    assert world.binds_sessions == (consumer.counters.connections == 1)


def test_a_busy_store_slows_the_consumer_and_loses_nothing(world: World) -> None:
    sink = Records(busy=40)
    consumer = world.running(sink)
    device = world.device().up()
    expected = [b"%d" % i for i in range(100)]
    for payload in expected:
        device.publish(payload)
    until(lambda: consumer.counters.committed >= 100)
    assert list(dict.fromkeys(sink.payloads)) == expected, "a device's messages stay in order"


def test_no_more_is_in_flight_than_was_allowed(world: World) -> None:
    sink = Records(holds=True)
    bounds = Bounds(messages=10, first_wait_s=0.05, longest_wait_s=0.5)
    consumer = world.running(sink, bounds=bounds)
    device = world.device().up()
    for i in range(300):
        device.publish(b"%d" % i + b"x" * 20_000)
    until(lambda: consumer.counters.held > 3)
    assert len(sink.messages) <= 10 + 14, "what one read of the connection brings comes on top"
    sink.holds = False
    sink.commit()
    until(lambda: consumer.counters.committed >= 300)
    assert set(sink.payloads) == {b"%d" % i + b"x" * 20_000 for i in range(300)}


def test_a_store_that_failed_ends_the_consumer_and_nothing_is_acknowledged(world: World) -> None:
    sink = Records(failing={b"x": StorageFailure("The disk is full")})
    with world.consumer(sink) as consumer:
        assert consumer.wait_ready(20)
        world.device().up().say(b"x")
        until(lambda: consumer.failure)
    healthy = Records()
    world.running(healthy)
    until(lambda: healthy.payloads == [b"x"])


def test_the_consumer_trusts_no_broker_of_another_authority(world: World, tmp_path: Path) -> None:
    stranger = Pki(tmp_path / "stranger")
    tls = link.context(stranger.ca, *world.files[topics.CONSUMER])
    address = Address("127.0.0.1", world.server.port, "localhost")
    consumer = Consumer(
        [address],
        tls,
        Records(),
        client_id="c",
        version=world.version,
        clock=lambda: world.pki.now,
        draw=lambda: 0.1,
    )
    with consumer:
        assert not consumer.wait_ready(0.5)
    assert consumer.counters.connections == 0


def test_the_brokers_folder_is_ours_alone(world: World) -> None:
    assert world.server.folder.stat().st_mode & 0o777 == 0o700
    assert set(DEVICES) == set(world.server.devices)


def test_a_revoked_key_of_a_device_that_has_another_counts_no_more(world: World) -> None:
    """A stolen key is shut out by itself; the device goes on with its new one."""
    sink = Records()
    world.running(sink)
    stolen = world.files["reefer-1"]
    world.device(files=stolen).up().say(b"before")
    until(lambda: sink.payloads == [b"before"])
    fresh = world.pki.client("reefer-1")
    world.revoke(stolen, {**world.files, "reefer-1": fresh})

    def is_shut_out() -> bool:
        try:
            thief = world.device(files=stolen)
        except (ssl.SSLError, ConnectionError):
            return True
        until(lambda: thief.connected or thief.lost)
        shut = not any(thief.connected)
        thief.close()
        return shut

    until(is_shut_out, pause=0.3)
    world.device(files=fresh).up().say(b"after")
    until(lambda: b"after" in sink.payloads)
