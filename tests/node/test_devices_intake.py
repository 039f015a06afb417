"""A node and its broker: from a device's message to a reading on record, and back."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.coldchain import tables
from clearway.coldchain.formats import json as wire
from clearway.coldchain.model import Batch, Reading
from clearway.connectors.mqtt import topics
from clearway.errors import InputError
from clearway.node import device_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.devices_broker import addresses
from clearway.node.devices_intake import DevicesIntake, devices_served
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber
from tests.connectors.mqtt.conftest import Device, until
from tests.node.enrolled import enrol, replace_key, revoke

BOXES = {f"reefer-{i}": ContainerNumber.build(f"CWYU00000{i}") for i in (1, 2, 3)}
BOX = BOXES["reefer-1"]
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def boxes_of(*devices: str) -> dict[str, ContainerNumber]:
    """Return the containers in which devices sit."""
    return {device: BOXES[device] for device in devices}


def batch(device: str, first: int, count: int = 5) -> bytes:
    """Return a message of some readings."""
    readings = tuple(
        Reading(seq, START + timedelta(minutes=seq), supply_c=1.0, return_c=2.0)
        for seq in range(first, first + count)
    )
    return wire.write(Batch(device, BOXES[device], "b1", readings))


@dataclass
class House:
    """A node that serves devices."""

    node: Node
    intake: DevicesIntake
    files: dict[str, tuple[Path, Path]]
    closing: ExitStack

    def device(self, name: str, files: tuple[Path, Path] | None = None) -> Device:
        """Return a connected device."""
        server = self.intake.server
        assert server is not None
        ca = device_authority.authority_certificate(self.node.folder)
        version = max(server.versions)
        made = Device(name, server.port, files or self.files[name], ca, version=version)
        self.closing.callback(made.close)
        return made


@pytest.fixture(params=["embedded", "mosquitto"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    settings = replace(
        Settings(), data_directory=tmp_path / "node", broker=request.param, broker_port=0
    )
    create(settings, entropy)
    with ExitStack() as closing, Node.open(settings, clock=utc_now, entropy=entropy) as node:
        files = enrol(node, tmp_path / "devices", boxes_of("reefer-1", "reefer-2"))
        try:
            intake = closing.enter_context(DevicesIntake(node))
        except InputError as error:
            pytest.skip(error.detail)
        assert intake.consumer.wait_ready(20)
        yield House(node, intake, files, closing)


def test_readings_of_a_device_are_on_record_and_it_is_told(house: House) -> None:
    device = house.device("reefer-1").up()
    device.subscribe(topics.published("reefer-1", "committed"))
    device.publish(batch("reefer-1", 0))
    assert json.loads(device.hear()[1]) == {"boot_id": "b1", "seq": 4}
    device.publish(batch("reefer-1", 10))
    assert json.loads(device.hear()[1]) == {"boot_id": "b1", "seq": 4}, "5 to 9 are missing"
    device.publish(batch("reefer-1", 5))
    assert json.loads(device.hear()[1]) == {"boot_id": "b1", "seq": 14}
    with house.node.reading() as connection:
        assert [r.seq for r in tables.get_readings(connection, BOX)] == list(range(15))


def test_a_device_that_speaks_for_another_is_refused_with_a_reason(house: House) -> None:
    device = house.device("reefer-1").up()
    device.subscribe(topics.published("reefer-1", "refused"))
    device.publish(batch("reefer-2", 0))
    said = json.loads(device.hear()[1])
    assert (said["code"], said["again"]) == ("refused", False)
    device.publish(b"{")
    assert json.loads(device.hear()[1])["code"] == "malformed_message"


def test_a_device_revoked_and_one_enrolled_count_at_once(house: House, tmp_path: Path) -> None:
    old = house.device("reefer-1").up()
    old.say(batch("reefer-1", 0))
    until(lambda: house.intake.consumer.counters.committed == 1)
    revoke(house.node, "reefer-1")
    house.files |= enrol(house.node, tmp_path / "more", boxes_of("reefer-3"))
    server = house.intake.server
    assert server is not None
    until(lambda: server.devices == {"reefer-2", "reefer-3"})
    until(lambda: _is_taken(house), pause=0.3)
    old.publish(batch("reefer-1", 5))
    other = house.device("reefer-2").up()
    other.say(batch("reefer-2", 0))
    until(lambda: house.intake.consumer.counters.committed == 3)
    with house.node.reading() as connection:
        found = [r.seq for r in tables.get_readings(connection, BOX)]
    assert max(found) == 4


def _is_taken(house: House) -> bool:
    """Whether the new device gets its readings in; the broker takes its list up in its time."""
    device = house.device("reefer-3")
    until(lambda: device.connected or device.lost)
    if device.lost:
        return False
    device.publish(batch("reefer-3", 0))
    until(lambda: house.intake.consumer.counters.committed == 2 or device.lost or _waits(house))
    return house.intake.consumer.counters.committed == 2


def _waits(house: House) -> bool:
    return house.intake.dropped > 0


def test_a_stolen_key_is_shut_out_and_the_device_goes_on(house: House, tmp_path: Path) -> None:
    stolen = house.files["reefer-1"]
    house.files["reefer-1"] = replace_key(house.node, tmp_path / "next", "reefer-1")
    until(lambda: _is_shut_out(house, stolen), pause=0.3)
    house.device("reefer-1").up().say(batch("reefer-1", 0))
    until(lambda: house.intake.consumer.counters.committed == 1)


def _is_shut_out(house: House, files: tuple[Path, Path]) -> bool:
    try:
        thief = house.device("reefer-1", files)
    except (ssl.SSLError, ConnectionError):
        return True
    until(lambda: thief.connected or thief.lost)
    shut = not any(thief.connected)
    thief.close()
    return shut


def test_what_the_broker_drops_is_found(house: House) -> None:
    device = house.device("reefer-1").up()
    foreign = topics.published("reefer-2", "readings")
    device.say(batch("reefer-2", 0), foreign)
    until(lambda: house.intake.dropped == 1)
    (finding,) = house.intake.findings
    assert (finding.code, finding.field) == ("MQ_R01", foreign)
    assert house.intake.consumer.counters.received == 0


def test_a_node_without_a_broker_starts_none(tmp_path: Path) -> None:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, entropy)
    with (
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
        devices_served(node) as intake,
    ):
        assert intake is None
    assert not (tmp_path / "node" / "broker").exists()


def test_other_brokers_are_named_by_address() -> None:
    found = addresses("mqtts://a.example, mqtts://b.example:1234")
    assert [(each.host, each.port) for each in found] == [("a.example", 8883), ("b.example", 1234)]


@pytest.mark.parametrize("text", ["", "nats", "mqtt://a", "mqtts://", "mqtts://a:x", "mqtts://u@a"])
def test_a_broker_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="broker"):
        addresses(text)
