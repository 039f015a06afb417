"""The device that integrators copy, against a real node: by HTTP, and by MQTT under mutual TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.coldchain import clock, links, tables
from clearway.errors import ClearwayError, InputError
from clearway.identity import device_certificates as certificates
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node import device_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.devices_intake import devices_served
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
from clearway.node.telemetry import Incoming
from clearway.settings import Settings
from clearway.simulator.device import Committed, Courier, Device, Journal, Refused, Word
from clearway.simulator.device_links import MqttLink
from clearway.simulator.device_run import Bench, Plan, Tampering
from clearway.terms.transport import ContainerNumber

HERE = ContainerNumber("CSQU3054383")
OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))
KEY = ec.derive_private_key(11, ec.SECP256R1())
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)


def enrol(node: Node, name: str = "reefer-1") -> certificates.Issued:
    authority = device_authority.open_device_authority(node.folder, "C", entropy, utc_now())
    node.act(OWNER, lambda act: enrol_device(act, name, container=HERE)).result(10)
    public = certificates.spki(KEY.public_key())
    issued = certificates.issue_client(name, public, authority, entropy(16), utc_now())
    node.act(OWNER, lambda act: certify_device(act, issued)).result(10)
    return issued


@pytest.fixture
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Node]:
    more = getattr(request, "param", {})
    settings = Settings(data_directory=tmp_path / "node", **more)
    create(settings, entropy)
    with Node.open(settings, clock=utc_now, entropy=entropy) as made:
        yield made


@dataclass
class Direct:
    """A way that ends in the node's intake, and may be broken."""

    node: Node
    broken: bool = False
    sent: list[bytes] = field(default_factory=list)
    heard: list[Word] = field(default_factory=list)

    def connect(self) -> None:
        if self.broken:
            raise ConnectionError

    def send(self, message: bytes) -> None:
        self.connect()
        self.sent.append(message)
        future = self.node.telemetry.submit(Incoming("reefer-1", message, "signed", utc_now()))
        try:
            receipt = future.result(10)
            self.heard.append(Committed(receipt.boot_id, receipt.committed_seq))
        except ClearwayError as error:
            self.heard.append(Refused(sha256(message).hexdigest(), error.detail, again=False))

    def words(self) -> Sequence[Word]:
        self.connect()
        found, self.heard = self.heard, []
        return found

    def close(self) -> None:
        pass


def bench(link: Any, folder: Path) -> Bench:
    return Bench("reefer-1", HERE, KEY, folder / "device.db", link, time.monotonic)


def on_record(node: Node) -> int:
    with node.reading() as connection:
        return len(tables.get_readings(connection, HERE))


def broken(node: Node) -> list[str]:
    with node.reading() as connection:
        return [one.type for one in facts(connection) if one.type.endswith("chain_broken/1")]


def test_everything_that_was_sealed_arrives_whatever_happens(node: Node, tmp_path: Path) -> None:
    enrol(node)
    made = bench(Direct(node), tmp_path)
    plan = Plan(offline=(60, 130), cuts=(77, 200), drift_s_per_day=4.0, ahead_s=30.0)
    report = made.run(plan, START)
    made.close()
    assert (report.measured, report.starts, report.waiting) == (288, 3, 0)
    assert report.lost == 77 % 12 + (200 - 77) % 12
    assert (report.refused, report.aside) == ([], [])
    assert on_record(node) == 288 - report.lost
    assert broken(node) == []
    with node.reading() as connection:
        assert links.list_gaps(connection, utc_now()) == []
        found = clock.estimate(links.list_stamps(connection, "reefer-1"))
    assert found is not None and found.stamps > 10


def test_a_batch_is_sent_again_byte_for_byte_until_its_mark_comes(
    node: Node, tmp_path: Path
) -> None:
    enrol(node)
    link = Direct(node)
    journal = Journal(tmp_path / "device.db")
    device = Device("reefer-1", HERE, KEY, journal)
    courier = Courier(device, link, lambda: 1.0)
    device.measure(START, supply_c=1.0)
    device.seal()
    courier.turn(100.0)
    link.heard.clear()  # the answer is lost on the way
    courier.turn(110.0)
    assert (len(link.sent), journal.count()) == (1, 1)
    courier.turn(121.0)
    courier.turn(122.0)
    assert link.sent[0] == link.sent[1]
    assert journal.count() == 0
    journal.close()


def test_whoever_is_not_heard_waits_longer_and_never_gives_up(tmp_path: Path, node: Node) -> None:
    link = Direct(node, broken=True)
    journal = Journal(tmp_path / "device.db")
    courier = Courier(Device("reefer-1", HERE, KEY, journal), link, lambda: 1.0)
    tries, now = [], 0.0
    link.connect = lambda: tries.append(now) or _refuse()  # type: ignore[func-returns-value,method-assign]
    while now < 3_000.0:
        courier.turn(now)
        now += 1.0
    gaps = [b - a for a, b in pairwise(tries)]
    assert gaps[:4] == [1.0, 2.0, 4.0, 8.0]
    assert gaps[-1] == 300.0
    journal.close()


def _refuse() -> None:
    raise ConnectionError


def test_what_is_refused_is_put_aside_and_the_device_goes_on(node: Node, tmp_path: Path) -> None:
    enrol(node)
    link = Direct(node)
    journal = Journal(tmp_path / "device.db")
    device = Device("reefer-1", HERE, KEY, journal)
    courier = Courier(device, link, lambda: 1.0)
    device.measure(START - timedelta(days=900), supply_c=1.0)
    device.seal()
    for now in (0.0, 1.0):
        courier.turn(now)
    assert "days old" in courier.heard[0].detail
    assert [one[:2] for one in journal.aside()] == [("b1", 0)]
    assert device.boot_id == "b2"
    device.measure(START, supply_c=1.0)
    device.seal()
    for now in (2.0, 3.0):
        courier.turn(now)
    assert (journal.count(), on_record(node)) == (0, 1)
    journal.put_back()
    assert journal.count() == 1
    journal.close()


def test_a_journal_remembers_over_a_power_cut(tmp_path: Path) -> None:
    path = tmp_path / "device.db"
    previous = []
    for _ in range(3):
        journal = Journal(path)
        device = Device("reefer-1", HERE, KEY, journal)
        for second in range(120):
            device.measure(START + timedelta(seconds=second), supply_c=1.0)
        previous.append(journal.previous)
        assert device.unsealed == 20
        journal.close()
    journal = Journal(path)
    assert journal.count() == 6
    assert {one.boot_id for one in journal.waiting(100)} == {"b1"}
    assert len(set(previous)) == 3
    journal.close()


EMBEDDED = {"broker": "embedded", "broker_port": 0}


@pytest.mark.parametrize("node", [EMBEDDED], indirect=True)
def test_it_speaks_mqtt_under_mutual_tls_with_a_real_broker(node: Node, tmp_path: Path) -> None:
    issued = enrol(node)
    (tmp_path / "device.crt").write_text(issued.pem)
    (tmp_path / "device.key").write_bytes(certificates.private_pem(KEY))
    try:
        serving = devices_served(node)
        intake = serving.__enter__()
    except InputError as error:
        pytest.skip(error.detail)
    try:
        assert intake is not None and intake.server is not None
        authority = device_authority.authority_certificate(node.folder)
        files = authority, tmp_path / "device.crt", tmp_path / "device.key"
        link = MqttLink("reefer-1", ("localhost", intake.server.port), *files)
        made = bench(link, tmp_path)
        report = made.run(Plan(offline=(20, 130), cuts=(150,)), START)
        assert (report.waiting, report.refused) == (0, [])
        assert on_record(node) == 288 - report.lost
        word = made.attack(Tampering.BIT)
        assert isinstance(word, Refused) and not word.again
        assert broken(node) == []
        assert not isinstance(made.attack(Tampering.REWRITE), Refused)
        assert len(broken(node)) == 1
        assert on_record(node) == 288 - report.lost
        made.close()
    finally:
        serving.__exit__(None, None, None)
