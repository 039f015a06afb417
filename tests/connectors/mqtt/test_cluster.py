"""Three nats-servers on the loopback: any one is killed under load, and no message is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.connectors.mqtt import link, topics
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.formats import nats
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import Bounds
from clearway.connectors.mqtt.servers import NatsServer, free_port
from clearway.errors import InputError

from .conftest import DEVICES, Device, Pki, Records, until

Files = dict[str, tuple[Path, Path]]
SERVERS = 3


@pytest.fixture
def cluster(tmp_path: Path, pki: Pki) -> Iterator[list[NatsServer]]:
    """Three servers that hold each message together."""
    certificate, key = pki.server()
    routes = tuple(("127.0.0.1", free_port()) for _ in range(SERVERS))
    servers = []
    for i, (host, port) in enumerate(routes):
        member = nats.Cluster("clearway", host, port, routes, pki.ca, certificate, key)
        broker = nats.Broker(
            f"n{i}",
            "127.0.0.1",
            free_port(),
            free_port(),
            tmp_path / f"n{i}",
            pki.ca,
            certificate,
            key,
            replicas=SERVERS,
            redeliver_s=2,
            cluster=member,
        )
        try:
            servers.append(NatsServer(broker, DEVICES))
        except InputError as error:
            pytest.skip(error.detail)
    with ExitStack() as running:
        for server in servers:
            running.callback(server.stop)
            server.start(wait=False)
        for server in servers:
            server.require_up()
        yield servers


class Sender:
    """A device that sends numbers, one after the other was acknowledged, to whoever listens."""

    def __init__(self, ports: list[int], pki: Pki, files: Files) -> None:
        self._ports, self._pki, self._files = ports, pki, files
        self.acknowledged: list[int] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sender:
        return self

    def start(self) -> None:
        """Begin; before anybody subscribed, nats-server acknowledges and keeps nothing."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        turn = 0
        while not self.ended.is_set():
            turn += 1
            try:
                device = Device(
                    "reefer-1",
                    self._ports[turn % len(self._ports)],
                    self._files["reefer-1"],
                    self._pki.ca,
                    version=4,
                )
            except OSError:
                continue
            try:
                self._send(device)
            except AssertionError:
                continue  # no answer: another server is asked, the same number sent again
            finally:
                device.close()

    def _send(self, device: Device) -> None:
        until(lambda: device.connected or device.lost, 3)
        while not self.ended.is_set() and not device.lost:
            number = len(self.acknowledged)
            message = device.publish(b"%d" % number)
            until(lambda sent=message: sent in device.acked or device.lost, 3)
            if message in device.acked:
                self.acknowledged.append(number)


@pytest.mark.slow
def test_any_one_server_is_killed_and_nothing_acknowledged_is_lost(
    cluster: list[NatsServer], pki: Pki, files: Files
) -> None:
    sink = Records()
    ports = [server.port for server in cluster]
    consumer = Consumer(
        [Address("127.0.0.1", port, "localhost") for port in ports],
        link.context(pki.ca, *files[topics.CONSUMER]),
        sink,
        client_id="consumer-7f3a",
        version=4,
        clock=lambda: datetime.now(UTC),
        draw=lambda: 0.5,
        bounds=Bounds(first_wait_s=0.05, longest_wait_s=0.5),
    )
    with consumer, Sender(ports, pki, files) as sender:
        assert consumer.wait_ready(40)
        sender.start()
        for victim in cluster:
            goal = len(sender.acknowledged) + 100
            until(lambda more=goal: len(sender.acknowledged) >= more, 60)
            victim.kill()
            goal = len(sender.acknowledged) + 100
            until(lambda more=goal: len(sender.acknowledged) >= more, 60)
            victim.start()
        sender.ended.set()
        wanted = {b"%d" % number for number in sender.acknowledged}
        until(lambda: wanted <= set(sink.payloads), 30)
    assert len(wanted) >= 2 * 100 * SERVERS
